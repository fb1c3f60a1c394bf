// SPDX-License-Identifier: GPL-2.0
/*
 * The command that creates a named object.
 */

#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <net/genetlink.h>

#include <mempool_demo/heap.h>
#include <mempool_demo/refusal.h>

#include "generated/netlink_policy.h"
#include "object.h"
#include "objectnl.h"
#include "registry.h"

/* Where the request does not say else: the owner alone. */
#define DEFAULT_MODE	0600

/* What each kind can be asked for; all of them have a name, an owner and a mode. */
static const struct {
	int attr;
	u32 kinds;
	const char *why;
} settings[] = {
	{ MPDEMO_A_BLOCK_SIZE, BIT(MPDEMO_KIND_POOL),
	  "only a pool has a size of its blocks" },
	{ MPDEMO_A_BLOCKS, BIT(MPDEMO_KIND_POOL) | BIT(MPDEMO_KIND_HEAP),
	  "an arena has no blocks, but bytes" },
	{ MPDEMO_A_ALIGN, BIT(MPDEMO_KIND_POOL),
	  "only a pool has an alignment of its blocks" },
	{ MPDEMO_A_MAX_BLOCKS, BIT(MPDEMO_KIND_POOL), "only a pool can grow" },
	{ MPDEMO_A_CHUNK_BLOCKS, BIT(MPDEMO_KIND_POOL), "only a pool can grow" },
	{ MPDEMO_A_BYTES, BIT(MPDEMO_KIND_ARENA),
	  "only an arena has bytes; a pool has block-size, a heap large-bytes" },
	{ MPDEMO_A_LARGE_BYTES, BIT(MPDEMO_KIND_HEAP),
	  "only a heap has bytes for large sizes" },
	{ MPDEMO_A_FINE, BIT(MPDEMO_KIND_HEAP), "only a heap has classes" },
	{ MPDEMO_A_QUOTA, BIT(MPDEMO_KIND_POOL) | BIT(MPDEMO_KIND_HEAP),
	  "an arena has no quota, as nobody holds any of it" },
};

/* An attribute of another kind is a misunderstanding, not to be ignored. */
static int check_kind_attrs(struct genl_info *info, u32 kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (info->attrs[settings[i].attr] &&
		    !(settings[i].kinds & BIT(kind)))
			return objectnl_refuse(info, -EINVAL, settings[i].attr,
					       settings[i].why);
	switch (kind) {
	case MPDEMO_KIND_POOL:
		return objectnl_need(info, MPDEMO_A_BLOCK_SIZE,
				     "a pool needs block-size and blocks") ?:
		       objectnl_need(info, MPDEMO_A_BLOCKS,
				     "a pool needs block-size and blocks");
	case MPDEMO_KIND_ARENA:
		return objectnl_need(info, MPDEMO_A_BYTES, "an arena needs bytes");
	default:
		/* Either may be 0, and a heap that has nothing at all is refused. */
		return 0;
	}
}

static u64 attr_u64(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

static u32 attr_u32(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

static void parse_settings(struct genl_info *info,
			   struct mpdemo_object_config *config)
{
	config->block_size = attr_u64(info, MPDEMO_A_BLOCK_SIZE);
	config->blocks = attr_u64(info, MPDEMO_A_BLOCKS);
	config->align = attr_u32(info, MPDEMO_A_ALIGN);
	config->max_blocks = attr_u64(info, MPDEMO_A_MAX_BLOCKS);
	config->chunk_blocks = attr_u64(info, MPDEMO_A_CHUNK_BLOCKS);
	config->bytes = config->kind == MPDEMO_OBJECT_HEAP ?
			attr_u64(info, MPDEMO_A_LARGE_BYTES) :
			attr_u64(info, MPDEMO_A_BYTES);
	if (info->attrs[MPDEMO_A_FINE])
		config->heap_flags = MPDEMO_HEAP_FINE;
	config->quota = attr_u32(info, MPDEMO_A_QUOTA);
}

static int parse_owner(struct genl_info *info,
		       struct mpdemo_object_config *config)
{
	config->mode = DEFAULT_MODE;
	config->has_owner = true;
	current_fsuid_fsgid(&config->uid, &config->gid);
	return objectnl_get_mode(info, &config->mode) ?:
	       objectnl_get_uid(info, &config->uid) ?:
	       objectnl_get_gid(info, &config->gid);
}

static int parse(struct genl_info *info, struct mpdemo_object_config *config)
{
	int ret;

	ret = objectnl_need(info, MPDEMO_A_NAME, "an object needs a name") ?:
	      objectnl_need(info, MPDEMO_A_KIND, "an object needs a kind");
	if (ret)
		return ret;
	config->name = nla_data(info->attrs[MPDEMO_A_NAME]);
	config->kind = nla_get_u32(info->attrs[MPDEMO_A_KIND]);
	ret = check_kind_attrs(info, config->kind) ?: parse_owner(info, config);
	if (!ret)
		parse_settings(info, config);
	return ret;
}

int mempool_demo_nl_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct mpdemo_object_config config = {};
	struct mpdemo_object *object;
	struct mpdemo_refusal refusal = {};
	int ret;

	BUILD_BUG_ON((int)MPDEMO_KIND_POOL != MPDEMO_OBJECT_POOL);
	BUILD_BUG_ON((int)MPDEMO_KIND_ARENA != MPDEMO_OBJECT_ARENA);
	BUILD_BUG_ON((int)MPDEMO_KIND_HEAP != MPDEMO_OBJECT_HEAP);

	ret = objectnl_check_admin(skb, info);
	if (ret)
		return ret;
	ret = parse(info, &config);
	if (ret)
		return ret;

	object = mpdemo_registry_create(&config, &refusal);
	if (IS_ERR(object)) {
		objectnl_tell_refusal(info, &refusal);
		return PTR_ERR(object);
	}
	ret = objectnl_reply(info, object);
	/* Who is told of an error must not find the object there. */
	if (ret)
		mpdemo_registry_delete(object);
	mpdemo_registry_put(object);
	return ret;
}
