// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the netlink interface creates, reads and deletes objects as they
 * were asked for, and that each refusal has its errno and says in words why.
 */
#include "nl_test.h"

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
	REFUSED(&self->nl, -ENOENT, 0, "goes away with its last open file",
		nlt_by_id(&self->nl, MPDEMO_CMD_DEL, new.id), "once more");
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

#define KIND(k)		NLT_U32(MPDEMO_A_KIND, k)
#define BLOCK_SIZE(s)	NLT_U64(MPDEMO_A_BLOCK_SIZE, s)
#define BLOCKS(n)	NLT_U64(MPDEMO_A_BLOCKS, n)
#define BYTES(n)	NLT_U64(MPDEMO_A_BYTES, n)
#define ALIGN(n)	NLT_U32(MPDEMO_A_ALIGN, n)
#define MODE(m)		NLT_U32(MPDEMO_A_MODE, m)
#define A_POOL		KIND(MPDEMO_KIND_POOL)
#define AN_ARENA	KIND(MPDEMO_KIND_ARENA)
#define POOL		A_POOL, BLOCK_SIZE(24), BLOCKS(8)
#define ARENA		AN_ARENA, BYTES(4096)

#define NEW(want, attr, words, name, ...)				\
	REFUSED(&self->nl, want, attr, words,				\
		nlt_with(&self->nl, MPDEMO_CMD_NEW, name, __VA_ARGS__, 0), \
		#name ", " #__VA_ARGS__)

TEST_F(netlink, new_refused)
{
	unsigned int before;

	ASSERT_EQ(0, nlt_dump(&self->nl));
	before = self->nl.replies;

	NEW(-EINVAL, MISSING(MPDEMO_A_NAME), "name", NULL, POOL);
	NEW(-EINVAL, MISSING(MPDEMO_A_KIND), "kind", NAME, BLOCK_SIZE(24),
	    BLOCKS(8));
	NEW(-EINVAL, MISSING(MPDEMO_A_BLOCKS), "needs block-size", NAME, A_POOL,
	    BLOCK_SIZE(24));
	NEW(-EINVAL, MISSING(MPDEMO_A_BLOCK_SIZE), "needs block-size", NAME,
	    A_POOL, BLOCKS(8));
	NEW(-EINVAL, MISSING(MPDEMO_A_BYTES), "needs bytes", NAME, AN_ARENA);

	NEW(-ERANGE, MPDEMO_A_KIND, "range", NAME, KIND(0), BLOCK_SIZE(24),
	    BLOCKS(8));
	NEW(-ERANGE, MPDEMO_A_KIND, "range", NAME, KIND(4), BLOCK_SIZE(24),
	    BLOCKS(8));
	NEW(-ERANGE, MPDEMO_A_KIND, "range", NAME, KIND(~0U), BYTES(8));

	NEW(-ERANGE, MPDEMO_A_BLOCK_SIZE, "4 MiB", NAME, A_POOL, BLOCK_SIZE(0),
	    BLOCKS(8));
	NEW(-ERANGE, MPDEMO_A_BLOCK_SIZE, "4 MiB", NAME, A_POOL,
	    BLOCK_SIZE(1ULL << 63), BLOCKS(8));
	NEW(-ERANGE, MPDEMO_A_BLOCK_SIZE, "4 MiB", NAME, A_POOL,
	    BLOCK_SIZE(MPDEMO_BLOCK_SIZE_MAX + 1ULL), BLOCKS(8));
	NEW(-ERANGE, MPDEMO_A_BLOCKS, "16777208", NAME, A_POOL, BLOCK_SIZE(24),
	    BLOCKS(0));
	NEW(-ERANGE, MPDEMO_A_BLOCKS, "16777208", NAME, A_POOL, BLOCK_SIZE(24),
	    BLOCKS(1ULL << 63));
	NEW(-ERANGE, MPDEMO_A_BLOCKS, "16777208", NAME, A_POOL, BLOCK_SIZE(24),
	    BLOCKS(MPDEMO_BLOCKS_MAX + 1ULL));
	NEW(-ERANGE, MPDEMO_A_BLOCKS, "64 GiB", NAME, A_POOL,
	    BLOCK_SIZE(MPDEMO_BLOCK_SIZE_MAX), BLOCKS(MPDEMO_BLOCKS_MAX));
	NEW(-ERANGE, MPDEMO_A_ALIGN, "power of two", NAME, POOL, ALIGN(3));
	NEW(-ERANGE, MPDEMO_A_ALIGN, "power of two", NAME, POOL, ALIGN(8192));
	NEW(-ERANGE, MPDEMO_A_BYTES, "64 GiB", NAME, AN_ARENA, BYTES(0));
	NEW(-ERANGE, MPDEMO_A_BYTES, "64 GiB", NAME, AN_ARENA, BYTES(1ULL << 63));

	NEW(-EINVAL, MPDEMO_A_BYTES, "only an arena", NAME, POOL, BYTES(8));
	NEW(-EINVAL, MPDEMO_A_BLOCK_SIZE, "only a pool", NAME, ARENA,
	    BLOCK_SIZE(8));
	NEW(-EINVAL, MPDEMO_A_BLOCKS, "no blocks", NAME, ARENA, BLOCKS(8));
	NEW(-EINVAL, MPDEMO_A_ALIGN, "only a pool", NAME, ARENA, ALIGN(8));
	NEW(-EINVAL, MPDEMO_A_MODE, "0666", NAME, POOL, MODE(01777));
	NEW(-EINVAL, MPDEMO_A_MODE, "0666", NAME, POOL, MODE(~0U));

	/* What is not for a request, what is not there at all. */
	NEW(-EINVAL, MPDEMO_A_ID, "", NAME, POOL, NLT_U32(MPDEMO_A_ID, 7));
	NEW(-EINVAL, MPDEMO_A_DYING, "", NAME, POOL, NLT_FLAG(MPDEMO_A_DYING));
	NEW(-EINVAL, MPDEMO_A_MAX + 1, "", NAME, POOL,
	    NLT_U32(MPDEMO_A_MAX + 1, 7));
	NEW(-EINVAL, 1000, "", NAME, POOL, NLT_U64(1000, 7));
	NEW(-EINVAL, MPDEMO_A_MODE, "", NAME, POOL, NLT_U64(MPDEMO_A_MODE, 0600));
	NEW(-EINVAL, MPDEMO_A_BLOCK_SIZE, "", NAME, A_POOL, BLOCKS(8),
	    NLT_U32(MPDEMO_A_BLOCK_SIZE, 24));

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

	NEW(-EINVAL, MPDEMO_A_NAME, "empty", "", POOL);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		NEW(-EINVAL, MPDEMO_A_NAME, "a name must ", malformed[i], POOL);
		EXPECT_EQ(-ENOENT, object_open(self->dev, NAME, RW));
	}
	for (size_t length = 64; length < sizeof(name); length *= 2) {
		int err;

		memset(name, 'n', length);
		name[length] = 0;
		err = nlt_with(&self->nl, MPDEMO_CMD_NEW, name, POOL, 0);
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE);
		EXPECT_LT(5, strlen(self->nl.text));
		EXPECT_EQ(MPDEMO_A_NAME, self->nl.bad_attr);
	}

	/* A string without an end, and one that is nothing but its end. */
	msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);
	nla_put(msg, MPDEMO_A_NAME, 4, "name");
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, 100);
	REFUSED(&self->nl, -EINVAL, MPDEMO_A_NAME, "",
		nlt_call(&self->nl, msg), "no NUL");
	msg = nlt_msg(&self->nl, MPDEMO_CMD_NEW, 0);
	nla_put(msg, MPDEMO_A_NAME, 0, "");
	nla_put_u32(msg, MPDEMO_A_KIND, MPDEMO_KIND_ARENA);
	nla_put_u64(msg, MPDEMO_A_BYTES, 100);
	REFUSED(&self->nl, -EINVAL, MPDEMO_A_NAME, "",
		nlt_call(&self->nl, msg), "no bytes");
}

TEST_F(netlink, duplicate)
{
	__u32 id;

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 8, 0600));
	id = self->seen.id;
	NEW(-EEXIST, MPDEMO_A_NAME, "already", NAME, POOL);
	NEW(-EEXIST, MPDEMO_A_NAME, "already", NAME, ARENA);
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(id, self->seen.id);
}

TEST_F(netlink, get_and_del_refused)
{
	static const int cmds[] = { MPDEMO_CMD_GET, MPDEMO_CMD_DEL };

	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, 8, 0600));
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct nlt *nl = &self->nl;
		int cmd = cmds[i];

		REFUSED(nl, -EINVAL, 0, "either an id or a name",
			nlt_with(nl, cmd, NULL, 0), "neither");
		REFUSED(nl, -EINVAL, 0, "either an id or a name",
			nlt_with(nl, cmd, NAME,
				 NLT_U32(MPDEMO_A_ID, self->seen.id), 0), "both");
		REFUSED(nl, -ENOENT, MPDEMO_A_NAME, "no such object",
			nlt_by_name(nl, cmd, "no-such"), "unknown name");
		REFUSED(nl, -ENOENT, MPDEMO_A_ID, "no such object",
			nlt_by_id(nl, cmd, 0), "id 0");
		REFUSED(nl, -ENOENT, MPDEMO_A_ID, "no such object",
			nlt_by_id(nl, cmd, ~0U), "id ~0");
		REFUSED(nl, -EINVAL, MPDEMO_A_MODE, "",
			nlt_with(nl, cmd, NAME, MODE(0600), 0), "a mode");
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
	REFUSED(&self->nl, -ENOENT, 0, "no name",
		nlt_by_id(&self->nl, MPDEMO_CMD_DEL, id), "anonymous");
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
