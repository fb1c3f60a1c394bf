/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hrtimer_setup() and its like for a timer on the stack, which came with Linux 6.13
 * and have replaced hrtimer_init() and its like.
 */
#ifndef _MPDEMO_COMPAT_HRTIMER_H
#define _MPDEMO_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *timer),
	      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}

static inline void
hrtimer_setup_on_stack(struct hrtimer *timer,
		       enum hrtimer_restart (*function)(struct hrtimer *timer),
		       clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init_on_stack(timer, clock, mode);
	timer->function = function;
}
#endif

#endif /* _MPDEMO_COMPAT_HRTIMER_H */
