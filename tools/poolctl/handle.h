/* SPDX-License-Identifier: GPL-2.0 */
/* Handles of blocks, as people and scripts see them: INDEX.GENERATION */
#ifndef POOLCTL_HANDLE_H
#define POOLCTL_HANDLE_H

#include <stdint.h>

#define HANDLE_TEXT	24	/* two numbers of ten digits, '.', NUL */

/* NULL, or what is wrong with the text. */
const char *handle_parse(const char *text, uint64_t *handle);

const char *handle_format(uint64_t handle, char out[HANDLE_TEXT]);

#endif /* POOLCTL_HANDLE_H */
