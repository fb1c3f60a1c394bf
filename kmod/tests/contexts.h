/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_TEST_CONTEXTS_H
#define _MPDEMO_TEST_CONTEXTS_H

#include <kunit/test.h>
#include <linux/kconfig.h>

enum mpdemo_test_context {
	IN_TASK,
	IN_PREEMPT_OFF,
	IN_RAW_LOCK,
	IN_IRQS_OFF,
	IN_SOFTIRQ,
	IN_HARDIRQ,
	MPDEMO_TEST_CONTEXTS,
};

extern const char * const mpdemo_test_context_names[MPDEMO_TEST_CONTEXTS];

typedef void (*mpdemo_test_fn)(void *data);

struct mpdemo_test_hammer;

bool mpdemo_test_run_in(enum mpdemo_test_context context, mpdemo_test_fn fn,
			void *data);
void mpdemo_test_interrupt(mpdemo_test_fn fn, void *data);

void mpdemo_test_pin(struct kunit *test, unsigned int cpu);
void mpdemo_test_run_on(struct kunit *test, unsigned int cpu,
			mpdemo_test_fn fn, void *data);
unsigned int mpdemo_test_run_on_all(struct kunit *test, mpdemo_test_fn fn,
				    void *data);
unsigned int mpdemo_test_other_cpu(struct kunit *test);

struct mpdemo_test_hammer *mpdemo_test_hammer(struct kunit *test,
					      mpdemo_test_fn fn, void *data);
bool mpdemo_test_hammered(const struct mpdemo_test_hammer *hammer);
unsigned int mpdemo_test_hammer_end(struct mpdemo_test_hammer *hammer);

/* How often to do what is repeated, where the kernel is slow. */
static inline unsigned int mpdemo_test_rounds(unsigned int rounds)
{
	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ||
	    IS_ENABLED(CONFIG_UML))
		return rounds / 8;
	return rounds;
}

#endif /* _MPDEMO_TEST_CONTEXTS_H */
