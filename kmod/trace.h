/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: /sys/kernel/tracing/events/mempool_demo, see Documentation/tracing.rst.
 *
 * All values are plain: what a filter asks for is a field, and nothing is looked up when
 * an event is read, by when its object may be gone. Each event has the name of its
 * object as @name. @caller is where the call returns to.
 *
 * An allocation is told behind it, and a free ahead of it. So of one block, whatever
 * the CPUs, an allocation never comes ahead of the free that has made it possible.
 *
 * Off, an event is a jump that is a no-op. A fast path begins with it, and leads out of
 * line while it is traced: to where it goes anyway when anything is not as usual, so no
 * argument is kept for the event. There a pool per CPU uses its magazines as ever.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mempool_demo

#if !defined(_MPDEMO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MPDEMO_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>
#include <trace/events/mmflags.h>

#include <mempool_demo/failure.h>

#include "compat/trace.h"

TRACE_DEFINE_ENUM(MPDEMO_FAILURE_EXHAUSTED);
TRACE_DEFINE_ENUM(MPDEMO_FAILURE_TOO_MANY);
TRACE_DEFINE_ENUM(MPDEMO_FAILURE_MAXIMUM);
TRACE_DEFINE_ENUM(MPDEMO_FAILURE_NO_MEMORY);
TRACE_DEFINE_ENUM(MPDEMO_FAILURE_INJECTED);
TRACE_DEFINE_ENUM(MPDEMO_FAILURE_DYING);

#define show_mpdemo_failure(why)					\
	__print_symbolic(why,						\
			 { MPDEMO_FAILURE_EXHAUSTED, "exhausted" },	\
			 { MPDEMO_FAILURE_TOO_MANY, "too-many" },	\
			 { MPDEMO_FAILURE_MAXIMUM, "maximum" },		\
			 { MPDEMO_FAILURE_NO_MEMORY, "no-memory" },	\
			 { MPDEMO_FAILURE_INJECTED, "injected" },	\
			 { MPDEMO_FAILURE_DYING, "dying" })

/* Pools. @index: the number of the block. @bytes: of the block, as it was asked for. */

TRACE_EVENT(mpdemo_pool_alloc,
	TP_PROTO(const char *name, const void *ptr, unsigned int index,
		 size_t bytes, gfp_t gfp, unsigned long caller),
	TP_ARGS(name, ptr, index, bytes, gfp, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(const void *, ptr)
		__field(unsigned int, index)
		__field(size_t, bytes)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->ptr = ptr;
		__entry->index = index;
		__entry->bytes = bytes;
		__entry->gfp_flags = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("name=%s index=%u ptr=%p bytes=%zu gfp_flags=%s caller=%pS",
		  __get_str(name), __entry->index, __entry->ptr, __entry->bytes,
		  show_gfp_flags(__entry->gfp_flags), (void *)__entry->caller)
);

DECLARE_EVENT_CLASS(mpdemo_pool_block,
	TP_PROTO(const char *name, const void *ptr, unsigned int index,
		 size_t bytes, unsigned long caller),
	TP_ARGS(name, ptr, index, bytes, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(const void *, ptr)
		__field(unsigned int, index)
		__field(size_t, bytes)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->ptr = ptr;
		__entry->index = index;
		__entry->bytes = bytes;
		__entry->caller = caller;
	),
	TP_printk("name=%s index=%u ptr=%p bytes=%zu caller=%pS",
		  __get_str(name), __entry->index, __entry->ptr, __entry->bytes,
		  (void *)__entry->caller)
);

/* Not of a free that is refused. */
DEFINE_EVENT(mpdemo_pool_block, mpdemo_pool_free,
	TP_PROTO(const char *name, const void *ptr, unsigned int index,
		 size_t bytes, unsigned long caller),
	TP_ARGS(name, ptr, index, bytes, caller)
);

/* A free that is: @ptr may be anything, and @index then is no block's. */
DEFINE_EVENT(mpdemo_pool_block, mpdemo_pool_refuse,
	TP_PROTO(const char *name, const void *ptr, unsigned int index,
		 size_t bytes, unsigned long caller),
	TP_ARGS(name, ptr, index, bytes, caller)
);

/* A call that did not get the @wanted blocks. */
TRACE_EVENT(mpdemo_pool_fail,
	TP_PROTO(const char *name, unsigned int wanted, size_t bytes,
		 enum mpdemo_failure why, unsigned long caller),
	TP_ARGS(name, wanted, bytes, why, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(unsigned int, wanted)
		__field(size_t, bytes)
		__field(unsigned int, why)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->wanted = wanted;
		__entry->bytes = bytes;
		__entry->why = why;
		__entry->caller = caller;
	),
	TP_printk("name=%s wanted=%u bytes=%zu why=%s caller=%pS",
		  __get_str(name), __entry->wanted, __entry->bytes,
		  show_mpdemo_failure(__entry->why), (void *)__entry->caller)
);

/* @blocks go into or out of the magazine of the CPU that this is on. */
DECLARE_EVENT_CLASS(mpdemo_pool_magazine,
	TP_PROTO(const char *name, unsigned int blocks),
	TP_ARGS(name, blocks),
	TP_STRUCT__entry(
		__string(name, name)
		__field(unsigned int, blocks)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->blocks = blocks;
	),
	TP_printk("name=%s blocks=%u", __get_str(name), __entry->blocks)
);

DEFINE_EVENT(mpdemo_pool_magazine, mpdemo_pool_refill,
	TP_PROTO(const char *name, unsigned int blocks),
	TP_ARGS(name, blocks)
);

DEFINE_EVENT(mpdemo_pool_magazine, mpdemo_pool_flush,
	TP_PROTO(const char *name, unsigned int blocks),
	TP_ARGS(name, blocks)
);

/* A chunk of @blocks blocks has come or gone; there are @present now, of @max. */
DECLARE_EVENT_CLASS(mpdemo_pool_chunk,
	TP_PROTO(const char *name, unsigned int blocks, unsigned int present,
		 unsigned int max),
	TP_ARGS(name, blocks, present, max),
	TP_STRUCT__entry(
		__string(name, name)
		__field(unsigned int, blocks)
		__field(unsigned int, present)
		__field(unsigned int, max)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->blocks = blocks;
		__entry->present = present;
		__entry->max = max;
	),
	TP_printk("name=%s blocks=%u present=%u max=%u", __get_str(name),
		  __entry->blocks, __entry->present, __entry->max)
);

DEFINE_EVENT(mpdemo_pool_chunk, mpdemo_pool_grow,
	TP_PROTO(const char *name, unsigned int blocks, unsigned int present,
		 unsigned int max),
	TP_ARGS(name, blocks, present, max)
);

DEFINE_EVENT(mpdemo_pool_chunk, mpdemo_pool_shrink,
	TP_PROTO(const char *name, unsigned int blocks, unsigned int present,
		 unsigned int max),
	TP_ARGS(name, blocks, present, max)
);

/* Arenas. The name of one that has none is empty. */

TRACE_EVENT(mpdemo_arena_alloc,
	TP_PROTO(const char *name, const void *ptr, size_t bytes, size_t align,
		 gfp_t gfp, unsigned long caller),
	TP_ARGS(name, ptr, bytes, align, gfp, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(const void *, ptr)
		__field(size_t, bytes)
		__field(size_t, align)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->ptr = ptr;
		__entry->bytes = bytes;
		__entry->align = align;
		__entry->gfp_flags = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("name=%s ptr=%p bytes=%zu align=%zu gfp_flags=%s caller=%pS",
		  __get_str(name), __entry->ptr, __entry->bytes, __entry->align,
		  show_gfp_flags(__entry->gfp_flags), (void *)__entry->caller)
);

/* It does not fit, or was not valid. */
TRACE_EVENT(mpdemo_arena_fail,
	TP_PROTO(const char *name, size_t bytes, size_t align, gfp_t gfp,
		 unsigned long caller),
	TP_ARGS(name, bytes, align, gfp, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(size_t, bytes)
		__field(size_t, align)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->bytes = bytes;
		__entry->align = align;
		__entry->gfp_flags = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("name=%s bytes=%zu align=%zu gfp_flags=%s caller=%pS",
		  __get_str(name), __entry->bytes, __entry->align,
		  show_gfp_flags(__entry->gfp_flags), (void *)__entry->caller)
);

/* @bytes are freed at once, padding included. */
DECLARE_EVENT_CLASS(mpdemo_arena_rewind,
	TP_PROTO(const char *name, size_t bytes, unsigned long caller),
	TP_ARGS(name, bytes, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(size_t, bytes)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->bytes = bytes;
		__entry->caller = caller;
	),
	TP_printk("name=%s bytes=%zu caller=%pS", __get_str(name),
		  __entry->bytes, (void *)__entry->caller)
);

DEFINE_EVENT(mpdemo_arena_rewind, mpdemo_arena_reset,
	TP_PROTO(const char *name, size_t bytes, unsigned long caller),
	TP_ARGS(name, bytes, caller)
);

DEFINE_EVENT(mpdemo_arena_rewind, mpdemo_arena_rollback,
	TP_PROTO(const char *name, size_t bytes, unsigned long caller),
	TP_ARGS(name, bytes, caller)
);

/* A chunk of @bytes has come, or is about to be freed; there are @chunks now. */
DECLARE_EVENT_CLASS(mpdemo_arena_chunk,
	TP_PROTO(const char *name, size_t bytes, unsigned int chunks),
	TP_ARGS(name, bytes, chunks),
	TP_STRUCT__entry(
		__string(name, name)
		__field(size_t, bytes)
		__field(unsigned int, chunks)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->bytes = bytes;
		__entry->chunks = chunks;
	),
	TP_printk("name=%s bytes=%zu chunks=%u", __get_str(name),
		  __entry->bytes, __entry->chunks)
);

DEFINE_EVENT(mpdemo_arena_chunk, mpdemo_arena_grow,
	TP_PROTO(const char *name, size_t bytes, unsigned int chunks),
	TP_ARGS(name, bytes, chunks)
);

DEFINE_EVENT(mpdemo_arena_chunk, mpdemo_arena_shrink,
	TP_PROTO(const char *name, size_t bytes, unsigned int chunks),
	TP_ARGS(name, bytes, chunks)
);

/*
 * Heaps. @bytes_req: as asked for, @bytes_alloc: as handed out, by the names of the
 * kernel's own kmalloc. That is PAGE_SIZE or a multiple of it for a run of pages.
 */

DECLARE_EVENT_CLASS(mpdemo_heap_memory,
	TP_PROTO(const char *name, const void *ptr, size_t bytes_req,
		 size_t bytes_alloc, gfp_t gfp, unsigned long caller),
	TP_ARGS(name, ptr, bytes_req, bytes_alloc, gfp, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(const void *, ptr)
		__field(size_t, bytes_req)
		__field(size_t, bytes_alloc)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->ptr = ptr;
		__entry->bytes_req = bytes_req;
		__entry->bytes_alloc = bytes_alloc;
		__entry->gfp_flags = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("name=%s ptr=%p bytes_req=%zu bytes_alloc=%zu gfp_flags=%s caller=%pS",
		  __get_str(name), __entry->ptr, __entry->bytes_req,
		  __entry->bytes_alloc, show_gfp_flags(__entry->gfp_flags),
		  (void *)__entry->caller)
);

DEFINE_EVENT(mpdemo_heap_memory, mpdemo_heap_alloc,
	TP_PROTO(const char *name, const void *ptr, size_t bytes_req,
		 size_t bytes_alloc, gfp_t gfp, unsigned long caller),
	TP_ARGS(name, ptr, bytes_req, bytes_alloc, gfp, caller)
);

/* It stays where it is, and is as large from now on. One that moves is allocated, and freed. */
DEFINE_EVENT(mpdemo_heap_memory, mpdemo_heap_resize,
	TP_PROTO(const char *name, const void *ptr, size_t bytes_req,
		 size_t bytes_alloc, gfp_t gfp, unsigned long caller),
	TP_ARGS(name, ptr, bytes_req, bytes_alloc, gfp, caller)
);

/* Not of a free that is refused. */
TRACE_EVENT(mpdemo_heap_free,
	TP_PROTO(const char *name, const void *ptr, size_t bytes_alloc,
		 unsigned long caller),
	TP_ARGS(name, ptr, bytes_alloc, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(const void *, ptr)
		__field(size_t, bytes_alloc)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->ptr = ptr;
		__entry->bytes_alloc = bytes_alloc;
		__entry->caller = caller;
	),
	TP_printk("name=%s ptr=%p bytes_alloc=%zu caller=%pS", __get_str(name),
		  __entry->ptr, __entry->bytes_alloc, (void *)__entry->caller)
);

TRACE_EVENT(mpdemo_heap_fail,
	TP_PROTO(const char *name, size_t bytes_req, gfp_t gfp,
		 unsigned long caller),
	TP_ARGS(name, bytes_req, gfp, caller),
	TP_STRUCT__entry(
		__string(name, name)
		__field(size_t, bytes_req)
		__field(unsigned long, gfp_flags)
		__field(unsigned long, caller)
	),
	TP_fast_assign(
		mpdemo_assign_str(name);
		__entry->bytes_req = bytes_req;
		__entry->gfp_flags = (__force unsigned long)gfp;
		__entry->caller = caller;
	),
	TP_printk("name=%s bytes_req=%zu gfp_flags=%s caller=%pS",
		  __get_str(name), __entry->bytes_req,
		  show_gfp_flags(__entry->gfp_flags), (void *)__entry->caller)
);

#endif /* _MPDEMO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
