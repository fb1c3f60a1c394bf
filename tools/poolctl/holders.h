/* SPDX-License-Identifier: GPL-2.0 */
/* Who holds blocks. */
#ifndef POOLCTL_HOLDERS_H
#define POOLCTL_HOLDERS_H

/* Print who holds blocks of a pool of kernel code, by its name or id; returns an exit status. */
int holders_of_kernel(const char *name);

#endif /* POOLCTL_HOLDERS_H */
