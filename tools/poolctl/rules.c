// SPDX-License-Identifier: GPL-2.0
/* What is always true of the numbers of an object. */
#include "rules.h"

/*
 * Blocks that are in use now are those that were when the counters were reset, and
 * those that were allocated and not freed since. The former are no fewer than none
 * and no more than there are. Who waits for several sets aside some that are neither.
 */
static bool adds_up(const uint64_t *value)
{
	uint64_t before = value[MPDEMO_A_IN_USE] + value[MPDEMO_A_FREES] -
			  value[MPDEMO_A_ALLOCS];

	return value[MPDEMO_A_RESERVED] || value[MPDEMO_A_WAITERS] ||
	       before <= value[MPDEMO_A_MAX_BLOCKS];
}

static const char *broken_pool(const uint64_t *value)
{
	if (value[MPDEMO_A_IN_USE] > value[MPDEMO_A_PRESENT])
		return "more blocks are in use than there are";
	if (value[MPDEMO_A_PRESENT] > value[MPDEMO_A_MAX_BLOCKS])
		return "there are more blocks than there may be";
	if (value[MPDEMO_A_PRESENT] < value[MPDEMO_A_BLOCKS])
		return "there are fewer blocks than there have to be";
	if (value[MPDEMO_A_KEPT] > value[MPDEMO_A_IN_USE])
		return "more blocks are kept than are in use";
	if (value[MPDEMO_A_PEAK] < value[MPDEMO_A_IN_USE])
		return "more blocks are in use than the peak says";
	if (value[MPDEMO_A_STRIDE] < value[MPDEMO_A_BLOCK_SIZE])
		return "blocks overlap";
	if (value[MPDEMO_A_FOOTPRINT] / value[MPDEMO_A_STRIDE] < value[MPDEMO_A_PRESENT])
		return "the blocks are larger than the footprint";
	if (!adds_up(value))
		return "the blocks in use are not those that were allocated and not freed";
	return NULL;
}

static const char *broken_bytes(const uint64_t *value)
{
	if (value[MPDEMO_A_IN_USE] > value[MPDEMO_A_BYTES])
		return "more bytes are in use than there are";
	if (value[MPDEMO_A_PEAK] < value[MPDEMO_A_IN_USE])
		return "more bytes are in use than the peak says";
	return NULL;
}

const char *rules_broken(const struct object *object)
{
	return object_is_pool(object) ? broken_pool(object->value) :
					broken_bytes(object->value);
}

const char *rules_broken_class(const struct mpdemo_heap_class *class)
{
	if (class->out_in_use > class->out_blocks)
		return "more blocks of a class are in use than there are";
	if (class->out_peak < class->out_in_use)
		return "more blocks of a class are in use than its peak says";
	return NULL;
}
