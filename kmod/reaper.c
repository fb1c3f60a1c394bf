// SPDX-License-Identifier: GPL-2.0
/*
 * Memory is given back in task context only, but what decides that it can be may
 * happen anywhere: the last free of a dying pool, the reset of an arena. An
 * irq_work is the one way out of an NMI, and a work item the way on from there.
 *
 * What only frees goes on where memory is so short that no worker can be made, and
 * must never wait for memory: reaper_wq has a rescuer. What may allocate, or takes a
 * lock that is held over allocations, would keep the rescuer from the rest, so it has
 * a workqueue of its own: to grow a pool, and to tell others what has happened.
 */

#include <linux/errno.h>
#include <linux/module.h>

#include "reaper.h"

static struct workqueue_struct *reaper_wq;
static struct workqueue_struct *worker_wq;

static void reap_irq_work(struct irq_work *irq_work)
{
	struct mpdemo_reap *reap =
		container_of(irq_work, struct mpdemo_reap, irq_work);

	/* One that is queued already has a reference of its own. */
	if (!queue_work(reap->wq, &reap->work))
		module_put(THIS_MODULE);
}

static void reap_work(struct work_struct *work)
{
	struct mpdemo_reap *reap = container_of(work, struct mpdemo_reap, work);

	/* reap_irq_work() may not have returned yet, on another CPU. */
	irq_work_sync(&reap->irq_work);
	reap->fn(reap);
	/* Pairs with __module_get() in mpdemo_reap(). */
	module_put(THIS_MODULE);
}

static void init(struct mpdemo_reap *reap, void (*fn)(struct mpdemo_reap *reap),
		 struct workqueue_struct *wq)
{
	/*
	 * Not in a thread on PREEMPT_RT: it does little, and irq_work_sync()
	 * would have to wait for a grace period.
	 */
	reap->irq_work = IRQ_WORK_INIT_HARD(reap_irq_work);
	INIT_WORK(&reap->work, reap_work);
	reap->fn = fn;
	reap->wq = wq;
}

/**
 * mpdemo_reap_init() - prepare something to be freed from any context
 * @reap: a member of it
 * @fn: frees it; may sleep, but neither allocate nor take a lock that is held by who
 *	does
 *
 * Context: Any.
 */
void mpdemo_reap_init(struct mpdemo_reap *reap,
		      void (*fn)(struct mpdemo_reap *reap))
{
	init(reap, fn, reaper_wq);
}

/**
 * mpdemo_reap_init_allocating() - prepare something else to be done from any context
 * @reap: a member of what it is done with
 * @fn: does it; may sleep and allocate
 *
 * Context: Any.
 */
void mpdemo_reap_init_allocating(struct mpdemo_reap *reap,
				 void (*fn)(struct mpdemo_reap *reap))
{
	init(reap, fn, worker_wq);
}

/**
 * mpdemo_reap() - have it freed soon
 * @reap: a member of it
 *
 * The module cannot be unloaded until then. Where this may be called again,
 * because what it frees is not @reap itself, mpdemo_reap_wait() must come after the
 * last time.
 *
 * Context: Any, NMI included.
 */
void mpdemo_reap(struct mpdemo_reap *reap)
{
	/* Somebody called us, so the module is alive. */
	__module_get(THIS_MODULE);
	if (!irq_work_queue(&reap->irq_work))
		module_put(THIS_MODULE);
}

/**
 * mpdemo_reap_wait() - wait for what mpdemo_reap() has begun
 * @reap: what may be called again
 *
 * Context: Task context, may sleep.
 */
void mpdemo_reap_wait(struct mpdemo_reap *reap)
{
	irq_work_sync(&reap->irq_work);
	flush_work(&reap->work);
}

/**
 * mpdemo_reaper_queue() - have work done that is not to free something
 * @work: the work, which may allocate, and whose owner cancels it before it ends
 * @delay: in jiffies: not before, unless it is queued already; 0: now, in any case
 *
 * Context: Any but NMI.
 */
void mpdemo_reaper_queue(struct delayed_work *work, unsigned long delay)
{
	if (delay)
		queue_delayed_work(worker_wq, work, delay);
	else
		mod_delayed_work(worker_wq, work, 0);
}

int mpdemo_reaper_init(void)
{
	reaper_wq = alloc_workqueue(KBUILD_MODNAME,
				    WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!reaper_wq)
		return -ENOMEM;
	worker_wq = alloc_workqueue(KBUILD_MODNAME "_worker", WQ_UNBOUND, 0);
	if (worker_wq)
		return 0;
	destroy_workqueue(reaper_wq);
	return -ENOMEM;
}

void mpdemo_reaper_exit(void)
{
	/* Wait for those that have put the module just now. A kick may end a pool. */
	destroy_workqueue(worker_wq);
	destroy_workqueue(reaper_wq);
}
