/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_LIMITS_H
#define _MPDEMO_LIMITS_H

#include <linux/types.h>

void mpdemo_limits_init(void);
int mpdemo_limits_charge(size_t bytes);
void mpdemo_limits_uncharge(size_t bytes);

#endif /* _MPDEMO_LIMITS_H */
