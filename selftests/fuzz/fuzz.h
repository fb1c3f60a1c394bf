/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer with a model: a program is a list of ops, each of which is run as a call and
 * by the model, which says what the call must return and what the counters are then.
 */
#ifndef MPDEMO_FUZZ_H
#define MPDEMO_FUZZ_H

#include <stdbool.h>
#include <linux/types.h>

#define OPS_MAX		48

/*
 * All bytes of all ops mean something, so that any change of a program is a program.
 */
struct op {
	__u8 call;		/* entry of the table, modulo its length */
	__u8 slot;		/* open file that it is about */
	__u8 how;		/* in what way the pointer and the size are bad, if so */
	__u8 a[5];
};

struct program {
	unsigned int nr;
	struct op op[OPS_MAX];
};

/* model.c, model_state.c */
extern const char *model_error;		/* what was wrong; NULL: nothing */
extern unsigned long model_calls;
unsigned int model_weights(void);
bool model_init(int dev);
bool model_run(const struct program *p, bool trace);

/* chaos.c */
bool chaos_run(int dev, unsigned int seed, unsigned int msecs);

#endif /* MPDEMO_FUZZ_H */
