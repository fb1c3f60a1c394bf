// SPDX-License-Identifier: GPL-2.0
/* Requests to a generic-netlink family, on top of libnl. */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "extack.h"
#include "memory.h"
#include "netlink.h"

#define DUMP_TRIES	3
#define RECEIVE_MOST	64

/* A request under way: what the callbacks of libnl need and leave behind. */
struct request {
	struct netlink *netlink;
	const struct nlmsghdr *sent;
	const struct netlink_reader *reader;
	struct kernel_error *error;
	bool done;
	bool interrupted;
};

static int fail(struct kernel_error *error, int number, const char *text)
{
	error->error = number;
	snprintf(error->text, sizeof(error->text), "%s", text);
	return -1;
}

/* libnl has numbers of its own, and what the errno was is lost in them. */
static int fail_libnl(struct kernel_error *error, int code)
{
	return fail(error, code == -NLE_NOMEM ? ENOMEM : EIO,
		    nl_geterror(code));
}

static int fail_absent(struct kernel_error *error,
		       const struct netlink_family *family)
{
	error->error = ENOENT;
	error->absent = true;
	snprintf(error->text, sizeof(error->text),
		 "there is no netlink family \"%s\": module %s is not loaded",
		 family->name, family->module);
	return -1;
}

int netlink_open(struct netlink *netlink, const struct netlink_family *family,
		 struct kernel_error *error)
{
	int one = 1, fd, code;

	memset(error, 0, sizeof(*error));
	netlink->family = family;
	netlink->socket = needed(nl_socket_alloc());
	code = genl_connect(netlink->socket);
	if (code)
		goto close;

	/* Not asked for by libnl. Without them there are fewer words. */
	fd = nl_socket_get_fd(netlink->socket);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));

	code = genl_ctrl_resolve(netlink->socket, family->name);
	if (code < 0)
		goto close;
	netlink->id = code;
	return 0;
close:
	netlink_close(netlink);
	if (code == -NLE_OBJ_NOTFOUND)
		return fail_absent(error, family);
	error->absent = true;	/* without generic netlink nobody answers */
	return fail_libnl(error, code);
}

void netlink_close(struct netlink *netlink)
{
	nl_socket_free(netlink->socket);
	netlink->socket = NULL;
}

struct nl_msg *netlink_message(const struct netlink *netlink, uint8_t command)
{
	struct nl_msg *message = needed(nlmsg_alloc());

	needed(genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, netlink->id, 0,
			   0, command, netlink->family->version));
	return message;
}

static const char *attribute_name(const struct request *request,
				  unsigned int attribute)
{
	return request->netlink->family->attribute_name(attribute);
}

static void take_extack(struct request *request, struct nlattr *first, int room)
{
	struct kernel_error *error = request->error;
	struct extack extack;
	const char *name = NULL;

	extack_parse(&extack, request->sent, first, room);
	if (extack.attribute)
		name = attribute_name(request, extack.attribute);
	snprintf(error->text, sizeof(error->text), "%.*s", extack.length,
		 extack.text);
	snprintf(error->attribute, sizeof(error->attribute), "%s",
		 name ? name : "");
}

/* The kernel tells of families that come and go, whose groups go with them. */
static bool is_farewell(const struct request *request, struct nlmsghdr *header)
{
	const struct genlmsghdr *command = nlmsg_data(header);
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (genlmsg_parse(header, 0, tb, CTRL_ATTR_MAX, NULL) < 0)
		return false;
	return command->cmd == CTRL_CMD_DELFAMILY && tb[CTRL_ATTR_FAMILY_ID] &&
	       nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]) == request->netlink->id;
}

static int on_message(struct nl_msg *message, void *data)
{
	struct request *request = data;
	const struct netlink_reader *reader = request->reader;

	if (nlmsg_hdr(message)->nlmsg_type == GENL_ID_CTRL) {
		if (!is_farewell(request, nlmsg_hdr(message)))
			return NL_OK;
		fail_absent(request->error, request->netlink->family);
		request->done = true;
		return NL_STOP;
	}
	if (!reader || reader->read(nlmsg_hdr(message), reader->data))
		return NL_OK;
	fail(request->error, EBADMSG, "the answer of the module is malformed");
	request->done = true;
	return NL_STOP;
}

/* The acknowledgment of success may carry a warning. */
static int on_ack(struct nl_msg *message, void *data)
{
	struct request *request = data;
	struct nlattr *first;
	int room;

	first = extack_of_error(nlmsg_hdr(message), &room);
	if (first)
		take_extack(request, first, room);
	request->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *refusal,
		    void *data)
{
	struct nlmsghdr *header = extack_header(refusal);
	struct request *request = data;
	struct nlattr *first;
	int room;

	(void)from;
	request->error->error = -refusal->error;
	first = extack_of_error(header, &room);
	if (first)
		take_extack(request, first, room);
	request->done = true;
	return NL_STOP;
}

/* A dump reports its errors here, in a layout of its own. */
static int on_finish(struct nl_msg *message, void *data)
{
	struct request *request = data;
	struct nlattr *first;
	int room;

	request->error->error = extack_done_error(nlmsg_hdr(message));
	first = extack_of_done(nlmsg_hdr(message), &room);
	if (first)
		take_extack(request, first, room);
	request->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *message, void *data)
{
	struct request *request = data;

	(void)message;
	request->interrupted = true;
	return NL_OK;
}

/* A notification has no sequence number. */
static int on_sequence(struct nl_msg *message, void *data)
{
	(void)message;
	(void)data;
	return NL_OK;
}

static struct nl_cb *make_callbacks(struct request *request)
{
	struct nl_cb *callbacks = needed(nl_cb_alloc(NL_CB_DEFAULT));

	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, request);
	nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_ack, request);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, request);
	nl_cb_set(callbacks, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted,
		  request);
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, request);
	return callbacks;
}

static int exchange(struct request *request, struct nl_msg *message)
{
	struct nl_sock *socket = request->netlink->socket;
	struct nl_cb *callbacks = make_callbacks(request);
	int code;

	memset(request->error, 0, sizeof(*request->error));
	code = nl_send_auto(socket, message);
	request->sent = nlmsg_hdr(message);
	while (code >= 0 && !request->done)
		code = nl_recvmsgs(socket, callbacks);
	nl_cb_put(callbacks);
	nlmsg_free(message);

	/*
	 * A family gives its reasons; without any there is no family, or it is
	 * on its way out.
	 */
	if ((request->error->error == ENOENT ||
	     request->error->error == EPROTONOSUPPORT) && !*request->error->text)
		return fail_absent(request->error, request->netlink->family);
	if (request->error->error)
		return -1;
	if (code < 0 && !request->done)
		return fail_libnl(request->error, code);
	return 0;
}

int netlink_request(struct netlink *netlink, struct nl_msg *message,
		    const struct netlink_reader *reader,
		    struct kernel_error *error)
{
	struct request request = {
		.netlink = netlink,
		.reader = reader,
		.error = error,
	};

	if (reader && reader->begin)
		reader->begin(reader->data);
	return exchange(&request, message);
}

int netlink_dump_about(struct netlink *netlink, uint8_t command,
		       void (*ask)(struct nl_msg *message, void *data),
		       const struct netlink_reader *reader,
		       struct kernel_error *error)
{
	for (int i = 0; i < DUMP_TRIES; i++) {
		struct nl_msg *message = netlink_message(netlink, command);
		struct request request = {
			.netlink = netlink,
			.reader = reader,
			.error = error,
		};

		nlmsg_hdr(message)->nlmsg_flags |= NLM_F_DUMP;
		if (ask)
			ask(message, reader->data);
		if (reader->begin)
			reader->begin(reader->data);
		if (exchange(&request, message))
			return -1;
		if (!request.interrupted)
			return 0;
	}
	remark("the list kept changing while it was read");
	return 0;
}

int netlink_dump(struct netlink *netlink, uint8_t command,
		 const struct netlink_reader *reader,
		 struct kernel_error *error)
{
	return netlink_dump_about(netlink, command, NULL, reader, error);
}

int netlink_subscribe(struct netlink *netlink, const char *group, int buffer,
		      struct kernel_error *error)
{
	struct nl_sock *socket = netlink->socket;
	int farewells, id, code;

	farewells = genl_ctrl_resolve_grp(socket, "nlctrl", "notify");
	if (farewells < 0)
		return fail_libnl(error, farewells);
	id = genl_ctrl_resolve_grp(socket, netlink->family->name, group);
	if (id < 0)
		return fail_libnl(error, id);

	/* Only root may have more than what is usual. */
	if (setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE,
		       &buffer, sizeof(buffer)))
		nl_socket_set_buffer_size(socket, buffer, 0);
	code = nl_socket_set_nonblocking(socket);
	if (!code)
		code = nl_socket_add_memberships(socket, id, farewells, 0);
	return code ? fail_libnl(error, code) : 0;
}

int netlink_receive(struct netlink *netlink,
		    const struct netlink_reader *reader,
		    struct kernel_error *error)
{
	struct request request = {
		.netlink = netlink,
		.reader = reader,
		.error = error,
	};
	struct nl_cb *callbacks = make_callbacks(&request);
	int code = 0, result = 0;

	nl_cb_set(callbacks, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, NULL);
	memset(error, 0, sizeof(*error));
	for (int i = 0; i < RECEIVE_MOST && code >= 0 && !request.done; i++) {
		code = nl_recvmsgs(netlink->socket, callbacks);
		/* That is what libnl makes of ENOBUFS. There are some to be read. */
		if (code == -NLE_NOMEM) {
			result = NETLINK_LOST;
			code = 0;
		}
	}
	nl_cb_put(callbacks);

	if (error->error)
		return -1;
	if (code < 0 && code != -NLE_AGAIN)
		return fail_libnl(error, code);
	return result;
}
