/* SPDX-License-Identifier: GPL-2.0 */
/* What stands in the way of using the module. */
#ifndef POOLCTL_DOCTOR_H
#define POOLCTL_DOCTOR_H

/* All of it, to checks.h. */
void doctor_look(void);

#endif /* POOLCTL_DOCTOR_H */
