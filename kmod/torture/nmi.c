// SPDX-License-Identifier: GPL-2.0
/*
 * Steps in NMIs. Who sends them is somebody else: a hypervisor, a button, a
 * management controller. While a run is on, NMIs that nobody else knows are taken
 * for its own; at all other times they are what they are without this module, a
 * sign that something is wrong with the machine.
 */

#include <linux/module.h>
#include <linux/smp.h>

#include <asm/nmi.h>

#include "rig.h"
#include "run.h"

/* Constant while the handler is there. */
static const struct rig_workload *nmi_workload;

/* An NMI does not interrupt another one, so each CPU is an actor. */
static int nmi_handler(unsigned int type, struct pt_regs *regs)
{
	/* One that is made alone gets NMIs as well, and has no steps in them. */
	if (!nmi_workload->alone && !rig_must_stop())
		nmi_workload->step(rig_actor(RIG_NMI, raw_smp_processor_id()));
	return NMI_HANDLED;
}

/**
 * nmi_start() - let steps be made in NMIs
 * @workload: the workload, whose objects are there
 *
 * Context: Task context, may sleep.
 * Return: 0, and then nmi_stop() has to follow, or a negative errno.
 */
int nmi_start(const struct rig_workload *workload)
{
	nmi_workload = workload;
	/* To be found by NMIs of other CPUs, it publishes what comes before. */
	return register_nmi_handler(NMI_UNKNOWN, nmi_handler, 0, KBUILD_MODNAME);
}

/* No step is made any more when this returns: it waits for handlers. */
void nmi_stop(void)
{
	unregister_nmi_handler(NMI_UNKNOWN, KBUILD_MODNAME);
}
