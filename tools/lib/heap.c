// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Heaps: any size, for one process, from a fixed number of bytes.
 *
 * A pool for each class of sizes, so that the caches of threads, their end, and the finding of
 * double frees are those of pools and no system call is made but for half a cache at a time;
 * and an arena for what is larger, cut into runs. An ioctl per allocation would give the kernel's
 * heap, but cost more than all the rest.
 *
 * All pools lie in one range of addresses, a window of a power of two for each: so the class of a
 * block is in its address, and no block needs a header, which others might change.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

/* 16 to 128 bytes in steps of 16, then four for each doubling. */
#define CLASSES		24
#define LINEAR		8
#define GRAIN		16
#define SMALL_MAX	2048

/* A class that has no block left borrows from so many larger ones, up to twice the size. */
#define BORROW		4

#define HEAP_BYTES_MIN	(256UL << 10)
#define HEAP_BYTES_MAX	(1UL << 36)

/**
 * struct mpdemo_heap - a heap
 * @base: where the windows are
 * @window_shift: the length of each
 * @pools: of each class
 * @runs: large sizes
 * @arena: their memory
 * @bytes: of all together
 * @dev: to make all that again in a child
 */
struct mpdemo_heap {
	char *base;
	unsigned int window_shift;
	struct mpdemo_pool *pools[CLASSES];
	struct runs *runs;
	struct mpdemo_arena *arena;
	size_t bytes;
	int dev;
};

/* 1 to SMALL_MAX bytes */
static unsigned int class_of(size_t bytes)
{
	unsigned int shift;

	if (bytes <= LINEAR * GRAIN)
		return (bytes - 1) / GRAIN;
	shift = 61 - __builtin_clzl(bytes - 1);
	return LINEAR + (shift - 5) * 4 + ((bytes - 1) >> shift) - 4;
}

static size_t class_bytes(unsigned int class)
{
	if (class < LINEAR)
		return (class + 1) * GRAIN;
	class -= LINEAR;
	return (size_t)(class % 4 + 5) << (class / 4 + 5);
}

static size_t windows_bytes(const struct mpdemo_heap *heap)
{
	return (size_t)CLASSES << heap->window_shift;
}

/* The class whose block this may be, or CLASSES: it is not small. */
static unsigned int class_of_block(const struct mpdemo_heap *heap, const void *p)
{
	size_t window = ((size_t)p - (size_t)heap->base) >> heap->window_shift;

	return window < CLASSES ? window : CLASSES;
}

/* Threads do not have more than a fraction of a class in their caches. */
static unsigned int cache_size(size_t blocks)
{
	size_t share = blocks / 16;

	return share < MPDEMO_CACHE_DEFAULT ? share : MPDEMO_CACHE_DEFAULT;
}

static int begin_class(struct mpdemo_heap *heap, unsigned int class, size_t share)
{
	size_t bytes = class_bytes(class);

	heap->pools[class] = pool_create_at(heap->dev, bytes, share / bytes, GRAIN,
					    heap->base + ((size_t)class << heap->window_shift));
	if (!heap->pools[class])
		return -errno;
	return mpdemo_pool_set_cache(heap->pools[class], cache_size(share / bytes));
}

static int begin_large(struct mpdemo_heap *heap, size_t bytes)
{
	char *base;

	heap->arena = mpdemo_arena_create(heap->dev, bytes);
	if (!heap->arena)
		return -errno;
	base = mpdemo_arena_alloc(heap->arena, bytes, 4096);
	if (!base)
		return -errno;
	heap->runs = runs_create(base, bytes);
	return heap->runs ? 0 : -errno;
}

/* Also of what begin() did not finish. In a child only what is there. */
static void end(struct mpdemo_heap *heap)
{
	bool child = heap->runs && !runs_alive(heap->runs);
	unsigned int class;

	for (class = 0; class < CLASSES; class++) {
		mpdemo_pool_close(heap->pools[class]);
		heap->pools[class] = NULL;
	}
	mpdemo_arena_close(heap->arena);
	heap->arena = NULL;
	if (heap->runs)
		runs_destroy(heap->runs);
	heap->runs = NULL;
	/* In a child there may be something else between the windows meanwhile. */
	if (heap->base && !child)
		munmap(heap->base, windows_bytes(heap));
	heap->base = NULL;
}

static int begin(struct mpdemo_heap *heap)
{
	size_t share = heap->bytes / 2 / CLASSES;
	unsigned int class;
	void *base;
	int ret;

	heap->window_shift = 64 - __builtin_clzl(share | 4095);
	base = mmap(NULL, windows_bytes(heap), PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	heap->base = base;
	ret = begin_large(heap, heap->bytes / 2 & ~4095UL);
	for (class = 0; !ret && class < CLASSES; class++)
		ret = begin_class(heap, class, share);
	if (ret)
		end(heap);
	return ret;
}

API struct mpdemo_heap *mpdemo_heap_create(int dev, size_t bytes)
{
	struct mpdemo_heap *heap;
	int ret;

	if (bytes < HEAP_BYTES_MIN || bytes > HEAP_BYTES_MAX)
		return null_errno(ERANGE);
	heap = calloc(1, sizeof(*heap));
	if (!heap)
		return NULL;
	heap->bytes = bytes;
	heap->dev = fcntl(dev, F_DUPFD_CLOEXEC, 0);
	if (heap->dev < 0) {
		ret = -errno;
		goto free_heap;
	}
	ret = begin(heap);
	if (ret)
		goto close_dev;
	return heap;

close_dev:
	close(heap->dev);
free_heap:
	free(heap);
	return null_errno(ret);
}

API void mpdemo_heap_close(struct mpdemo_heap *heap)
{
	if (!heap)
		return;
	end(heap);
	close(heap->dev);
	free(heap);
}

API int mpdemo_heap_reopen(struct mpdemo_heap *heap)
{
	if (heap->runs && runs_alive(heap->runs))
		return 0;
	end(heap);
	return begin(heap);
}

/* The cache of its class is empty, or it is too large for any. */
static void *alloc_slow(struct mpdemo_heap *heap, size_t bytes)
{
	unsigned int class, end;
	void *p = NULL;

	if (!heap->runs)
		return null_errno(EOWNERDEAD);
	if (bytes <= SMALL_MAX) {
		class = class_of(bytes);
		end = class + BORROW < CLASSES ? class + BORROW : CLASSES - 1;
		while (!p && class <= end)
			p = mpdemo_pool_alloc(heap->pools[class++]);
	}
	return p ? p : runs_alloc(heap->runs, bytes);
}

API void *mpdemo_heap_alloc(struct mpdemo_heap *heap, size_t bytes)
{
	struct mpdemo_cache *cache;

	bytes += !bytes;
	if (unlikely(bytes > SMALL_MAX || !heap->runs))
		return alloc_slow(heap, bytes);
	cache = cache_if_any(heap->pools[class_of(bytes)]);
	if (unlikely(!cache || !cache->count))
		return alloc_slow(heap, bytes);
	return mpdemo_cache_blocks(cache)[--cache->count];
}

API int mpdemo_heap_free(struct mpdemo_heap *heap, void *p)
{
	struct mpdemo_cache *cache;
	struct mpdemo_pool *pool;
	unsigned int class;

	if (!p)
		return 0;
	if (unlikely(!heap->runs))
		return -EOWNERDEAD;
	class = class_of_block(heap, p);
	if (class == CLASSES)
		return runs_free(heap->runs, p);
	pool = heap->pools[class];
	cache = cache_if_any(pool);
	return cache ? mpdemo_cache_free(cache, p) : mpdemo_pool_free(pool, p);
}

API size_t mpdemo_heap_usable(struct mpdemo_heap *heap, const void *p)
{
	unsigned int class;

	if (!p || !heap->runs)
		return 0;
	class = class_of_block(heap, p);
	if (class >= CLASSES)
		return runs_bytes(heap->runs, p);
	return block_is_out(heap->pools[class], p) ? class_bytes(class) : 0;
}

API size_t mpdemo_heap_roundup(size_t bytes)
{
	if (bytes > SMALL_MAX)
		return (bytes + 1023) & ~(size_t)1023;
	return class_bytes(class_of(bytes + !bytes));
}

/* Whether the block serves for the new size without being moved. */
static bool fits_in_place(struct mpdemo_heap *heap, void *p, size_t usable, size_t bytes)
{
	unsigned int class = class_of_block(heap, p);

	if (class < CLASSES)
		return bytes <= usable && class_of(bytes) == class;
	return bytes > SMALL_MAX && runs_resize(heap->runs, p, bytes);
}

API void *mpdemo_heap_realloc(struct mpdemo_heap *heap, void *p, size_t old_bytes, size_t bytes)
{
	size_t usable;
	void *new;

	if (!p)
		return bytes ? mpdemo_heap_alloc(heap, bytes) : NULL;
	if (!bytes) {
		mpdemo_heap_free(heap, p);
		return NULL;
	}
	if (!heap->runs || !runs_alive(heap->runs))
		return null_errno(EOWNERDEAD);
	usable = mpdemo_heap_usable(heap, p);
	if (!usable)
		return null_errno(EINVAL);
	if (fits_in_place(heap, p, usable, bytes))
		return p;
	new = mpdemo_heap_alloc(heap, bytes);
	if (!new)
		return bytes <= usable ? p : NULL;
	/* Whoever has got the old size wrong does not make us read what is not there. */
	if (old_bytes > usable)
		old_bytes = usable;
	memcpy(new, p, old_bytes < bytes ? old_bytes : bytes);
	mpdemo_heap_free(heap, p);
	return new;
}

API void *mpdemo_heap_hook(void *heap, void *p, size_t old_bytes, size_t bytes)
{
	return mpdemo_heap_realloc(heap, p, old_bytes, bytes);
}
