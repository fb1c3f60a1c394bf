/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_LIMITS_H
#define _MPDEMO_LIMITS_H

#include <linux/types.h>

struct mpdemo_refusal;
struct user_struct;

/**
 * struct mpdemo_charge - what one object is accounted for
 * @bytes: its footprint
 * @user: whose locked memory it is, with a reference; NULL: nobody's
 */
struct mpdemo_charge {
	size_t bytes;
	struct user_struct *user;
};

void mpdemo_limits_init(void);
int mpdemo_limits_charge(struct mpdemo_charge *charge, size_t bytes,
			 struct mpdemo_refusal *refusal);
int mpdemo_limits_charge_more(struct mpdemo_charge *charge, size_t bytes,
			      struct mpdemo_refusal *refusal);
void mpdemo_limits_uncharge_some(struct mpdemo_charge *charge, size_t bytes);
void mpdemo_limits_uncharge(const struct mpdemo_charge *charge);

#endif /* _MPDEMO_LIMITS_H */
