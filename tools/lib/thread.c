// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * The lock, what the library knows of each thread, and the exit of a thread.
 *
 * A thread may exit while a pool is closed by another one: both look through the same
 * caches, under the lock, and who comes second finds them gone.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib.h"

/* Wiped in a child. */
struct process {
	_Atomic uint32_t lock;
	struct mpdemo_pool *pools[MAX_POOLS];	/* by slot; under the lock */
};

static struct process *process;
static pthread_key_t key;
static bool ready;

__thread struct thread *self;

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* A lock whose memory is wiped is free in a child. 0: free, 1: held, 2: held, somebody may wait. */
void word_lock(_Atomic uint32_t *word)
{
	uint32_t seen = 0;

	if (atomic_compare_exchange_strong_explicit(word, &seen, 1, memory_order_acquire,
						    memory_order_relaxed))
		return;
	while (atomic_exchange_explicit(word, 2, memory_order_acquire))
		futex(word, FUTEX_WAIT, 2);
}

void word_unlock(_Atomic uint32_t *word)
{
	if (atomic_exchange_explicit(word, 0, memory_order_release) == 2)
		futex(word, FUTEX_WAKE, 1);
}

void lock(void)
{
	word_lock(&process->lock);
}

void unlock(void)
{
	word_unlock(&process->lock);
}

/* Zeroed memory, which is zeroed again in a child; NULL with errno. */
void *wiped_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (madvise(p, bytes, MADV_WIPEONFORK)) {
		int err = errno;

		munmap(p, bytes);
		return null_errno(err);
	}
	return p;
}

void wiped_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

/* In a child the caches are wiped, and gone. */
static void thread_exit(void *data)
{
	struct thread *thread = data;
	unsigned int i;

	tls_end();
	lock();
	for (i = 0; i < MAX_POOLS; i++) {
		if (thread->caches[i])
			cache_end(process->pools[i], cache_of(thread->caches[i]));
	}
	self = NULL;
	unlock();
	wiped_free(thread, sizeof(*thread));
}

/* When the library is loaded nobody else is there whom a fork could catch half way. */
__attribute__((constructor(101))) static void begin(void)
{
	process = wiped_alloc(sizeof(*process));
	ready = process && !pthread_key_create(&key, thread_exit);
}

/* NULL with errno. In a child the old struct stays, as others may hold addresses in it. */
struct thread *thread_self(void)
{
	struct thread *thread = thread_if_any();

	if (thread)
		return thread;
	if (!ready)
		return null_errno(ENOMEM);
	thread = wiped_alloc(sizeof(*thread));
	if (!thread)
		return NULL;
	if (pthread_setspecific(key, thread)) {
		wiped_free(thread, sizeof(*thread));
		return null_errno(ENOMEM);
	}
	thread->alive = true;
	self = thread;
	return thread;
}

int pool_slot_get(struct mpdemo_pool *pool)
{
	unsigned int i;

	if (!ready)
		return -ENOMEM;
	lock();
	for (i = 0; i < MAX_POOLS && process->pools[i]; i++)
		;
	if (i < MAX_POOLS) {
		process->pools[i] = pool;
		pool->slot = i;
	}
	unlock();
	return i < MAX_POOLS ? 0 : -EUSERS;
}

/* Under the lock. */
void pool_slot_put(struct mpdemo_pool *pool)
{
	process->pools[pool->slot] = NULL;
}
