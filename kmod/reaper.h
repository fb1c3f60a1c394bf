/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_REAPER_H
#define _MPDEMO_REAPER_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

/**
 * struct mpdemo_reap - something that is to be freed in task context
 * @irq_work: the way out of any context
 * @work: the way into task context
 * @fn: frees it, this structure included
 * @wq: where
 */
struct mpdemo_reap {
	struct irq_work irq_work;
	struct work_struct work;
	void (*fn)(struct mpdemo_reap *reap);
	struct workqueue_struct *wq;
};

void mpdemo_reap_init(struct mpdemo_reap *reap,
		      void (*fn)(struct mpdemo_reap *reap));
void mpdemo_reap_init_allocating(struct mpdemo_reap *reap,
				 void (*fn)(struct mpdemo_reap *reap));
void mpdemo_reap(struct mpdemo_reap *reap);
void mpdemo_reap_wait(struct mpdemo_reap *reap);

void mpdemo_reaper_queue(struct delayed_work *work, unsigned long delay);

int mpdemo_reaper_init(void);
void mpdemo_reaper_exit(void);

#endif /* _MPDEMO_REAPER_H */
