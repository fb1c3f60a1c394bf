/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * SQLite on a heap. To be included, behind <sqlite3.h>, by one file of a program.
 *
 *	mpdemo_sqlite_use(heap);	before sqlite3_initialize() and any other call
 *
 * SQLite passes no context, so there is one heap. It must last until sqlite3_shutdown().
 * (Lua needs no adapter: lua_newstate(mpdemo_heap_hook, heap).)
 */
#ifndef MPDEMO_SQLITE_H
#define MPDEMO_SQLITE_H

#include <mpdemo.h>

static struct mpdemo_heap *mpdemo_sqlite_heap;

static inline void *mpdemo_sqlite_malloc(int bytes)
{
	return mpdemo_heap_alloc(mpdemo_sqlite_heap, bytes);
}

static inline void mpdemo_sqlite_free(void *p)
{
	mpdemo_heap_free(mpdemo_sqlite_heap, p);
}

static inline void *mpdemo_sqlite_realloc(void *p, int bytes)
{
	return mpdemo_heap_realloc(mpdemo_sqlite_heap, p, SIZE_MAX, bytes);
}

static inline int mpdemo_sqlite_size(void *p)
{
	return mpdemo_heap_usable(mpdemo_sqlite_heap, p);
}

static inline int mpdemo_sqlite_roundup(int bytes)
{
	return mpdemo_heap_roundup(bytes);
}

static inline int mpdemo_sqlite_init(void *data)
{
	(void)data;
	return mpdemo_sqlite_heap ? SQLITE_OK : SQLITE_NOMEM;
}

static inline void mpdemo_sqlite_shutdown(void *data)
{
	(void)data;
}

/**
 * mpdemo_sqlite_use() - let SQLite take its memory from a heap
 * @heap: the heap
 *
 * Return: of sqlite3_config(): SQLITE_OK, or SQLITE_MISUSE: it has begun already.
 */
static inline int mpdemo_sqlite_use(struct mpdemo_heap *heap)
{
	static const struct sqlite3_mem_methods methods = {
		mpdemo_sqlite_malloc, mpdemo_sqlite_free, mpdemo_sqlite_realloc, mpdemo_sqlite_size,
		mpdemo_sqlite_roundup, mpdemo_sqlite_init, mpdemo_sqlite_shutdown, 0,
	};

	mpdemo_sqlite_heap = heap;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

#endif /* MPDEMO_SQLITE_H */
