/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is not there ends the program: nothing can be done about it. */
#ifndef POOLCTL_MEMORY_H
#define POOLCTL_MEMORY_H

/* Returns @memory; ends the program where it is NULL. */
void *needed(void *memory);

#endif /* POOLCTL_MEMORY_H */
