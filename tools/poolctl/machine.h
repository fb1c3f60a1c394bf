/* SPDX-License-Identifier: GPL-2.0 */
/* The machine that figures were measured on. */
#ifndef POOLCTL_MACHINE_H
#define POOLCTL_MACHINE_H

#include <stdbool.h>

/*
 * struct machine - what decides about figures
 * @kernel: release of the kernel
 * @cpu: model of the CPU
 * @hypervisor: name of the hypervisor, "none", or "unknown" where there is no
 *	way to ask
 * @emulated: the CPU is emulated, so that its time means nothing
 * @cpus: CPUs that are online
 * @clocksource: what the clock of the kernel is read from
 * @init_on_alloc: 0 or 1 as on the kernel's command line, -1 if not there
 */
struct machine {
	char kernel[80];
	char cpu[80];
	char hypervisor[16];
	bool emulated;
	unsigned int cpus;
	char clocksource[32];
	int init_on_alloc;
};

void machine_read(struct machine *machine);

#endif /* POOLCTL_MACHINE_H */
