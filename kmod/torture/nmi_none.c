// SPDX-License-Identifier: GPL-2.0
/*
 * There are no NMIs on this architecture.
 */

#include "run.h"

int nmi_start(const struct rig_workload *workload)
{
	return 0;
}

void nmi_stop(void)
{
}
