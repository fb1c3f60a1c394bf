// SPDX-License-Identifier: GPL-2.0
/* Pools, arenas and heaps as the netlink family describes them. */
#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "object.h"

/* In the order in which they are shown. */
const struct object_field object_fields[] = {
	{ MPDEMO_A_ID, "id", OBJECT_U32, UNIT_NUMBER, true },
	{ MPDEMO_A_NAME, "name", OBJECT_NAME, UNIT_NUMBER, true },
	{ MPDEMO_A_KIND, "kind", OBJECT_U32, UNIT_KIND, true },
	{ MPDEMO_A_BLOCK_SIZE, "block-size", OBJECT_U64, UNIT_BYTES, true },
	{ MPDEMO_A_BLOCKS, "blocks", OBJECT_U64, UNIT_NUMBER, true },
	{ MPDEMO_A_MAX_BLOCKS, "max-blocks", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_CHUNK_BLOCKS, "chunk-blocks", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_PRESENT, "present", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_BYTES, "bytes", OBJECT_U64, UNIT_BYTES, true },
	{ MPDEMO_A_LARGE_BYTES, "large-bytes", OBJECT_U64, UNIT_BYTES, false },
	{ MPDEMO_A_FINE, "fine", OBJECT_FLAG, UNIT_NUMBER, false },
	{ MPDEMO_A_ALIGN, "align", OBJECT_U32, UNIT_BYTES, false },
	{ MPDEMO_A_STRIDE, "stride", OBJECT_U64, UNIT_BYTES, false },
	{ MPDEMO_A_FOOTPRINT, "footprint", OBJECT_U64, UNIT_BYTES, false },
	{ MPDEMO_A_MODE, "mode", OBJECT_U32, UNIT_MODE, false },
	{ MPDEMO_A_UID, "uid", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_GID, "gid", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_QUOTA, "quota", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_OPEN_FILES, "open-files", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_DYING, "dying", OBJECT_FLAG, UNIT_NUMBER, true },
	{ MPDEMO_A_IN_USE, "in-use", OBJECT_U64, UNIT_AMOUNT, true },
	{ MPDEMO_A_PEAK, "peak", OBJECT_U64, UNIT_AMOUNT, true },
	{ MPDEMO_A_LOW, "low", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_HIGH, "high", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_LEVEL, "level", OBJECT_U32, UNIT_LEVEL, false },
	{ MPDEMO_A_POISON, "poison", OBJECT_U32, UNIT_NUMBER, false },
	{ MPDEMO_A_ALLOCS, "allocs", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_FREES, "frees", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_FAILURES, "failures", OBJECT_U64, UNIT_NUMBER, true },
	{ MPDEMO_A_REFUSED, "refused", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_CORRUPTED, "corrupted", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_KEPT, "kept", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_RECLAIMED, "reclaimed", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_RESERVED, "reserved", OBJECT_U64, UNIT_NUMBER, false },
	{ MPDEMO_A_WAITERS, "waiters", OBJECT_U64, UNIT_NUMBER, false },
};

const size_t object_nfields = sizeof(object_fields) / sizeof(object_fields[0]);

const char *object_attribute_name(unsigned int attribute)
{
	for (size_t i = 0; i < object_nfields; i++) {
		if ((unsigned int)object_fields[i].attribute == attribute)
			return object_fields[i].name;
	}
	return NULL;
}

uint64_t object_capacity(const struct object *object)
{
	return object->value[object_is_pool(object) ? MPDEMO_A_BLOCKS :
						      MPDEMO_A_BYTES];
}

const char *object_kind_name(uint64_t kind)
{
	switch (kind) {
	case MPDEMO_KIND_POOL:
		return "pool";
	case MPDEMO_KIND_ARENA:
		return "arena";
	case MPDEMO_KIND_HEAP:
		return "heap";
	default:
		return "unknown";
	}
}

const char *object_level_name(uint64_t level)
{
	switch (level) {
	case MPDEMO_NL_LEVEL_NORMAL:
		return "normal";
	case MPDEMO_NL_LEVEL_LOW:
		return "low";
	case MPDEMO_NL_LEVEL_EXHAUSTED:
		return "exhausted";
	default:
		return "unknown";
	}
}

const char *object_title(const struct object *object)
{
	if (*object->name)
		return object->name;
	return object_has(object, MPDEMO_A_DYING) ? "(deleted)" : "(anonymous)";
}

void object_list_add(struct object_list *list, const struct object *object)
{
	size_t size = (list->count + 1) * sizeof(*object);

	list->objects = needed(realloc(list->objects, size));
	list->objects[list->count++] = *object;
}

void object_list_clear(struct object_list *list)
{
	free(list->objects);
	*list = (struct object_list){ 0 };
}
