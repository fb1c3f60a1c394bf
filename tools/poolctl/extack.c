// SPDX-License-Identifier: GPL-2.0
/* Extended acknowledgments, which libnl 3.7 leaves to its users. */
#include <netlink/msg.h>
#include <stdint.h>
#include <string.h>

#include "extack.h"

struct nlmsghdr *extack_header(struct nlmsgerr *refusal)
{
	return (struct nlmsghdr *)((char *)refusal - NLMSG_HDRLEN);
}

static struct nlattr *attributes_at(struct nlmsghdr *header, int offset,
				    int *room)
{
	*room = nlmsg_datalen(header) - offset;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || *room <= 0)
		return NULL;
	return (struct nlattr *)((char *)nlmsg_data(header) + offset);
}

struct nlattr *extack_of_error(struct nlmsghdr *header, int *room)
{
	const struct nlmsgerr *refusal = nlmsg_data(header);
	int offset = sizeof(*refusal);

	if (nlmsg_datalen(header) < offset)
		return NULL;
	/* Unless it was capped the request follows, without its header. */
	if (!(header->nlmsg_flags & NLM_F_CAPPED)) {
		if (refusal->msg.nlmsg_len > (uint32_t)nlmsg_datalen(header))
			return NULL;
		offset += NLMSG_ALIGN(nlmsg_datalen(&refusal->msg));
	}
	return attributes_at(header, offset, room);
}

struct nlattr *extack_of_done(struct nlmsghdr *header, int *room)
{
	return attributes_at(header, NLMSG_ALIGN(sizeof(int)), room);
}

int extack_done_error(struct nlmsghdr *header)
{
	int error = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(header), sizeof(error));
	return error < 0 ? -error : 0;
}

/* The attribute at @offset of the request, if there is one. */
static unsigned int attribute_at(const struct nlmsghdr *sent, uint32_t offset)
{
	struct nlattr attribute;

	if (offset > sent->nlmsg_len ||
	    sent->nlmsg_len - offset < sizeof(attribute))
		return 0;
	memcpy(&attribute, (const char *)sent + offset, sizeof(attribute));
	return attribute.nla_type & NLA_TYPE_MASK;
}

void extack_parse(struct extack *extack, const struct nlmsghdr *sent,
		  struct nlattr *first, int room)
{
	static struct nla_policy policy[NLMSGERR_ATTR_MAX + 1] = {
		[NLMSGERR_ATTR_OFFS] = { .type = NLA_U32 },
		[NLMSGERR_ATTR_MISS_TYPE] = { .type = NLA_U32 },
	};
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	*extack = (struct extack){ .text = "" };
	if (nla_parse(tb, NLMSGERR_ATTR_MAX, first, room, policy))
		return;

	if (tb[NLMSGERR_ATTR_MSG]) {
		extack->text = nla_data(tb[NLMSGERR_ATTR_MSG]);
		extack->length = strnlen(extack->text,
					 nla_len(tb[NLMSGERR_ATTR_MSG]));
	}
	if (tb[NLMSGERR_ATTR_MISS_TYPE])
		extack->attribute = nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]);
	else if (tb[NLMSGERR_ATTR_OFFS] && sent)
		extack->attribute =
			attribute_at(sent,
				     nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
}
