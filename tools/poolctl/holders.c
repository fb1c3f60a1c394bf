// SPDX-License-Identifier: GPL-2.0
/* poolctl holders: who holds blocks of an object. */
#include <inttypes.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cell.h"
#include "hints.h"
#include "holders.h"
#include "json.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "table.h"
#include "text.h"

#define COMM_SIZE	16

/*
 * struct holder - an open file
 * @known: who opened it was told
 * @pid: 0 where it is not seen from here
 * @gone: the process has ended
 * @holds: something of the object can be held
 * @age: nanoseconds since it was opened
 */
struct holder {
	uint32_t number;
	bool known;
	uint32_t pid;
	bool gone;
	char comm[COMM_SIZE];
	uint32_t access;
	bool holds;
	uint32_t held;
	uint32_t quota;
	uint64_t age;
};

struct holders {
	const char *name;
	uint32_t id;
	bool has_kept;
	uint64_t kept;
	struct holder *holder;
	size_t count;
};

static void ask(struct nl_msg *message, void *data)
{
	const struct holders *holders = data;

	needed(nla_put_string(message, MPDEMO_A_NAME, holders->name) ? NULL : message);
}

static void begin(void *data)
{
	struct holders *holders = data;

	free(holders->holder);
	*holders = (struct holders){ .name = holders->name };
}

static uint32_t number_of(struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
}

static void add(struct holders *holders, struct nlattr **tb)
{
	struct holder *holder;

	holders->holder = needed(realloc(holders->holder,
					 (holders->count + 1) * sizeof(*holder)));
	holder = &holders->holder[holders->count++];
	*holder = (struct holder){
		.number = nla_get_u32(tb[MPDEMO_A_HOLDER]),
		.known = tb[MPDEMO_A_COMM],
		.pid = number_of(tb[MPDEMO_A_PID]),
		.gone = tb[MPDEMO_A_GONE],
		.access = number_of(tb[MPDEMO_A_ACCESS]),
		.holds = tb[MPDEMO_A_HELD],
		.held = number_of(tb[MPDEMO_A_HELD]),
		.quota = number_of(tb[MPDEMO_A_QUOTA]),
		.age = tb[MPDEMO_A_AGE] ? nla_get_u64(tb[MPDEMO_A_AGE]) : 0,
	};
	if (holder->known)
		nla_strlcpy(holder->comm, tb[MPDEMO_A_COMM], sizeof(holder->comm));
}

static bool read_holder(struct nlmsghdr *header, void *data)
{
	static const struct nla_policy policy[MPDEMO_A_MAX + 1] = {
		[MPDEMO_A_ID] = { .type = NLA_U32 },
		[MPDEMO_A_KEPT] = { .type = NLA_U64 },
		[MPDEMO_A_HOLDER] = { .type = NLA_U32 },
		[MPDEMO_A_PID] = { .type = NLA_U32 },
		[MPDEMO_A_COMM] = { .type = NLA_STRING },
		[MPDEMO_A_ACCESS] = { .type = NLA_U32 },
		[MPDEMO_A_HELD] = { .type = NLA_U32 },
		[MPDEMO_A_QUOTA] = { .type = NLA_U32 },
		[MPDEMO_A_AGE] = { .type = NLA_U64 },
	};
	struct nlattr *tb[MPDEMO_A_MAX + 1];
	struct holders *holders = data;

	if (genlmsg_parse(header, 0, tb, MPDEMO_A_MAX,
			  (struct nla_policy *)policy) < 0 || !tb[MPDEMO_A_ID])
		return false;
	holders->id = nla_get_u32(tb[MPDEMO_A_ID]);
	if (tb[MPDEMO_A_KEPT]) {
		holders->has_kept = true;
		holders->kept = nla_get_u64(tb[MPDEMO_A_KEPT]);
		return true;
	}
	if (!tb[MPDEMO_A_HOLDER])
		return false;
	add(holders, tb);
	return true;
}

static const char *access_name(uint32_t access)
{
	static const char *const names[] = { "-", "r", "w", "rw" };

	return names[access & 3];
}

static void put_age(struct libscols_line *line, int column, uint64_t ns)
{
	struct cell cell = cell_of_number(CELL_AGE, ns);
	char text[CELL_SIZE];

	table_text(line, column, cell_format(&cell, text));
}

static void put_process(struct libscols_line *line, const struct holder *holder)
{
	char comm[TEXT_SIZE];

	if (!holder->pid)
		table_text(line, 1, "-");
	else
		table_printf(line, 1, "%" PRIu32 "%s", holder->pid,
			     holder->gone ? "!" : "");
	text_escape(comm, holder->known ? holder->comm : "-");
	table_text(line, 2, comm);
}

static void print_holder(struct libscols_table *table, const struct holder *holder)
{
	struct libscols_line *line = table_line(table);

	table_number(line, 0, holder->number);
	put_process(line, holder);
	table_text(line, 3, access_name(holder->access));
	if (holder->holds)
		table_number(line, 4, holder->held);
	else
		table_text(line, 4, "-");
	if (holder->quota)
		table_number(line, 5, holder->quota);
	else
		table_text(line, 5, "-");
	put_age(line, 6, holder->age);
}

static void print_table(const struct holders *holders)
{
	static const struct table_column columns[] = {
		{ "HOLDER", true }, { "PID", true },   { "COMM", false },
		{ "ACCESS", false }, { "HELD", true }, { "QUOTA", true },
		{ "OPEN", true },   { NULL, false },
	};
	struct libscols_table *table = table_new(columns);

	if (holders->kept) {
		struct libscols_line *line = table_line(table);

		table_text(line, 0, "kept");
		for (int i = 1; i < 7; i++)
			table_text(line, i, "-");
		table_number(line, 4, holders->kept);
	}
	for (size_t i = 0; i < holders->count; i++)
		print_holder(table, &holders->holder[i]);
	table_print(table);
	if (!holders->kept && !holders->count)
		remark("nobody has %s open", holders->name);
}

static void add_flag(struct json_object *json, const char *key, bool value)
{
	json_object_object_add(json, key, needed(json_object_new_boolean(value)));
}

static void add_process(struct json_object *json, const struct holder *holder)
{
	char comm[TEXT_SIZE];

	if (!holder->known)
		return;
	if (holder->pid)
		json_add_number(json, "pid", holder->pid);
	text_escape(comm, holder->comm);
	json_add_string(json, "comm", comm);
	add_flag(json, "gone", holder->gone);
}

static void print_json(const struct holders *holders)
{
	struct json_object *document = json_document();
	struct json_object *array;

	json_add_number(document, "id", holders->id);
	json_add_string(document, "name", holders->name);
	if (holders->has_kept)
		json_add_number(document, "kept", holders->kept);
	array = json_add_array(document, "holders");
	for (size_t i = 0; i < holders->count; i++) {
		const struct holder *holder = &holders->holder[i];
		struct json_object *json = needed(json_object_new_object());

		json_add_number(json, "holder", holder->number);
		add_process(json, holder);
		json_add_string(json, "access", access_name(holder->access));
		if (holder->holds) {
			json_add_number(json, "held", holder->held);
			json_add_number(json, "quota", holder->quota);
		}
		json_add_number(json, "age", holder->age);
		json_object_array_add(array, json);
	}
	json_print(document);
}

/* The number of an object that nobody has open is asked for, as no message has it. */
static int read_id(struct netlink *netlink, struct holders *holders,
		   struct kernel_error *error)
{
	struct object_list list = { 0 };
	int result;

	if (holders->id)
		return 0;
	result = object_read(netlink, holders->name, &list, error);
	if (!result)
		holders->id = list.objects[0].value[MPDEMO_A_ID];
	object_list_clear(&list);
	return result;
}

const struct command_option holders_options[] = {
	KERNEL_OPTION,
	{ 0 },
};

int holders_main(int argc, char **argv)
{
	struct holders holders = { .name = argv[0] };
	struct netlink_reader reader = { begin, read_holder, &holders };
	struct kernel_error error;
	struct netlink netlink;
	int result;

	(void)argc;
	if (!argument_name(argv[0]))
		return STATUS_USAGE;
	if (object_kernel)
		return holders_of_kernel(argv[0]);
	result = netlink_open(&netlink, &object_family, &error);
	if (!result) {
		result = netlink_dump_about(&netlink, MPDEMO_CMD_HOLDERS, ask,
					    &reader, &error) ?:
			 read_id(&netlink, &holders, &error);
		netlink_close(&netlink);
	}
	if (result)
		result = refused(&error, hint_administer(&error, argv[0]), NULL,
				 "holders %s", argv[0]);
	else if (options.json)
		print_json(&holders);
	else
		print_table(&holders);
	free(holders.holder);
	return result;
}
