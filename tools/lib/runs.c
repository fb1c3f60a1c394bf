// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Large sizes of a heap: runs of units of a mapped arena.
 *
 * Next fit: the search begins where the last one ended, and merges the free runs that it
 * passes. All that is known of the runs is an array beside the memory.
 */
#include "lib.h"

#define UNIT	1024

/*
 * @lock: for @rover and @runs
 * @alive: not wiped in a child
 * @rover: where to search first; the head of a run
 * @map_bytes: of this struct
 * @runs: of each unit that is the head of a run: twice its length in units, plus 1
 *	if it is in use; of all others 0
 */
struct runs {
	_Atomic uint32_t lock;
	bool alive;
	uint32_t units, rover;
	size_t map_bytes;
	char *base;
	uint32_t runs[];
};

/* NULL with errno. */
struct runs *runs_create(char *base, size_t bytes)
{
	uint32_t units = bytes / UNIT;
	size_t map_bytes = sizeof(struct runs) + units * sizeof(uint32_t);
	struct runs *runs = wiped_alloc(map_bytes);

	if (!runs)
		return NULL;
	runs->alive = true;
	runs->units = units;
	runs->map_bytes = map_bytes;
	runs->base = base;
	runs->runs[0] = units * 2;
	return runs;
}

void runs_destroy(struct runs *runs)
{
	wiped_free(runs, runs->map_bytes);
}

bool runs_alive(const struct runs *runs)
{
	return runs->alive;
}

static uint32_t units_of(size_t bytes)
{
	return (bytes + UNIT - 1) / UNIT;
}

static bool is_free(const struct runs *runs, uint32_t head)
{
	return !(runs->runs[head] & 1);
}

static uint32_t length(const struct runs *runs, uint32_t head)
{
	return runs->runs[head] / 2;
}

/* The free run at @head swallows those behind it that are free. */
static void merge(struct runs *runs, uint32_t head)
{
	uint32_t next;

	while ((next = head + length(runs, head)) < runs->units && is_free(runs, next)) {
		runs->runs[head] += runs->runs[next];
		runs->runs[next] = 0;
		if (runs->rover == next)
			runs->rover = head;
	}
}

/* The run at @head is in use from here on, with @units; what it has more is free. */
static void use(struct runs *runs, uint32_t head, uint32_t units)
{
	uint32_t rest = length(runs, head) - units;

	if (rest)
		runs->runs[head + units] = rest * 2;
	runs->runs[head] = units * 2 + 1;
}

/* The head of a free run of @units in [from, to), or to or more. */
static uint32_t search(struct runs *runs, uint32_t from, uint32_t to, uint32_t units)
{
	while (from < to) {
		if (is_free(runs, from)) {
			merge(runs, from);
			if (length(runs, from) >= units)
				return from;
		}
		from += length(runs, from);
	}
	return runs->units;
}

void *runs_alloc(struct runs *runs, size_t bytes)
{
	uint32_t units, head;

	if (!runs->alive)
		return null_errno(EOWNERDEAD);
	/* Before it is rounded up, which may overflow. */
	if (bytes > (size_t)runs->units * UNIT)
		return null_errno(ENOSPC);
	units = units_of(bytes);
	word_lock(&runs->lock);
	head = search(runs, runs->rover, runs->units, units);
	if (head == runs->units)
		head = search(runs, 0, runs->rover, units);
	if (head != runs->units) {
		use(runs, head, units);
		runs->rover = head + units < runs->units ? head + units : 0;
	}
	word_unlock(&runs->lock);
	return head != runs->units ? runs->base + (size_t)head * UNIT : null_errno(EAGAIN);
}

/* Under the lock. Return: the head, or -errno. */
static int64_t head_of(const struct runs *runs, const void *p)
{
	size_t offset = (const char *)p - runs->base;

	if (offset / UNIT >= runs->units || offset % UNIT || !runs->runs[offset / UNIT])
		return -EINVAL;
	return is_free(runs, offset / UNIT) ? -EALREADY : (int64_t)(offset / UNIT);
}

int runs_free(struct runs *runs, const void *p)
{
	int64_t head;

	if (!runs->alive)
		return -EOWNERDEAD;
	word_lock(&runs->lock);
	head = head_of(runs, p);
	if (head >= 0)
		runs->runs[head]--;
	word_unlock(&runs->lock);
	return head < 0 ? head : 0;
}

/* Usable bytes; 0: @p is none of ours. */
size_t runs_bytes(struct runs *runs, const void *p)
{
	int64_t head;
	size_t bytes;

	if (!runs->alive)
		return 0;
	word_lock(&runs->lock);
	head = head_of(runs, p);
	bytes = head < 0 ? 0 : (size_t)length(runs, head) * UNIT;
	word_unlock(&runs->lock);
	return bytes;
}

/* Make a run longer or shorter where it is. */
bool runs_resize(struct runs *runs, const void *p, size_t bytes)
{
	uint32_t units, next;
	bool fits = false;
	int64_t head;

	if (!runs->alive || !bytes || bytes > (size_t)runs->units * UNIT)
		return false;
	units = units_of(bytes);
	word_lock(&runs->lock);
	head = head_of(runs, p);
	if (head < 0)
		goto unlock;
	next = head + length(runs, head);
	if (units > length(runs, head) && next < runs->units && is_free(runs, next)) {
		merge(runs, next);
		if (length(runs, head) + length(runs, next) >= units) {
			runs->runs[head] += runs->runs[next];
			runs->runs[next] = 0;
			if (runs->rover == next)
				runs->rover = head;
		}
	}
	fits = units <= length(runs, head);
	if (fits)
		use(runs, head, units);
unlock:
	word_unlock(&runs->lock);
	return fits;
}
