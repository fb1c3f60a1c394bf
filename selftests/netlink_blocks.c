// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that netlink tells the state of each block: all of them, each once, also while
 * they change hands and the object goes away; and what it refuses.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define NAME	"selftest-blocks"
#define BLOCKS	5000
#define MOST	(1 << 20)
#define UNTOLD	255

FIXTURE(blocks) {
	struct nlt nl;
	int dev, pool;
	/* what the last answer told */
	unsigned int next, wrong, messages, told[7];
	__u64 block_size[MOST / 1024], bytes, in_use, peak;
	unsigned char state[MOST];
	__u64 h[BLOCKS];
};

/* Blocks must come in their order, without a gap, in well-formed messages. */
static void see(struct nlattr **attr, void *arg)
{
	FIXTURE_DATA(blocks) *self = arg;
	unsigned int first, count;
	unsigned char *states;

	self->messages++;
	self->wrong += !attr[MPDEMO_A_ID];
	if (attr[MPDEMO_A_BYTES]) {
		self->bytes = nla_get_u64(attr[MPDEMO_A_BYTES]);
		self->in_use = nla_get_u64(attr[MPDEMO_A_IN_USE]);
		self->peak = nla_get_u64(attr[MPDEMO_A_PEAK]);
		return;
	}
	first = nla_get_u32(attr[MPDEMO_A_FIRST]);
	count = nla_get_u32(attr[MPDEMO_A_COUNT]);
	states = nla_data(attr[MPDEMO_A_STATES]);
	if (first != self->next || first + count > MOST || !count || count > 4096 ||
	    nla_len(attr[MPDEMO_A_STATES]) != (int)(count + 1) / 2) {
		self->wrong++;
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		unsigned char state = states[i / 2] >> (i % 2 ? 4 : 0) & 15;

		self->state[first + i] = state;
		if (state < ARRAY_SIZE(self->told))
			self->told[state]++;
		else
			self->wrong++;
	}
	for (unsigned int i = 0; i < count && first + i < ARRAY_SIZE(self->block_size); i++)
		self->block_size[first + i] = nla_get_u64(attr[MPDEMO_A_BLOCK_SIZE]);
	/* A page for large sizes says so, and nothing else does. */
	self->wrong += !attr[MPDEMO_A_PAGES] !=
		       (nla_get_u64(attr[MPDEMO_A_BLOCK_SIZE]) != 4096);
	self->next = first + count;
}

static void forget(FIXTURE_DATA(blocks) *self, unsigned int next)
{
	memset(self->told, 0, sizeof(self->told));
	memset(self->state, UNTOLD, sizeof(self->state));
	self->next = next;
	self->wrong = 0;
	self->messages = 0;
}

FIXTURE_SETUP(blocks)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 24, BLOCKS, 0600));
	self->nl.each = see;
	self->nl.arg = self;
	self->pool = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, self->pool);
}

FIXTURE_TEARDOWN(blocks)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->pool);
	close(self->dev);
}

#define DUMP(...)	(forget(self, 0),				\
	nlt_dump_with(&self->nl, MPDEMO_CMD_BLOCKS, NULL, __VA_ARGS__, 0))
#define DUMP_ID(fd)	DUMP(NLT_U32(MPDEMO_A_ID, info_of(fd).out_id))

#define TOLD(free, cached, held, kept, absent)				\
do {										\
	CHECK(free, self->told[MPDEMO_BLOCK_FREE], "free");			\
	CHECK(cached, self->told[MPDEMO_BLOCK_CACHED], "cached");		\
	CHECK(0, self->told[MPDEMO_BLOCK_RESERVED], "reserved");		\
	CHECK(held, self->told[MPDEMO_BLOCK_HELD], "held");			\
	CHECK(kept, self->told[MPDEMO_BLOCK_KEPT], "kept");			\
	CHECK(0, self->told[MPDEMO_BLOCK_MOVING], "moving");			\
	CHECK(absent, self->told[MPDEMO_BLOCK_ABSENT], "absent");		\
	CHECK(0, self->wrong, "wrong");						\
} while (0)

TEST_F(blocks, of_a_pool)
{
	unsigned int amiss = 0;

	ASSERT_EQ(0, DUMP_ID(self->pool));
	TOLD(BLOCKS, 0, 0, 0, 0);
	EXPECT_EQ(BLOCKS, self->next);
	EXPECT_EQ(24, self->block_size[0]);
	EXPECT_LT(2, self->messages);

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 1000, self->h));
	for (int i = 0; i < 1000; i += 4)
		ASSERT_EQ(0, pool_keep(self->pool, self->h[i]));
	for (int i = 1; i < 1000; i += 4)
		ASSERT_EQ(0, pool_free(self->pool, self->h[i]));
	forget(self, 0);
	ASSERT_EQ(0, nlt_dump_with(&self->nl, MPDEMO_CMD_BLOCKS, NAME, 0));
	TOLD(BLOCKS - 750, 0, 500, 250, 0);
	for (int i = 0; i < 1000; i++) {
		static const int wanted[] = {
			MPDEMO_BLOCK_KEPT, MPDEMO_BLOCK_FREE,
			MPDEMO_BLOCK_HELD, MPDEMO_BLOCK_HELD,
		};

		amiss += self->state[MPDEMO_HANDLE_INDEX(self->h[i])] != wanted[i % 4];
	}
	EXPECT_EQ(0, amiss);
}

/* From a block in the middle on, by either way. */
TEST_F(blocks, from_one_on)
{
	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 3000, self->h));
	forget(self, 2999);
	ASSERT_EQ(0, nlt_dump_with(&self->nl, MPDEMO_CMD_BLOCKS, NAME,
				   NLT_U32(MPDEMO_A_FIRST, 2999), 0));
	TOLD(2000, 0, 1, 0, 0);
	EXPECT_EQ(BLOCKS, self->next);

	forget(self, 2999);
	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_BLOCKS, NAME,
			      NLT_U32(MPDEMO_A_FIRST, 2999), 0));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(MPDEMO_BLOCK_HELD, self->state[2999]);
	EXPECT_EQ(MPDEMO_BLOCK_FREE, self->state[3000]);
	EXPECT_EQ(0, self->wrong);
	forget(self, 0);
	ASSERT_EQ(0, nlt_by_name(&self->nl, MPDEMO_CMD_BLOCKS, NAME));
	EXPECT_LT(1000, self->next);
	EXPECT_EQ(self->next, self->told[MPDEMO_BLOCK_HELD]);
	EXPECT_EQ(0, self->wrong);
	/* The last block, alone in its byte. */
	forget(self, BLOCKS - 1);
	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_BLOCKS, NAME,
			      NLT_U32(MPDEMO_A_FIRST, BLOCKS - 1), 0));
	TOLD(1, 0, 0, 0, 0);
}

static void *wait_for_four(void *arg)
{
	__u64 h[4];

	return (void *)(long)pool_alloc_bulk_wait(*(int *)arg, MPDEMO_ALLOC_WAIT,
						  in_ms(30000), 4, h);
}

TEST_F(blocks, granted)
{
	int pool = pool_create(self->dev, 24, 6);
	pthread_t thread;
	void *ret;

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, pool_alloc_bulk(pool, 4, self->h));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_four, &pool));
	/* He has got two of his four. */
	EXPECT_TRUE(POLL_UNTIL(!DUMP_ID(pool) &&
			       self->told[MPDEMO_BLOCK_CACHED] == 2));
	TOLD(0, 2, 4, 0, 0);
	ASSERT_EQ(0, pool_free_bulk(pool, 2, self->h));
	pthread_join(thread, &ret);
	EXPECT_EQ(0, (long)ret);
	ASSERT_EQ(0, DUMP_ID(pool));
	TOLD(0, 0, 6, 0, 0);
	close(pool);
}

TEST_F(blocks, of_a_pool_that_grows)
{
	int pool = pool_create_growing(self->dev, 1024, 8, 24, 8);

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, DUMP_ID(pool));
	TOLD(8, 0, 0, 0, 16);
	ASSERT_EQ(0, pool_alloc_bulk(pool, 9, self->h));
	ASSERT_EQ(0, DUMP_ID(pool));
	TOLD(7, 0, 9, 0, 8);
	close(pool);
}

/* Eight classes of 16 blocks, and 300 pages. */
TEST_F(blocks, of_a_heap)
{
	int heap = heap_create(self->dev, 16, 300 * 4096);
	const unsigned int pages = 8 * 16;
	__u64 small, large, kept;
	unsigned int amiss = 0;

	ASSERT_LE(0, heap);
	ASSERT_EQ(0, heap_alloc(heap, 100, &small));
	ASSERT_EQ(0, heap_alloc(heap, 250 * 4096, &large));
	ASSERT_EQ(0, heap_alloc(heap, 5000, &kept));
	ASSERT_EQ(0, pool_keep(heap, kept));
	ASSERT_EQ(0, DUMP_ID(heap));
	TOLD(pages - 1 + 48, 0, 1 + 250, 2, 0);
	EXPECT_EQ(pages + 300, self->next);
	EXPECT_EQ(9, self->messages);
	for (unsigned int i = 0; i < pages; i++)
		amiss += self->block_size[i] != 8ULL << i / 16;
	EXPECT_EQ(0, amiss);
	EXPECT_EQ(4096, self->block_size[pages]);
	EXPECT_EQ(MPDEMO_BLOCK_HELD, self->state[MPDEMO_HANDLE_INDEX(small)]);
	for (unsigned int i = 0; i < 250; i++)
		amiss += self->state[MPDEMO_HANDLE_INDEX(large) + i] != MPDEMO_BLOCK_HELD;
	for (unsigned int i = 0; i < 2; i++)
		amiss += self->state[MPDEMO_HANDLE_INDEX(kept) + i] != MPDEMO_BLOCK_KEPT;
	EXPECT_EQ(0, amiss);

	/* From the middle of a run on. */
	forget(self, MPDEMO_HANDLE_INDEX(large) + 249);
	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_BLOCKS, NULL,
			      NLT_U32(MPDEMO_A_ID, info_of(heap).out_id),
			      NLT_U32(MPDEMO_A_FIRST, MPDEMO_HANDLE_INDEX(large) + 249), 0));
	EXPECT_EQ(MPDEMO_BLOCK_HELD, self->state[MPDEMO_HANDLE_INDEX(large) + 249]);
	EXPECT_EQ(0, self->wrong);
	close(heap);
}

TEST_F(blocks, of_an_arena)
{
	int arena = arena_create(self->dev, 65536);
	__u64 offset;

	ASSERT_LE(0, arena);
	ASSERT_EQ(0, arena_alloc(arena, 1000, 8, &offset));
	ASSERT_EQ(0, DUMP_ID(arena));
	EXPECT_EQ(1, self->messages);
	EXPECT_EQ(65536, self->bytes);
	EXPECT_EQ(1000, self->in_use);
	ASSERT_EQ(0, arena_reset(arena, &offset));
	ASSERT_EQ(0, nlt_by_id(&self->nl, MPDEMO_CMD_BLOCKS, info_of(arena).out_id));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(0, self->in_use);
	EXPECT_EQ(1000, self->peak);
	close(arena);
}

/* Each is refused in the same words, whether one answer is asked for or all. */
#define NO(errno, attr, words, ...)						\
do {										\
	forget(self, 0);							\
	REFUSED(&self->nl, errno, attr, words,					\
		nlt_with(&self->nl, MPDEMO_CMD_BLOCKS, __VA_ARGS__, 0), words);	\
	EXPECT_EQ(errno, nlt_dump_with(&self->nl, MPDEMO_CMD_BLOCKS,		\
				       __VA_ARGS__, 0));			\
	EXPECT_NE(NULL, strstr(self->nl.text, words));				\
	EXPECT_EQ(0, self->nl.replies);						\
} while (0)

TEST_F(blocks, refused)
{
	int arena = arena_create(self->dev, 4096);
	__u32 id = info_of(self->pool).out_id;

	NO(-EINVAL, 0, "either an id or a name", NULL);
	NO(-EINVAL, 0, "either an id or a name", NAME, NLT_U32(MPDEMO_A_ID, id));
	NO(-ENOENT, MPDEMO_A_NAME, "no such object", NAME "-none");
	NO(-ENOENT, MPDEMO_A_ID, "no such object", NULL,
	   NLT_U32(MPDEMO_A_ID, ~0U));
	NO(-ERANGE, MPDEMO_A_FIRST, "so many blocks", NAME,
	   NLT_U32(MPDEMO_A_FIRST, BLOCKS));
	NO(-ERANGE, MPDEMO_A_FIRST, "so many blocks", NAME,
	   NLT_U32(MPDEMO_A_FIRST, ~0U));
	NO(-EOPNOTSUPP, MPDEMO_A_FIRST, "an arena has no blocks", NULL,
	   NLT_U32(MPDEMO_A_ID, info_of(arena).out_id),
	   NLT_U32(MPDEMO_A_FIRST, 0));
	NO(-EINVAL, MPDEMO_A_MODE, "ttribute", NAME, NLT_U32(MPDEMO_A_MODE, 0));
	close(arena);
}

/* As "get" is. */
TEST_F(blocks, for_everybody)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct nlt nl;

		if (become(NOBODY, NOBODY) || nlt_open(&nl))
			_exit(101);
		exit_errno(nlt_dump_with(&nl, MPDEMO_CMD_BLOCKS, NAME, 0) ?:
			   nl.replies < 3 ? -EBADMSG : 0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

struct churn {
	pthread_t thread;
	int dev, pool;
	atomic_bool *stop;
	atomic_long rounds;
	long failed;
};

static void *churn(void *arg)
{
	struct churn *c = arg;
	int pool = object_reopen(c->pool, RW);

	c->failed += pool < 0;
	for (; !atomic_load(c->stop); c->rounds++) {
		int other = pool_create(c->dev, 8, 1);
		__u64 h[50];

		c->failed += other < 0 || pool_alloc_bulk(pool, 50, h);
		c->failed += !!pool_keep(pool, h[7]);
		c->failed += !!pool_free_bulk(pool, 50, h);
		close(other);
	}
	close(pool);
	return NULL;
}

static bool all_have_changed(struct churn *c, size_t n, unsigned int others)
{
	for (size_t i = 0; i < n; i++)
		if (!c[i].rounds)
			return false;
	return others;
}

/* Each block is told once, and those that nobody touches as what they are. */
TEST_F(blocks, while_they_change_hands)
{
	struct churn c[3] = { 0 };
	unsigned int others = 0;
	atomic_bool stop = false;

	ASSERT_EQ(0, pool_alloc_bulk(self->pool, 4096, self->h));
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = (struct churn){ .dev = self->dev, .pool = self->pool,
				       .stop = &stop };
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, churn, &c[i]));
	}
	/* More often where there is one CPU for all: until the others have had their turn. */
	for (int i = 0; i < 30 || (!all_have_changed(c, ARRAY_SIZE(c), others) && i < 10000);
	     i++) {
		unsigned int amiss = 0;

		EXPECT_EQ(0, DUMP_ID(self->pool));
		CHECK(0, self->wrong, "dump %d", i);
		CHECK(BLOCKS, self->next, "dump %d", i);
		for (int j = 0; j < 4096; j++)
			amiss += self->state[MPDEMO_HANDLE_INDEX(self->h[j])] != MPDEMO_BLOCK_HELD;
		CHECK(0, amiss, "dump %d", i);
		others += BLOCKS - 4096 - self->told[MPDEMO_BLOCK_FREE];
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].failed);
		EXPECT_LT(0, atomic_load(&c[i].rounds));
	}
	EXPECT_LT(0, others);
}

/*
 * A dump keeps nothing alive: its object goes away between two messages. It ends then,
 * and says that it is not complete.
 */
TEST_F(blocks, gone_meanwhile)
{
	struct nl_msg *msg;
	struct nlt other;
	__u32 id;
	int pool;

	pool = pool_create(self->dev, 1, MOST);
	ASSERT_LE(0, pool);
	id = info_of(pool).out_id;
	ASSERT_EQ(0, nlt_open(&other));
	/* The first messages are made now, and wait in the socket. */
	msg = nlt_msg(&other, MPDEMO_CMD_BLOCKS, NLM_F_DUMP);
	nla_put_u32(msg, MPDEMO_A_ID, id);
	ASSERT_LE(0, nl_send_auto(other.sock, msg));
	nlmsg_free(msg);
	close(pool);
	self->nl.each = NULL;
	EXPECT_TRUE(POLL_UNTIL(nlt_by_id(&self->nl, MPDEMO_CMD_GET, id) == -ENOENT));

	other.each = see;
	other.arg = self;
	forget(self, 0);
	EXPECT_EQ(-ENOENT, nlt_receive(&other));
	EXPECT_NE(NULL, strstr(other.text, "gone meanwhile"));
	EXPECT_EQ(0, self->wrong);
	EXPECT_LT(0, self->next);
	EXPECT_GT(MOST, self->next);
	nlt_close(&other);
}

TEST_HARNESS_MAIN
