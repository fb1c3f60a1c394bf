// SPDX-License-Identifier: GPL-2.0
/*
 * Steps in NMIs. Who sends them is somebody else: a hypervisor, a button, a
 * management controller. While this module is loaded, NMIs that nobody else knows
 * are taken for its own.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include <asm/nmi.h>

#include "rig.h"
#include "run.h"

static const struct rig_workload *nmi_workload;

/* An NMI does not interrupt another one, so each CPU is an actor. */
static int nmi_handler(unsigned int type, struct pt_regs *regs)
{
	const struct rig_workload *workload = READ_ONCE(nmi_workload);

	if (workload && !rig_must_stop())
		workload->step(rig_actor(RIG_NMI, raw_smp_processor_id()));
	return NMI_HANDLED;
}

int nmi_init(void)
{
	return register_nmi_handler(NMI_UNKNOWN, nmi_handler, 0, KBUILD_MODNAME);
}

void nmi_exit(void)
{
	unregister_nmi_handler(NMI_UNKNOWN, KBUILD_MODNAME);
}

void nmi_start(const struct rig_workload *workload)
{
	if (workload->alone)
		return;
	/* Objects and actors come first: pairs with the READ_ONCE() above. */
	smp_store_release(&nmi_workload, workload);
}

void nmi_stop(void)
{
	WRITE_ONCE(nmi_workload, NULL);
	/* Handlers are read-side sections. */
	synchronize_rcu();
}
