// SPDX-License-Identifier: GPL-2.0
/* Pools, arenas and heaps as the netlink family describes them. */
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "object.h"

/* In the order in which they are shown. */
const struct object_field object_fields[] = {
	{ MPDEMO_A_ID, "id", "ID", OBJECT_U32, UNIT_NUMBER, true,
	  "number of the object" },
	{ MPDEMO_A_NAME, "name", "NAME", OBJECT_NAME, UNIT_NUMBER, true,
	  "name" },
	{ MPDEMO_A_KIND, "kind", "KIND", OBJECT_U32, UNIT_KIND, true,
	  "pool, arena or heap" },
	{ MPDEMO_A_BLOCK_SIZE, "block-size", "SIZE", OBJECT_U64, UNIT_BYTES, true,
	  "pool: bytes of a block" },
	{ MPDEMO_A_BLOCKS, "blocks", "BLOCKS", OBJECT_U64, UNIT_NUMBER, true,
	  "pool: number of blocks, at first if it grows; heap: of each class" },
	{ MPDEMO_A_MAX_BLOCKS, "max-blocks", "MAX-BLOCKS", OBJECT_U64, UNIT_NUMBER, false,
	  "pool: blocks that it may have" },
	{ MPDEMO_A_CHUNK_BLOCKS, "chunk-blocks", "CHUNK", OBJECT_U64, UNIT_NUMBER, false,
	  "pool that grows: by how many blocks at a time" },
	{ MPDEMO_A_PRESENT, "present", "PRESENT", OBJECT_U64, UNIT_NUMBER, false,
	  "pool: blocks that it has now, of max-blocks" },
	{ MPDEMO_A_BYTES, "bytes", "BYTES", OBJECT_U64, UNIT_BYTES, true,
	  "arena, heap: bytes that there are in all" },
	{ MPDEMO_A_LARGE_BYTES, "large-bytes", "LARGE", OBJECT_U64, UNIT_BYTES, false,
	  "heap: bytes for sizes above those of its classes" },
	{ MPDEMO_A_FINE, "fine", "FINE", OBJECT_FLAG, UNIT_NUMBER, false,
	  "heap: four classes per doubling of the size" },
	{ MPDEMO_A_ALIGN, "align", "ALIGN", OBJECT_U32, UNIT_BYTES, false,
	  "pool: alignment of a block" },
	{ MPDEMO_A_STRIDE, "stride", "STRIDE", OBJECT_U64, UNIT_BYTES, false,
	  "pool: bytes from one block to the next" },
	{ MPDEMO_A_FOOTPRINT, "footprint", "FOOTPRINT", OBJECT_U64, UNIT_BYTES, false,
	  "bytes of memory in all, metadata included" },
	{ MPDEMO_A_MODE, "mode", "MODE", OBJECT_U32, UNIT_MODE, false,
	  "permissions, as of a file" },
	{ MPDEMO_A_UID, "uid", "UID", OBJECT_U32, UNIT_NUMBER, false,
	  "number of the owner" },
	{ MPDEMO_A_GID, "gid", "GID", OBJECT_U32, UNIT_NUMBER, false,
	  "number of the group" },
	{ MPDEMO_A_QUOTA, "quota", "QUOTA", OBJECT_U32, UNIT_NUMBER, false,
	  "blocks that a program may hold; 0: any number" },
	{ MPDEMO_A_OPEN_FILES, "open-files", "FILES", OBJECT_U32, UNIT_NUMBER, false,
	  "open files that refer to it" },
	{ MPDEMO_A_KERNEL, "kernel", "KERNEL", OBJECT_FLAG, UNIT_NUMBER, true,
	  "kernel code has created it for itself, see --kernel" },
	{ MPDEMO_A_DYING, "dying", "DYING", OBJECT_FLAG, UNIT_NUMBER, true,
	  "deleted, and gone with its last open file" },
	{ MPDEMO_A_IN_USE, "in-use", "IN-USE", OBJECT_U64, UNIT_AMOUNT, true,
	  "blocks that are not free; arena, heap: bytes" },
	{ MPDEMO_A_PEAK, "peak", "PEAK", OBJECT_U64, UNIT_AMOUNT, true,
	  "the most that were in use, so far or since reset-stats" },
	{ MPDEMO_A_LOW, "low", "LOW", OBJECT_U32, UNIT_NUMBER, false,
	  "pool: so many free blocks or fewer are low; 0: none are" },
	{ MPDEMO_A_HIGH, "high", "HIGH", OBJECT_U32, UNIT_NUMBER, false,
	  "pool: so many free blocks or more are enough again" },
	{ MPDEMO_A_LEVEL, "level", "LEVEL", OBJECT_U32, UNIT_LEVEL, false,
	  "pool: normal, low or exhausted, by these" },
	{ MPDEMO_A_POISON, "poison", "POISON", OBJECT_U32, UNIT_NUMBER, false,
	  "pool: 1 where free blocks have a pattern that is looked at" },
	{ MPDEMO_A_AGE, "age", "AGE", OBJECT_U64, UNIT_AGE, false,
	  "since when it counts: created, or reset-stats; JSON and -B: in ns" },
	{ MPDEMO_A_ALLOCS, "allocs", "ALLOCS", OBJECT_U64, UNIT_NUMBER, false,
	  "blocks or pieces allocated, so far or since reset-stats" },
	{ MPDEMO_A_FREES, "frees", "FREES", OBJECT_U64, UNIT_NUMBER, false,
	  "blocks freed; arena: resets" },
	{ MPDEMO_A_FAILURES, "failures", "FAILURES", OBJECT_U64, UNIT_NUMBER, true,
	  "allocations that failed for want of room" },
	{ MPDEMO_A_REFUSED, "refused", "REFUSED", OBJECT_U64, UNIT_NUMBER, false,
	  "frees, keeps and takes of what is no block of the caller" },
	{ MPDEMO_A_CORRUPTED, "corrupted", "CORRUPTED", OBJECT_U64, UNIT_NUMBER, false,
	  "free blocks that were found written to, where poison is 1" },
	{ MPDEMO_A_KEPT, "kept", "KEPT", OBJECT_U64, UNIT_NUMBER, false,
	  "blocks that the object itself holds, as after 'poolctl alloc'" },
	{ MPDEMO_A_RECLAIMED, "reclaimed", "RECLAIMED", OBJECT_U64, UNIT_NUMBER, false,
	  "blocks taken back from programs that ended with them" },
	{ MPDEMO_A_RESERVED, "reserved", "RESERVED", OBJECT_U64, UNIT_NUMBER, false,
	  "pool: blocks set aside for programs that wait for several at once" },
	{ MPDEMO_A_WAITERS, "waiters", "WAITERS", OBJECT_U64, UNIT_NUMBER, false,
	  "pool: programs that wait for blocks now" },
};

const size_t object_nfields = sizeof(object_fields) / sizeof(object_fields[0]);

const struct object_field *object_field(unsigned int attribute)
{
	for (size_t i = 0; i < object_nfields; i++) {
		if ((unsigned int)object_fields[i].attribute == attribute)
			return &object_fields[i];
	}
	return NULL;
}

const char *object_attribute_name(unsigned int attribute)
{
	const struct object_field *field = object_field(attribute);

	return field ? field->name : NULL;
}

uint64_t object_capacity(const struct object *object)
{
	uint64_t blocks = object->value[MPDEMO_A_BLOCKS];
	uint64_t most = object->value[MPDEMO_A_MAX_BLOCKS];

	if (!object_is_pool(object))
		return object->value[MPDEMO_A_BYTES];
	return blocks < most ? most : blocks;
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

void object_set_name(struct object *object, const char *name)
{
	snprintf(object->name, sizeof(object->name), "%s", name);
	object_set_value(object, MPDEMO_A_NAME, 0);
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
