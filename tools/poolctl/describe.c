// SPDX-License-Identifier: GPL-2.0
/* All about an object, in lines for people. */
#include <inttypes.h>
#include <stdio.h>

#include "cell.h"
#include "describe.h"
#include "json.h"
#include "memory.h"
#include "table.h"

/* One printf() may have as many of them. */
#define NTEXTS	8

static const char *format(struct cell cell)
{
	static char texts[NTEXTS][CELL_SIZE];
	static struct cell cells[NTEXTS];
	static int next;
	int this = next++ % NTEXTS;

	/* Texts are where they were. */
	cells[this] = cell;
	return cell_format(&cells[this], texts[this]);
}

static const char *bytes(uint64_t value)
{
	return format(cell_of_number(CELL_BYTES, value));
}

static const char *amount(const struct object *object, uint64_t value)
{
	return format(cell_of_amount(object, value));
}

/* The value of an attribute as it is in tables. */
static const char *field(const struct object *object, int attribute)
{
	return format(cell_of_field(object, object_field(attribute)));
}

static void begin(const char *label)
{
	printf("  %-8s  ", label);
}

static void describe_head(const struct object *object)
{
	const uint64_t *value = object->value;

	if (object_has(object, MPDEMO_A_KERNEL)) {
		printf("%s: pool of kernel code, id %s\n", object_title(object),
		       field(object, MPDEMO_A_ID));
		return;
	}
	printf("%s: %s, id %s, owner %s, group %s, mode %s, open files %s%s\n",
	       object_title(object), object_kind_name(value[MPDEMO_A_KIND]),
	       field(object, MPDEMO_A_ID),
	       format(cell_of_user(value[MPDEMO_A_UID])),
	       format(cell_of_group(value[MPDEMO_A_GID])),
	       field(object, MPDEMO_A_MODE), field(object, MPDEMO_A_OPEN_FILES),
	       value[MPDEMO_A_DYING] ? ", deleted" : "");
}

static const char *blocks_of(uint64_t number)
{
	return number == 1 ? "block" : "blocks";
}

static void describe_pool_memory(const struct object *object)
{
	const uint64_t *value = object->value;

	begin("memory");
	printf("%s %s of %s, one every %s",
	       field(object, MPDEMO_A_PRESENT), blocks_of(value[MPDEMO_A_PRESENT]),
	       field(object, MPDEMO_A_BLOCK_SIZE), field(object, MPDEMO_A_STRIDE));
	if (object_has(object, MPDEMO_A_ALIGN))
		printf(", aligned to %s", field(object, MPDEMO_A_ALIGN));
	printf("; %s in all\n", field(object, MPDEMO_A_FOOTPRINT));
	if (value[MPDEMO_A_MAX_BLOCKS] <= value[MPDEMO_A_BLOCKS])
		return;
	begin("grows");
	printf("from %s %s to %s, by %s\n", field(object, MPDEMO_A_BLOCKS),
	       blocks_of(value[MPDEMO_A_BLOCKS]),
	       field(object, MPDEMO_A_MAX_BLOCKS),
	       field(object, MPDEMO_A_CHUNK_BLOCKS));
}

static void describe_memory(const struct object *object)
{
	switch (object->value[MPDEMO_A_KIND]) {
	case MPDEMO_KIND_POOL:
		describe_pool_memory(object);
		break;
	case MPDEMO_KIND_HEAP:
		begin("memory");
		printf("%s %s of each class, %s for larger sizes; %s in all\n",
		       field(object, MPDEMO_A_BLOCKS),
		       blocks_of(object->value[MPDEMO_A_BLOCKS]),
		       field(object, MPDEMO_A_LARGE_BYTES),
		       field(object, MPDEMO_A_FOOTPRINT));
		break;
	default:
		begin("memory");
		printf("%s; %s in all\n", field(object, MPDEMO_A_BYTES),
		       field(object, MPDEMO_A_FOOTPRINT));
	}
}

static void describe_use(const struct object *object)
{
	uint64_t capacity = object_capacity(object);
	uint64_t used = object->value[MPDEMO_A_IN_USE];

	begin("in use");
	printf("%s of %s (%d%%), at most %s", amount(object, used),
	       amount(object, capacity),
	       capacity ? (int)(100.0L * used / capacity) : 0,
	       field(object, MPDEMO_A_PEAK));
	if (object_has(object, MPDEMO_A_KEPT))
		printf("; kept %s", field(object, MPDEMO_A_KEPT));
	if (object_has(object, MPDEMO_A_RESERVED))
		printf(", reserved %s, waiters %s",
		       field(object, MPDEMO_A_RESERVED),
		       field(object, MPDEMO_A_WAITERS));
	putchar('\n');
}

static void describe_level(const struct object *object)
{
	if (!object_has(object, MPDEMO_A_LEVEL))
		return;
	begin("level");
	if (object->value[MPDEMO_A_HIGH])
		printf("%s; low at %s free blocks, enough at %s\n",
		       field(object, MPDEMO_A_LEVEL), field(object, MPDEMO_A_LOW),
		       field(object, MPDEMO_A_HIGH));
	else
		puts("none, as there are no watermarks");
	begin("poison");
	puts(object->value[MPDEMO_A_POISON] ? "on" : "off");
}

static void describe_quota(const struct object *object)
{
	if (!object_has(object, MPDEMO_A_QUOTA))
		return;
	begin("quota");
	if (object->value[MPDEMO_A_QUOTA])
		printf("%s %s of a program\n", field(object, MPDEMO_A_QUOTA),
		       blocks_of(object->value[MPDEMO_A_QUOTA]));
	else
		puts("none");
}

static void describe_counters(const struct object *object)
{
	static const int counters[] = {
		MPDEMO_A_ALLOCS,    MPDEMO_A_FREES,	MPDEMO_A_FAILURES,
		MPDEMO_A_REFUSED,   MPDEMO_A_RECLAIMED, MPDEMO_A_CORRUPTED,
	};
	const char *comma = "";

	begin("counted");
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (!object_has(object, counters[i]))
			continue;
		printf("%s%s %s", comma, object_attribute_name(counters[i]),
		       field(object, counters[i]));
		comma = ", ";
	}
	putchar('\n');
}

static void describe_classes(const struct heap_classes *classes)
{
	static const struct table_column columns[] = {
		{ "CLASS", true },  { "BLOCKS", true },	  { "IN-USE", true },
		{ "PEAK", true },   { "ALLOCS", true },	  { "FREES", true },
		{ "FAILURES", true }, { "SPILLED", true }, { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	for (unsigned int i = 0; i < classes->count; i++) {
		const struct mpdemo_heap_class *class = &classes->classes[i];
		struct libscols_line *line = table_line(table);

		if (i + 1 < classes->count)
			table_text(line, 0, bytes(class->out_block_size));
		else
			table_printf(line, 0, "%s pages",
				     bytes(class->out_block_size));
		table_number(line, 1, class->out_blocks);
		table_number(line, 2, class->out_in_use);
		table_number(line, 3, class->out_peak);
		table_number(line, 4, class->out_allocs);
		table_number(line, 5, class->out_frees);
		table_number(line, 6, class->out_failures);
		table_number(line, 7, class->out_spilled);
	}
	table_print(table);
}

void describe(const struct object *object, const struct heap_classes *classes)
{
	describe_head(object);
	describe_memory(object);
	describe_use(object);
	describe_level(object);
	describe_quota(object);
	describe_counters(object);
	if (classes->count)
		describe_classes(classes);
}

struct json_object *describe_classes_json(const struct heap_classes *classes)
{
	struct json_object *array;

	if (!classes->count)
		return NULL;
	array = needed(json_object_new_array());
	for (unsigned int i = 0; i < classes->count; i++) {
		const struct mpdemo_heap_class *class = &classes->classes[i];
		struct json_object *json = needed(json_object_new_object());

		json_add_number(json, "block_size", class->out_block_size);
		json_add_number(json, "blocks", class->out_blocks);
		json_add_number(json, "in_use", class->out_in_use);
		json_add_number(json, "peak", class->out_peak);
		json_add_number(json, "requested", class->out_requested);
		json_add_number(json, "handed_out", class->out_handed_out);
		json_add_number(json, "peak_bytes", class->out_peak_bytes);
		json_add_number(json, "allocs", class->out_allocs);
		json_add_number(json, "frees", class->out_frees);
		json_add_number(json, "failures", class->out_failures);
		json_add_number(json, "spilled", class->out_spilled);
		json_object_array_add(array, json);
	}
	return array;
}
