// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the netlink interface creates, reads and deletes objects as they
 * were asked for, and that each refusal has its errno and says in words why.
 */
#include "nl_test.h"

#include <stdarg.h>

#define NAME "selftest-netlink"

struct seen {
	unsigned int n;
	__u32 id, kind, align, mode, uid, gid, open_files;
	__u64 block_size, blocks, bytes, stride, footprint, in_use, kept;
	char name[MPDEMO_NAME_SIZE];
	bool dying;
};

FIXTURE(netlink) {
	struct nlt nl;
	struct seen seen;
	int dev;
};

static __u32 u32_of(struct nlattr **attr, int type)
{
	return attr[type] ? nla_get_u32(attr[type]) : 0;
}

static __u64 u64_of(struct nlattr **attr, int type)
{
	return attr[type] ? nla_get_u64(attr[type]) : 0;
}

static void see(struct nlattr **attr, void *arg)
{
	struct seen *s = arg;

	*s = (struct seen){
		.n = s->n + 1,
		.id = u32_of(attr, MPDEMO_A_ID),
		.kind = u32_of(attr, MPDEMO_A_KIND),
		.align = u32_of(attr, MPDEMO_A_ALIGN),
		.mode = u32_of(attr, MPDEMO_A_MODE),
		.uid = u32_of(attr, MPDEMO_A_UID),
		.gid = u32_of(attr, MPDEMO_A_GID),
		.open_files = u32_of(attr, MPDEMO_A_OPEN_FILES),
		.block_size = u64_of(attr, MPDEMO_A_BLOCK_SIZE),
		.blocks = u64_of(attr, MPDEMO_A_BLOCKS),
		.bytes = u64_of(attr, MPDEMO_A_BYTES),
		.stride = u64_of(attr, MPDEMO_A_STRIDE),
		.footprint = u64_of(attr, MPDEMO_A_FOOTPRINT),
		.in_use = u64_of(attr, MPDEMO_A_IN_USE),
		.kept = u64_of(attr, MPDEMO_A_KEPT),
		.dying = attr[MPDEMO_A_DYING],
	};
	if (attr[MPDEMO_A_NAME])
		nla_strlcpy(s->name, attr[MPDEMO_A_NAME], sizeof(s->name));
}

FIXTURE_SETUP(netlink)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	self->nl.each = see;
	self->nl.arg = &self->seen;
}

FIXTURE_TEARDOWN(netlink)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

TEST_F(netlink, pool_comes_and_goes)
{
	struct nl_msg *msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);
	struct seen new;
	__u64 h[3];
	int fd;

	nla_put_string(msg, MPDEMO_A_NAME, NAME);
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_POOL);
	nla_put_u64(msg, MPDEMO_A_BLOCK_SIZE, 24);
	nla_put_u64(msg, MPDEMO_A_BLOCKS, 1000);
	nla_put_u32(msg, MPDEMO_A_ALIGN, 64);
	nla_put_u32(msg, MPDEMO_A_MODE, 0640);
	ASSERT_EQ(0, nlt_call(&self->nl, msg));
	new = self->seen;
	EXPECT_EQ(1, new.n);
	EXPECT_LT(0, new.id);
	EXPECT_STREQ(NAME, new.name);
	EXPECT_EQ(MPDEMO_KIND_POOL, new.kind);
	EXPECT_EQ(24, new.block_size);
	EXPECT_EQ(1000, new.blocks);
	EXPECT_EQ(64, new.align);
	EXPECT_EQ(64, new.stride);
	EXPECT_LE(64000, new.footprint);
	EXPECT_EQ(0640, new.mode);
	EXPECT_EQ(0, new.uid);
	EXPECT_EQ(0, new.gid);
	EXPECT_EQ(0, new.bytes);
	EXPECT_EQ(0, new.open_files);
	EXPECT_FALSE(new.dying);

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	EXPECT_EQ(new.id, info_of(fd).out_id);
	EXPECT_EQ(new.footprint, info_of(fd).out_footprint);
	ASSERT_EQ(0, pool_alloc_bulk(fd, 3, h));
	ASSERT_EQ(0, pool_keep(fd, h[0]));
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_GET, new.id));
	EXPECT_STREQ(NAME, self->seen.name);
	EXPECT_EQ(3, self->seen.in_use);
	EXPECT_EQ(1, self->seen.kept);
	EXPECT_EQ(1, self->seen.open_files);
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(new.id, self->seen.id);

	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_DEL, new.id));
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_GET, new.id));
	EXPECT_TRUE(self->seen.dying);
	EXPECT_STREQ("", self->seen.name);
	EXPECT_EQ(2, self->seen.in_use);
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(POLL_UNTIL(nlt_by_id(&self->nl, MPDEMO_CMD_GET, new.id) ==
			       -ENOENT));
}

TEST_F(netlink, arena_comes_and_goes)
{
	ASSERT_EQ(0, nlt_new_arena(&self->nl, NAME, 65536, 0600));
	EXPECT_EQ(MPDEMO_KIND_ARENA, self->seen.kind);
	EXPECT_EQ(65536, self->seen.bytes);
	EXPECT_EQ(0, self->seen.blocks);
	EXPECT_LE(65536, self->seen.footprint);
	EXPECT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_DEL, NAME));
	EXPECT_EQ(-ENOENT, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
}

TEST_F(netlink, mode_is_0600_unless_given)
{
	struct nl_msg *msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);

	nla_put_string(msg, MPDEMO_A_NAME, NAME);
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, 100);
	ASSERT_EQ(0, nlt_call(&self->nl, msg));
	EXPECT_EQ(0600, self->seen.mode);
}

/* The longest name there is. */
TEST_F(netlink, name_of_63)
{
	char name[MPDEMO_NAME_SIZE] = { 0 };
	int fd;

	memset(name, 'n', sizeof(name) - 1);
	nlt_del_name(&self->nl, name);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, name, 8, 1, 0600));
	EXPECT_STREQ(name, self->seen.name);
	fd = object_open(self->dev, name, RW);
	EXPECT_LE(0, fd);
	EXPECT_STREQ(name, (char *)info_of(fd).out_name);
	EXPECT_EQ(0, nlt_del_name(&self->nl, name));
}

/* The errno, words of some length, and nothing was created. */
#define REFUSED(want, seen, what)					\
do {									\
	CHECK(want, seen, "%s: \"%s\"", what, self->nl.text);		\
	CHECK(true, strlen(self->nl.text) > 5, "%s: no text", what);	\
} while (0)

/* A list of attributes that ends with 0: type, size in bytes, value. */
static int new_with(struct nlt *nl, const char *name, ...)
{
	struct nl_msg *msg = nlt_msg(nl, MPDEMO_CMD_NEW, 0);
	va_list args;
	int type;

	if (name)
		nla_put_string(msg, MPDEMO_A_NAME, name);
	va_start(args, name);
	while ((type = va_arg(args, int))) {
		int size = va_arg(args, int);
		__u64 value = va_arg(args, __u64);

		nla_put(msg, type, size, &value);
	}
	va_end(args);
	return nlt_call(nl, msg);
}

#define KIND(k)		MPDEMO_A_KIND, 4, (__u64)(k)
#define BLOCK_SIZE(s)	MPDEMO_A_BLOCK_SIZE, 8, (__u64)(s)
#define BLOCKS(n)	MPDEMO_A_BLOCKS, 8, (__u64)(n)
#define BYTES(n)	MPDEMO_A_BYTES, 8, (__u64)(n)
#define ALIGN(n)	MPDEMO_A_ALIGN, 4, (__u64)(n)
#define MODE(m)		MPDEMO_A_MODE, 4, (__u64)(m)
#define POOL		KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(24), BLOCKS(8)
#define ARENA		KIND(MPDEMO_KIND_ARENA), BYTES(4096)

#define NEW(want, name, ...)						\
	REFUSED(want, new_with(&self->nl, name, __VA_ARGS__, 0),	\
		#name ", " #__VA_ARGS__)

TEST_F(netlink, new_refused)
{
	unsigned int before;

	ASSERT_EQ(0, nlt_dump(&self->nl));
	before = self->nl.replies;

	NEW(-EINVAL, NULL, POOL);
	NEW(-EINVAL, NAME, BLOCK_SIZE(24), BLOCKS(8));
	NEW(-EINVAL, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(24));
	NEW(-EINVAL, NAME, KIND(MPDEMO_KIND_POOL), BLOCKS(8));
	NEW(-EINVAL, NAME, KIND(MPDEMO_KIND_ARENA));

	NEW(-ERANGE, NAME, KIND(0), BLOCK_SIZE(24), BLOCKS(8));
	NEW(-ERANGE, NAME, KIND(4), BLOCK_SIZE(24), BLOCKS(8));
	NEW(-ERANGE, NAME, KIND(~0U), BYTES(8));
	NEW(-EOPNOTSUPP, NAME, KIND(MPDEMO_KIND_HEAP), BYTES(8));

	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(0), BLOCKS(8));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(1ULL << 63),
	    BLOCKS(8));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL),
	    BLOCK_SIZE(MPDEMO_BLOCK_SIZE_MAX + 1ULL), BLOCKS(8));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(24), BLOCKS(0));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(24),
	    BLOCKS(1ULL << 63));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL), BLOCK_SIZE(24),
	    BLOCKS(MPDEMO_BLOCKS_MAX + 1ULL));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_POOL),
	    BLOCK_SIZE(MPDEMO_BLOCK_SIZE_MAX), BLOCKS(MPDEMO_BLOCKS_MAX));
	NEW(-ERANGE, NAME, POOL, ALIGN(3));
	NEW(-ERANGE, NAME, POOL, ALIGN(8192));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_ARENA), BYTES(0));
	NEW(-ERANGE, NAME, KIND(MPDEMO_KIND_ARENA), BYTES(1ULL << 63));

	NEW(-EINVAL, NAME, POOL, BYTES(8));
	NEW(-EINVAL, NAME, ARENA, BLOCK_SIZE(8));
	NEW(-EINVAL, NAME, ARENA, BLOCKS(8));
	NEW(-EINVAL, NAME, ARENA, ALIGN(8));
	NEW(-EINVAL, NAME, POOL, MODE(01777));
	NEW(-EINVAL, NAME, POOL, MODE(~0U));

	/* What is not for a request, what is not there at all. */
	NEW(-EINVAL, NAME, POOL, MPDEMO_A_ID, 4, 7ULL);
	NEW(-EINVAL, NAME, POOL, MPDEMO_A_UID, 4, 0ULL);
	NEW(-EINVAL, NAME, POOL, MPDEMO_A_MAX + 1, 4, 7ULL);
	NEW(-EINVAL, NAME, POOL, 1000, 8, 7ULL);
	NEW(-EINVAL, NAME, POOL, MPDEMO_A_MODE, 8, 0600ULL);
	NEW(-EINVAL, NAME, KIND(MPDEMO_KIND_POOL), BLOCKS(8),
	    MPDEMO_A_BLOCK_SIZE, 4, 24ULL);

	ASSERT_EQ(0, nlt_dump(&self->nl));
	EXPECT_EQ(before, self->nl.replies);
	EXPECT_EQ(-ENOENT, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
}

TEST_F(netlink, names_refused)
{
	static const char * const malformed[] = {
		"/", "a/b", "../../etc", ".hidden", "..", "-x", "a b", " ",
		"a\nb", "\t", "\x7f", "\xc3\xa4",
	};
	struct nl_msg *msg;
	char name[8000];

	NEW(-EINVAL, "", POOL);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		NEW(-EINVAL, malformed[i], POOL);
		EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
	}
	for (size_t length = 64; length < sizeof(name); length *= 2) {
		int err;

		memset(name, 'n', length);
		name[length] = 0;
		err = new_with(&self->nl, name, POOL, 0);
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE);
		EXPECT_LT(5, strlen(self->nl.text));
	}

	/* A string without an end, and one that is nothing but its end. */
	msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);
	nla_put(msg, MPDEMO_A_NAME, 4, "name");
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, 100);
	REFUSED(-EINVAL, nlt_call(&self->nl, msg), "no NUL");
	msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);
	nla_put(msg, MPDEMO_A_NAME, 0, "");
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, 100);
	REFUSED(-EINVAL, nlt_call(&self->nl, msg), "no bytes");
}

TEST_F(netlink, duplicate)
{
	__u32 id;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 8, 0600));
	id = self->seen.id;
	NEW(-EEXIST, NAME, POOL);
	NEW(-EEXIST, NAME, ARENA);
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(id, self->seen.id);
}

TEST_F(netlink, get_and_del_refused)
{
	static const int cmds[] = { MPDEMO_CMD_GET, MPDEMO_CMD_DEL };

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 8, 0600));
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct nl_msg *msg = nlt_msg(&self->nl, cmds[i], 0);

		REFUSED(-EINVAL, nlt_call(&self->nl, msg), "neither");
		msg = nlt_msg(&self->nl, cmds[i], 0);
		nla_put_u32(msg, MPDEMO_A_ID, self->seen.id);
		nla_put_string(msg, MPDEMO_A_NAME, "other");
		REFUSED(-EINVAL, nlt_call(&self->nl, msg), "both");
		REFUSED(-ENOENT, nlt_by_name(&self->nl, cmds[i], "no-such"),
			"unknown name");
		EXPECT_LT(0, self->nl.text_attr);
		REFUSED(-ENOENT, nlt_by_id(&self->nl, cmds[i], 0), "id 0");
		REFUSED(-ENOENT, nlt_by_id(&self->nl, cmds[i], ~0U), "id ~0");
	}
	EXPECT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
}

/* An anonymous object can be read, and has no name to be deleted by. */
TEST_F(netlink, anonymous)
{
	int fd = pool_create(self->dev, 24, 8);
	__u32 id;

	ASSERT_LE(0, fd);
	id = info_of(fd).out_id;
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_GET, id));
	EXPECT_STREQ("", self->seen.name);
	EXPECT_FALSE(self->seen.dying);
	EXPECT_EQ(8, self->seen.blocks);
	EXPECT_NE(0, nlt_by_id(&self->nl, MPDEMO_CMD_DEL, id));
	EXPECT_LT(5, strlen(self->nl.text));
	EXPECT_EQ(8, info_of(fd).out_capacity);
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(POLL_UNTIL(nlt_by_id(&self->nl, MPDEMO_CMD_GET, id) ==
			       -ENOENT));
}

TEST_F(netlink, unknown_command)
{
	EXPECT_EQ(-EOPNOTSUPP, nlt_call(&self->nl, nlt_msg(&self->nl, 0, 0)));
	EXPECT_EQ(-EOPNOTSUPP, nlt_call(&self->nl, nlt_msg(&self->nl, 200, 0)));
	EXPECT_EQ(-EOPNOTSUPP, nlt_call(&self->nl,
					nlt_msg(&self->nl, MPDEMO_CMD_NEW,
						NLM_F_DUMP)));
}

TEST_HARNESS_MAIN
