// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the settings of a named object can be changed by those who may, all that
 * a request asks for or nothing, and that they are of effect.
 */
#include "nl_test.h"

#include <pthread.h>

#define NAME	"selftest-set"
#define BLOCKS	16

FIXTURE(set) {
	struct nlt nl;
	struct nlt_seen seen;
	int dev;
};

FIXTURE_SETUP(set)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	self->nl.each = nlt_see;
	self->nl.arg = &self->seen;
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 64, BLOCKS, 0600));
}

FIXTURE_TEARDOWN(set)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->nl);
	close(self->dev);
}

#define VALUE(attr)	(self->seen.value[MPDEMO_A_##attr])

#define MODE(m)		NLT_U32(MPDEMO_A_MODE, m)
#define UID(n)		NLT_U32(MPDEMO_A_UID, n)
#define GID(n)		NLT_U32(MPDEMO_A_GID, n)
#define QUOTA(n)	NLT_U32(MPDEMO_A_QUOTA, n)
#define LOW(n)		NLT_U32(MPDEMO_A_LOW, n)
#define HIGH(n)		NLT_U32(MPDEMO_A_HIGH, n)
#define POISON(n)	NLT_U32(MPDEMO_A_POISON, n)
#define MAX_BLOCKS(n)	NLT_U64(MPDEMO_A_MAX_BLOCKS, n)

#define SET(...)	nlt_with(&self->nl, MPDEMO_CMD_SET, NAME, __VA_ARGS__, 0)
#define GET()		nlt_by_name(&self->nl, MPDEMO_CMD_GET, NAME)

TEST_F(set, watermarks)
{
	__u64 h[BLOCKS + 1];
	int fd;

	EXPECT_EQ(0, VALUE(LOW));
	EXPECT_EQ(0, VALUE(HIGH));
	EXPECT_EQ(MPDEMO_NL_LEVEL_NORMAL, VALUE(LEVEL));
	ASSERT_EQ(0, SET(LOW(2), HIGH(4)));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(2, VALUE(LOW));
	EXPECT_EQ(4, VALUE(HIGH));

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, pool_alloc(fd, &h[i]));
		ASSERT_EQ(0, GET());
		CHECK(i < BLOCKS - 3 ? MPDEMO_NL_LEVEL_NORMAL :
		      MPDEMO_NL_LEVEL_LOW, VALUE(LEVEL), "%d blocks", i + 1);
	}
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &h[BLOCKS]));
	ASSERT_EQ(0, GET());
	EXPECT_EQ(MPDEMO_NL_LEVEL_EXHAUSTED, VALUE(LEVEL));
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, pool_free(fd, h[i]));
		ASSERT_EQ(0, GET());
		CHECK(i < 3 ? MPDEMO_NL_LEVEL_EXHAUSTED :
		      MPDEMO_NL_LEVEL_NORMAL, VALUE(LEVEL), "%d freed", i + 1);
	}

	/* One of them alone; and none. */
	ASSERT_EQ(0, SET(LOW(3)));
	EXPECT_EQ(3, VALUE(LOW));
	EXPECT_EQ(4, VALUE(HIGH));
	ASSERT_EQ(0, SET(HIGH(BLOCKS)));
	EXPECT_EQ(BLOCKS, VALUE(HIGH));
	ASSERT_EQ(0, SET(LOW(0), HIGH(0)));
	EXPECT_EQ(0, VALUE(HIGH));
	ASSERT_EQ(0, pool_alloc_bulk(fd, BLOCKS, h));
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &h[BLOCKS]));
	ASSERT_EQ(0, GET());
	EXPECT_EQ(MPDEMO_NL_LEVEL_NORMAL, VALUE(LEVEL));

	/* What is low when marks are set is so at once. */
	ASSERT_EQ(0, SET(LOW(1), HIGH(2)));
	EXPECT_EQ(MPDEMO_NL_LEVEL_LOW, VALUE(LEVEL));
	close(fd);
}

/* That of who opens it from then on. */
TEST_F(set, quota)
{
	__u64 h[4];
	int before, after;

	before = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, before);
	ASSERT_EQ(0, SET(QUOTA(3)));
	EXPECT_EQ(3, VALUE(QUOTA));
	after = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, after);
	EXPECT_EQ(0, info_of(before).out_quota);
	EXPECT_EQ(3, info_of(after).out_quota);
	EXPECT_EQ(-EDQUOT, pool_alloc_bulk(after, 4, h));
	EXPECT_EQ(0, pool_alloc_bulk(after, 3, h));
	EXPECT_EQ(0, pool_alloc_bulk(before, 4, h));
	close(after);
	ASSERT_EQ(0, SET(QUOTA(0)));
	after = object_open(self->dev, NAME, RW);
	EXPECT_EQ(0, pool_alloc_bulk(after, 4, h));
	close(after);
	close(before);
}

static int open_as(int dev, uid_t uid, gid_t gid)
{
	pid_t pid = fork_child();

	if (!pid) {
		int err = become(uid, gid);

		exit_errno(err ? -127 : object_open(dev, NAME, RW));
	}
	return pid < 0 ? -1 : -wait_child(pid);
}

TEST_F(set, mode_and_owner)
{
	EXPECT_EQ(-EACCES, open_as(self->dev, NOBODY, NOBODY));
	ASSERT_EQ(0, SET(MODE(0606)));
	EXPECT_EQ(0606, VALUE(MODE));
	EXPECT_EQ(0, open_as(self->dev, NOBODY, NOBODY));
	ASSERT_EQ(0, SET(MODE(0660), GID(NOBODY)));
	EXPECT_EQ(NOBODY, VALUE(GID));
	EXPECT_EQ(0, VALUE(UID));
	EXPECT_EQ(0, open_as(self->dev, 12345, NOBODY));
	EXPECT_EQ(-EACCES, open_as(self->dev, 12345, 12345));
	ASSERT_EQ(0, SET(MODE(0600), UID(12345)));
	EXPECT_EQ(12345, VALUE(UID));
	EXPECT_EQ(0, open_as(self->dev, 12345, 12345));
	EXPECT_EQ(-EACCES, open_as(self->dev, NOBODY, NOBODY));
}

/* Who writes to a block that he has freed is found out; who does not is not. */
TEST_F(set, poison)
{
	unsigned char *at;
	__u64 h, again;
	int fd;

	EXPECT_EQ(0, VALUE(POISON));
	ASSERT_EQ(0, SET(POISON(1)));
	EXPECT_EQ(1, VALUE(POISON));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	at = mmap(NULL, BLOCKS * 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, pool_alloc(fd, &h));
	at += MPDEMO_HANDLE_INDEX(h) * 64;
	ASSERT_EQ(0, pool_free(fd, h));
	ASSERT_EQ(0, pool_alloc(fd, &again));
	ASSERT_EQ(MPDEMO_HANDLE_INDEX(h), MPDEMO_HANDLE_INDEX(again));
	for (int i = 0; i < 64; i++)
		CHECK(0, at[i], "byte %d of a new block", i);
	ASSERT_EQ(0, GET());
	EXPECT_EQ(0, VALUE(CORRUPTED));

	ASSERT_EQ(0, pool_free(fd, again));
	at[63] = 1;
	ASSERT_EQ(0, pool_alloc(fd, &again));
	ASSERT_EQ(MPDEMO_HANDLE_INDEX(h), MPDEMO_HANDLE_INDEX(again));
	ASSERT_EQ(0, GET());
	EXPECT_EQ(1, VALUE(CORRUPTED));

	ASSERT_EQ(0, SET(POISON(0)));
	ASSERT_EQ(0, pool_free(fd, again));
	at[63] = 1;
	ASSERT_EQ(0, pool_alloc(fd, &again));
	ASSERT_EQ(0, GET());
	EXPECT_EQ(0, VALUE(POISON));
	EXPECT_EQ(1, VALUE(CORRUPTED));
	close(fd);
}

#define NO(want, attr, words, ...)					\
	REFUSED(&self->nl, want, attr, words, SET(__VA_ARGS__), #__VA_ARGS__)

TEST_F(set, refused)
{
	struct nlt_seen before;

	ASSERT_EQ(0, SET(LOW(2), HIGH(4), QUOTA(5)));
	before = self->seen;

	NO(-ERANGE, MPDEMO_A_LOW, "low watermark", LOW(4));
	NO(-ERANGE, MPDEMO_A_LOW, "low watermark", LOW(8), HIGH(8));
	NO(-ERANGE, 0, "low watermark", HIGH(2));
	NO(-ERANGE, 0, "low watermark", HIGH(0));
	NO(-ERANGE, MPDEMO_A_LOW, "low watermark", LOW(~0U));
	NO(-ERANGE, MPDEMO_A_HIGH, "high watermark", HIGH(BLOCKS + 1));
	NO(-ERANGE, MPDEMO_A_HIGH, "high watermark", LOW(~0U - 1), HIGH(~0U));
	NO(-ERANGE, MPDEMO_A_QUOTA, "quota", QUOTA(MPDEMO_BLOCKS_MAX + 1ULL));
	NO(-ERANGE, MPDEMO_A_POISON, "range", POISON(2));
	NO(-EINVAL, MPDEMO_A_MODE, "0666", MODE(01600));
	NO(-EINVAL, MPDEMO_A_UID, "no such user", UID(~0U));
	NO(-EINVAL, MPDEMO_A_GID, "no such group", GID(~0U));
	NO(-EOPNOTSUPP, MPDEMO_A_MAX_BLOCKS, "when it is created",
	   MAX_BLOCKS(2 * BLOCKS));
	REFUSED(&self->nl, -EINVAL, 0, "nothing to be changed",
		nlt_by_name(&self->nl, MPDEMO_CMD_SET, NAME), "nothing");

	/* What is not for this request. */
	NO(-EINVAL, MPDEMO_A_BLOCKS, "", NLT_U64(MPDEMO_A_BLOCKS, 8));
	NO(-EINVAL, MPDEMO_A_LEVEL, "", NLT_U32(MPDEMO_A_LEVEL, 0));
	NO(-EINVAL, MPDEMO_A_LOW, "", NLT_U64(MPDEMO_A_LOW, 1));

	/* Of several things one is wrong: none of them is done. */
	NO(-ERANGE, MPDEMO_A_LOW, "low", MODE(0666), UID(1), GID(1), QUOTA(9),
	   LOW(9), POISON(1));
	NO(-ERANGE, MPDEMO_A_QUOTA, "quota", MODE(0666), UID(1), GID(1),
	   QUOTA(~0U), LOW(1), POISON(1));
	NO(-EINVAL, MPDEMO_A_GID, "group", MODE(0666), UID(1), GID(~0U),
	   QUOTA(9), LOW(1), POISON(1));
	ASSERT_EQ(0, GET());
	before.n = self->seen.n;
	EXPECT_LE(before.value[MPDEMO_A_AGE], self->seen.value[MPDEMO_A_AGE]);
	before.value[MPDEMO_A_AGE] = self->seen.value[MPDEMO_A_AGE];
	EXPECT_EQ(0, memcmp(&before, &self->seen, sizeof(before)));
}

TEST_F(set, wrong_object)
{
	struct nlt *nl = &self->nl;
	int fd;

	REFUSED(nl, -ENOENT, MPDEMO_A_NAME, "no such object",
		nlt_with(nl, MPDEMO_CMD_SET, "no-such", MODE(0600), 0), "none");
	REFUSED(nl, -EINVAL, 0, "either",
		nlt_with(nl, MPDEMO_CMD_SET, NULL, MODE(0600), 0), "neither");
	fd = pool_create(self->dev, 24, 8);
	REFUSED(nl, -EOPNOTSUPP, 0, "no name",
		nlt_with(nl, MPDEMO_CMD_SET, NULL,
			 NLT_U32(MPDEMO_A_ID, info_of(fd).out_id), QUOTA(1), 0),
		"anonymous");
	close(fd);
	fd = object_open(self->dev, NAME, RW);
	ASSERT_EQ(0, SET(LOW(1), HIGH(2)));
	ASSERT_EQ(0, nlt_del_name(nl, NAME));
	REFUSED(nl, -ESHUTDOWN, 0, "deleted",
		nlt_with(nl, MPDEMO_CMD_SET, NULL,
			 NLT_U32(MPDEMO_A_ID, info_of(fd).out_id), LOW(2),
			 HIGH(4), 0), "deleted");
	ASSERT_EQ(0, nlt_by_id(nl, MPDEMO_CMD_GET, info_of(fd).out_id));
	EXPECT_EQ(0, VALUE(HIGH));
	close(fd);
}

TEST_F(set, other_kinds)
{
	struct nlt *nl = &self->nl;

	ASSERT_EQ(0, nlt_del_name(nl, NAME));
	ASSERT_EQ(0, nlt_new_arena(nl, NAME, 4096, 0600));
	NO(-EOPNOTSUPP, MPDEMO_A_LOW, "watermarks", LOW(0), HIGH(1));
	NO(-EOPNOTSUPP, MPDEMO_A_HIGH, "watermarks", HIGH(1));
	NO(-EOPNOTSUPP, MPDEMO_A_QUOTA, "no quota", QUOTA(1));
	NO(-EOPNOTSUPP, MPDEMO_A_POISON, "poison", POISON(0));
	EXPECT_EQ(0, SET(MODE(0640)));
	EXPECT_EQ(0640, VALUE(MODE));
	ASSERT_EQ(0, nlt_del_name(nl, NAME));

	ASSERT_EQ(0, nlt_with(nl, MPDEMO_CMD_NEW, NAME,
			      NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_HEAP),
			      NLT_U64(MPDEMO_A_BLOCKS, 4), 0));
	NO(-EOPNOTSUPP, MPDEMO_A_LOW, "watermarks", LOW(0), HIGH(1));
	NO(-EOPNOTSUPP, MPDEMO_A_POISON, "poison", POISON(1));
	EXPECT_EQ(0, SET(QUOTA(7)));
	EXPECT_EQ(7, VALUE(QUOTA));
}

TEST_F(set, growing_pool)
{
	struct nlt *nl = &self->nl;

	ASSERT_EQ(0, nlt_del_name(nl, NAME));
	ASSERT_EQ(0, nlt_with(nl, MPDEMO_CMD_NEW, NAME,
			      NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_POOL),
			      NLT_U64(MPDEMO_A_BLOCK_SIZE, 64),
			      NLT_U64(MPDEMO_A_BLOCKS, 64),
			      NLT_U64(MPDEMO_A_MAX_BLOCKS, 256), 0));
	NO(-EOPNOTSUPP, MPDEMO_A_MAX_BLOCKS, "when it is created",
	   MAX_BLOCKS(128));
	NO(-ERANGE, MPDEMO_A_HIGH, "high watermark", LOW(1), HIGH(65));
	EXPECT_EQ(0, SET(LOW(8), HIGH(16), POISON(1)));
	EXPECT_EQ(1, VALUE(POISON));
}

/* Marks, poison and modes are changed while the pool is used, and deleted. */
static void *use(void *arg)
{
	int fd = *(int *)arg;
	__u64 h[BLOCKS];
	long rounds = 0;

	while (!pool_alloc_bulk(fd, BLOCKS - 1, h)) {
		for (int i = 0; i < BLOCKS - 1; i++) {
			if (pool_free(fd, h[i]))
				return (void *)-1L;
		}
		rounds++;
	}
	return (void *)rounds;
}

TEST_F(set, while_it_is_used)
{
	pthread_t thread;
	void *rounds;
	int fd;

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, use, &fd));
	for (int i = 0; i < 12; i++) {
		EXPECT_EQ(0, SET(LOW(i % 8), HIGH(8 + i % 8), POISON(i & 1),
				 MODE(0600 | (i & 6))));
		CHECK(i % 8, VALUE(LOW), "round %d", i);
	}
	EXPECT_EQ(0, GET());
	EXPECT_EQ(0, VALUE(CORRUPTED));
	EXPECT_EQ(0, nlt_del_name(&self->nl, NAME));
	pthread_join(thread, &rounds);
	EXPECT_LT(0, (long)rounds);
	close(fd);
}

#define POOLS	16

struct toggler {
	pthread_t thread;
	pthread_barrier_t *begin;
	struct nlt nl;
	char name[MPDEMO_NAME_SIZE];
	int err;
};

static int poison(struct toggler *toggler, __u32 on)
{
	return nlt_with(&toggler->nl, MPDEMO_CMD_SET, toggler->name, POISON(on), 0);
}

static void *poison_at_once(void *arg)
{
	struct toggler *toggler = arg;

	pthread_barrier_wait(toggler->begin);
	toggler->err = poison(toggler, 1);
	return NULL;
}

/* Nanoseconds: one after the other, or all at once. */
static __u64 poison_all(struct toggler *toggler, bool at_once)
{
	pthread_barrier_t barrier;
	__u64 begin;

	pthread_barrier_init(&barrier, NULL, POOLS + 1);
	for (int i = 0; i < POOLS && at_once; i++) {
		toggler[i].begin = &barrier;
		if (pthread_create(&toggler[i].thread, NULL, poison_at_once, &toggler[i]))
			_exit(1);
	}
	if (at_once)
		pthread_barrier_wait(&barrier);
	begin = now_ns();
	for (int i = 0; i < POOLS; i++) {
		if (at_once)
			pthread_join(toggler[i].thread, NULL);
		else
			toggler[i].err = poison(&toggler[i], 1);
	}
	begin = now_ns() - begin;
	pthread_barrier_destroy(&barrier);
	return begin;
}

/*
 * To switch poison on takes a grace period, for which nobody has to wait who changes
 * another object: many can share one.
 */
TEST_F(set, poison_of_many)
{
	struct toggler toggler[POOLS] = { 0 };
	__u64 took[2] = { 0 };

	for (int i = 0; i < POOLS; i++) {
		snprintf(toggler[i].name, sizeof(toggler[i].name), NAME "-%d", i);
		ASSERT_EQ(0, nlt_open(&toggler[i].nl));
		nlt_del_name(&self->nl, toggler[i].name);
		ASSERT_EQ(0, nlt_new_pool(&self->nl, toggler[i].name, 8, 1, 0600));
	}
	/* Once is enough: on a busy machine anything may take long at times. */
	for (int try = 0; try < 5 && took[0] <= 2 * took[1]; try++) {
		for (int at_once = 0; at_once < 2; at_once++) {
			took[at_once] = poison_all(toggler, at_once);
			for (int i = 0; i < POOLS; i++) {
				CHECK(0, toggler[i].err, "pool %d", i);
				EXPECT_EQ(0, poison(&toggler[i], 0));
			}
		}
		TH_LOG("%llu us in turn, %llu us at once", took[0] / 1000,
		       took[1] / 1000);
	}
	EXPECT_GT(took[0], 2 * took[1]);
	for (int i = 0; i < POOLS; i++) {
		EXPECT_EQ(0, nlt_del_name(&self->nl, toggler[i].name));
		nlt_close(&toggler[i].nl);
	}
}

TEST_HARNESS_MAIN
