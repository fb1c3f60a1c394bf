/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the rig share: run.c, a run from begin to end; context.c,
 * who makes steps where; nmi.c, the same for NMIs; report.c, what came of it.
 */
#ifndef _MEMPOOL_DEMO_TORTURE_RUN_H
#define _MEMPOOL_DEMO_TORTURE_RUN_H

#include <linux/types.h>

#include "rig.h"

struct seq_file;

/* What a run came to; in the order in which it gets there. */
enum run_verdict {
	RUN_NONE,
	RUN_RUNNING,
	RUN_PASSED,
	RUN_FAILED,
	RUN_STOPPED,
	RUN_ERROR,
};

/**
 * struct run_status - what is to be told about the newest run
 * @workload: what it did; NULL before the first one
 * @settings: as it was started
 * @verdict: what it came to
 * @error: positive errno where @verdict is RUN_ERROR
 * @msecs: how long it took
 */
struct run_status {
	const struct rig_workload *workload;
	struct rig_settings settings;
	enum run_verdict verdict;
	int error;
	unsigned int msecs;
};

/* report.c */
void report_clear(void);
void report_log(const struct run_status *status);
void report_show(struct seq_file *m, const struct run_status *status);

/* run.c */
void run_get_status(struct run_status *status);

/* context.c */
int contexts_start(const struct rig_workload *workload);
bool contexts_done(void);
void contexts_stop(unsigned int poll_msecs);

/* nmi.c, nmi_none.c */
int nmi_start(const struct rig_workload *workload);
void nmi_stop(void);

#endif /* _MEMPOOL_DEMO_TORTURE_RUN_H */
