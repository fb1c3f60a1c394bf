// SPDX-License-Identifier: GPL-2.0
/* Requests of the family "mempool-demo". */
#include <errno.h>
#include <netlink/genl/genl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "object_request.h"

const struct netlink_family object_family = {
	.name = MPDEMO_FAMILY_NAME,
	.version = MPDEMO_FAMILY_VERSION,
	.module = "mempool_demo",
	.attribute_name = object_attribute_name,
};

const char *object_kernel;

static void fill_policy(struct nla_policy policy[MPDEMO_A_MAX + 1])
{
	static const uint16_t types[] = {
		[OBJECT_U32] = NLA_U32,
		[OBJECT_U64] = NLA_U64,
		[OBJECT_NAME] = NLA_STRING,
		[OBJECT_FLAG] = NLA_FLAG,
	};

	memset(policy, 0, (MPDEMO_A_MAX + 1) * sizeof(*policy));
	for (size_t i = 0; i < object_nfields; i++) {
		const struct object_field *field = &object_fields[i];

		policy[field->attribute].type = types[field->type];
	}
}

static void take_field(struct object *object, const struct object_field *field,
		       struct nlattr *attribute)
{
	uint64_t *value = &object->value[field->attribute];

	switch (field->type) {
	case OBJECT_U32:
		*value = nla_get_u32(attribute);
		break;
	case OBJECT_U64:
		*value = nla_get_u64(attribute);
		break;
	case OBJECT_FLAG:
		*value = 1;
		break;
	case OBJECT_NAME:
		snprintf(object->name, sizeof(object->name), "%.*s",
			 nla_len(attribute), (char *)nla_data(attribute));
		break;
	}
	object->present |= UINT64_C(1) << field->attribute;
}

static void begin_list(void *data)
{
	object_list_clear(data);
}

bool object_parse(struct nlmsghdr *header, struct object *object)
{
	struct nla_policy policy[MPDEMO_A_MAX + 1];
	struct nlattr *tb[MPDEMO_A_MAX + 1];

	*object = (struct object){ 0 };
	fill_policy(policy);
	if (genlmsg_parse(header, 0, tb, MPDEMO_A_MAX, policy) < 0)
		return false;
	for (size_t i = 0; i < object_nfields; i++) {
		struct nlattr *attribute = tb[object_fields[i].attribute];

		if (attribute)
			take_field(object, &object_fields[i], attribute);
	}
	return true;
}

static bool read_object(struct nlmsghdr *header, void *data)
{
	struct object object;

	if (!object_parse(header, &object))
		return false;
	object_list_add(data, &object);
	return true;
}

/* For an answer of one object; an answer without any is malformed. */
static int request_object(struct netlink *netlink, struct nl_msg *message,
			  struct object_list *list, struct kernel_error *error)
{
	struct netlink_reader reader = { begin_list, read_object, list };

	if (netlink_request(netlink, message, &reader, error))
		return -1;
	if (list->count == 1)
		return 0;
	error->error = EBADMSG;
	snprintf(error->text, sizeof(error->text),
		 "the module did not answer with the object");
	return -1;
}

static void put_field(struct nl_msg *message, const struct object *object,
		      const struct object_field *field)
{
	uint64_t value = object->value[field->attribute];
	int code = 0;

	switch (field->type) {
	case OBJECT_U32:
		code = nla_put_u32(message, field->attribute, value);
		break;
	case OBJECT_U64:
		code = nla_put_u64(message, field->attribute, value);
		break;
	case OBJECT_NAME:
		code = nla_put_string(message, field->attribute, object->name);
		break;
	case OBJECT_FLAG:
		code = nla_put_flag(message, field->attribute);
		break;
	}
	needed(code ? NULL : message);
}

static struct nl_msg *message_with_name(struct netlink *netlink,
					uint8_t command, const char *name)
{
	struct nl_msg *message = netlink_message(netlink, command);

	needed(nla_put_string(message, MPDEMO_A_NAME, name) ? NULL : message);
	return message;
}

/* A command about what is present in @object, which is the answer then. */
static int exchange_object(struct netlink *netlink, uint8_t command,
			   struct object *object, struct kernel_error *error)
{
	struct nl_msg *message = netlink_message(netlink, command);
	struct object_list list = { 0 };
	int result;

	for (size_t i = 0; i < object_nfields; i++) {
		if (object_has(object, object_fields[i].attribute))
			put_field(message, object, &object_fields[i]);
	}
	result = request_object(netlink, message, &list, error);
	if (!result)
		*object = list.objects[0];
	object_list_clear(&list);
	return result;
}

int object_create(struct netlink *netlink, struct object *object,
		  struct kernel_error *error)
{
	return exchange_object(netlink, MPDEMO_CMD_NEW, object, error);
}

int object_change(struct netlink *netlink, struct object *object,
		  struct kernel_error *error)
{
	return exchange_object(netlink, MPDEMO_CMD_SET, object, error);
}

int object_reset_stats(struct netlink *netlink, struct object *object,
		       struct kernel_error *error)
{
	return exchange_object(netlink, MPDEMO_CMD_RESET_STATS, object, error);
}

int object_delete(struct netlink *netlink, const char *name,
		  struct kernel_error *error)
{
	struct nl_msg *message;

	message = message_with_name(netlink, MPDEMO_CMD_DEL, name);
	return netlink_request(netlink, message, NULL, error);
}

static void ask_for_kernel(struct nl_msg *message, void *data)
{
	(void)data;
	needed(nla_put_flag(message, MPDEMO_A_KERNEL) ? NULL : message);
}

static int read_all_of_kernel(struct netlink *netlink, struct object_list *list,
			      struct kernel_error *error)
{
	struct netlink_reader reader = { begin_list, read_object, list };

	return netlink_dump_about(netlink, MPDEMO_CMD_GET, ask_for_kernel, &reader, error);
}

static bool is_called(const struct object *object, const char *name)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRIu64, object->value[MPDEMO_A_ID]);
	return !strcmp(object->name, name) || !strcmp(id, name);
}

/* Their names need not differ. */
static int read_of_kernel(struct netlink *netlink, const char *name,
			  struct object_list *list, struct kernel_error *error)
{
	struct object_list all = { 0 };
	int result = read_all_of_kernel(netlink, &all, error);

	for (size_t i = 0; i < all.count && !result; i++) {
		if (is_called(&all.objects[i], name))
			object_list_add(list, &all.objects[i]);
	}
	object_list_clear(&all);
	if (result || list->count == 1)
		return result;
	*error = (struct kernel_error){
		.error = list->count ? ENOTUNIQ : ENOENT,
		.interpreted = true,
	};
	snprintf(error->text, sizeof(error->text), "%s",
		 list->count ? "several pools of kernel code have this name" :
			       "no pool of kernel code has this name or id");
	return -1;
}

int object_read(struct netlink *netlink, const char *name,
		struct object_list *list, struct kernel_error *error)
{
	struct nl_msg *message;

	if (object_kernel)
		return read_of_kernel(netlink, name, list, error);
	message = message_with_name(netlink, MPDEMO_CMD_GET, name);
	return request_object(netlink, message, list, error);
}

int object_read_all(struct netlink *netlink, struct object_list *list,
		    struct kernel_error *error)
{
	struct netlink_reader reader = { begin_list, read_object, list };

	if (object_kernel)
		return read_all_of_kernel(netlink, list, error);
	return netlink_dump(netlink, MPDEMO_CMD_GET, &reader, error);
}

int object_look(const char *name, struct object_list *list,
		struct kernel_error *error)
{
	struct netlink netlink;
	int result;

	if (netlink_open(&netlink, &object_family, error))
		return -1;
	result = name ? object_read(&netlink, name, list, error) :
			object_read_all(&netlink, list, error);
	netlink_close(&netlink);
	return result;
}
