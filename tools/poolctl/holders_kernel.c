// SPDX-License-Identifier: GPL-2.0
/* poolctl holders --kernel: which code holds blocks of a pool that kernel code has created. */
#include <inttypes.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "hints.h"
#include "holders.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "table.h"

/*
 * struct held - a block that is held
 * @block: its number
 * @caller: a symbol and an offset
 * @context: an enum mpdemo_context
 * @pid: of a task; 0 where it is not known
 * @age: nanoseconds since it was allocated
 */
struct held {
	uint32_t block;
	char caller[128];
	uint32_t context;
	uint32_t pid;
	uint64_t age;
};

struct all_held {
	uint32_t id;
	struct held *held;
	size_t count;
};

static void ask(struct nl_msg *message, void *data)
{
	const struct all_held *all = data;

	needed(nla_put_u32(message, MPDEMO_A_ID, all->id) ? NULL : message);
}

static void begin(void *data)
{
	struct all_held *all = data;

	free(all->held);
	*all = (struct all_held){ .id = all->id };
}

static bool read_held(struct nlmsghdr *header, void *data)
{
	static const struct nla_policy policy[MPDEMO_A_MAX + 1] = {
		[MPDEMO_A_FIRST] = { .type = NLA_U32 },
		[MPDEMO_A_CALLER] = { .type = NLA_STRING },
		[MPDEMO_A_CONTEXT] = { .type = NLA_U32 },
		[MPDEMO_A_PID] = { .type = NLA_U32 },
		[MPDEMO_A_AGE] = { .type = NLA_U64 },
	};
	struct nlattr *tb[MPDEMO_A_MAX + 1];
	struct all_held *all = data;
	struct held *held;

	if (genlmsg_parse(header, 0, tb, MPDEMO_A_MAX,
			  (struct nla_policy *)policy) < 0 ||
	    !tb[MPDEMO_A_FIRST] || !tb[MPDEMO_A_CALLER] || !tb[MPDEMO_A_CONTEXT] ||
	    !tb[MPDEMO_A_AGE])
		return false;
	all->held = needed(realloc(all->held, (all->count + 1) * sizeof(*held)));
	held = &all->held[all->count++];
	*held = (struct held){
		.block = nla_get_u32(tb[MPDEMO_A_FIRST]),
		.context = nla_get_u32(tb[MPDEMO_A_CONTEXT]),
		.pid = tb[MPDEMO_A_PID] ? nla_get_u32(tb[MPDEMO_A_PID]) : 0,
		.age = nla_get_u64(tb[MPDEMO_A_AGE]),
	};
	nla_strlcpy(held->caller, tb[MPDEMO_A_CALLER], sizeof(held->caller));
	return true;
}

/* The oldest first: what is forgotten is among them. */
static int compare(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (x->age < y->age) - (x->age > y->age);
}

static const char *context_name(uint32_t context)
{
	static const char *const names[] = { "task", "softirq", "hardirq", "nmi" };

	return context < sizeof(names) / sizeof(names[0]) ? names[context] : "unknown";
}

static void put_age(struct libscols_line *line, int column, uint64_t ns)
{
	struct cell cell = cell_of_number(CELL_AGE, ns);
	char text[CELL_SIZE];

	table_text(line, column, cell_format(&cell, text));
}

static void print_table(const struct all_held *all, const char *name)
{
	static const struct table_column columns[] = {
		{ "BLOCK", true }, { "CONTEXT", false }, { "PID", true },
		{ "AGE", true },   { "CALLER", false },	 { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	for (size_t i = 0; i < all->count; i++) {
		const struct held *held = &all->held[i];
		struct libscols_line *line = table_line(table);

		table_number(line, 0, held->block);
		table_text(line, 1, context_name(held->context));
		if (held->pid)
			table_number(line, 2, held->pid);
		else
			table_text(line, 2, "-");
		put_age(line, 3, held->age);
		table_text(line, 4, held->caller);
	}
	table_print(table);
	if (!all->count)
		remark("nobody is known to hold blocks of %s", name);
}

static void print_json(const struct all_held *all, const char *name)
{
	struct json_object *document = json_document();
	struct json_object *array;

	json_add_number(document, "id", all->id);
	json_add_string(document, "name", name);
	json_object_object_add(document, "kernel", needed(json_object_new_boolean(true)));
	array = json_add_array(document, "holders");
	for (size_t i = 0; i < all->count; i++) {
		const struct held *held = &all->held[i];
		struct json_object *json = needed(json_object_new_object());

		json_add_number(json, "block", held->block);
		json_add_string(json, "caller", held->caller);
		json_add_string(json, "context", context_name(held->context));
		if (held->pid)
			json_add_number(json, "pid", held->pid);
		json_add_number(json, "age", held->age);
		json_object_array_add(array, json);
	}
	json_print(document);
}

static int read_all(struct netlink *netlink, const char *name, struct all_held *all,
		    struct kernel_error *error)
{
	struct netlink_reader reader = { begin, read_held, all };
	struct object_list list = { 0 };
	int result;

	result = object_read(netlink, name, &list, error);
	if (!result)
		all->id = list.objects[0].value[MPDEMO_A_ID];
	object_list_clear(&list);
	return result ?: netlink_dump_about(netlink, MPDEMO_CMD_HOLDERS, ask, &reader,
					    error);
}

int holders_of_kernel(const char *name)
{
	struct all_held all = { 0 };
	struct kernel_error error;
	struct netlink netlink;
	int result;

	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		result = read_all(&netlink, name, &all, &error);
		netlink_close(&netlink);
	}
	if (all.count)
		qsort(all.held, all.count, sizeof(*all.held), compare);
	if (result)
		result = refused(&error, hint_kernel(&error), NULL,
				 "holders --kernel %s", name);
	else if (options.json)
		print_json(&all, name);
	else
		print_table(&all, name);
	free(all.held);
	return result;
}
