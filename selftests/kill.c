// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that many clients that are killed, at any moment of whatever they do, lose
 * nothing for those who live: blocks come back, objects go, the module can go.
 *
 * Each thread of a client notes in shared memory, around each call, what it has taken
 * and not given back. It may be killed between the call and the note, so the note is a
 * lower and an upper bound: widened before the call by all that the call may do, and
 * made one number again after it. What is asserted of a wave of clients, after all of
 * them are gone:
 *
 *  - what was taken back from closed files lies within the sum of the bounds, and is
 *    exactly their sum where all clients were between two calls when they were killed
 *  - the same for what is kept
 *  - exactly, by the counters: allocs - frees = in_use = kept
 *
 * MPDEMO_KILLS says how many clients there are, 100 if it does not.
 */
#include "nl_test.h"

#include <sys/syscall.h>

#include "kill_client.h"

FIXTURE(kill) {
	struct nlt nl;
	__u32 objects;
	__u64 footprint;
	char *map[POOLS], *arena_map;
	__u64 h[BLOCKS];
};

static int unload(void)
{
	return syscall(SYS_delete_module, "mempool_demo", O_NONBLOCK);
}

FIXTURE_SETUP(kill)
{
	long page = sysconf(_SC_PAGESIZE);
	char name[MPDEMO_NAME_SIZE];

	DEV_OPEN_OR_SKIP(dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	/* Grandchildren become ours to wait for. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	map_bytes = (BLOCKS * BLOCK_SIZE + page - 1) / page * page;
	for (int p = 0; p < POOLS; p++) {
		snprintf(name, sizeof(name), NAME "-%d", p);
		nlt_del_name(&self->nl, name);
		ASSERT_EQ(0, nlt_new_pool(&self->nl, name, BLOCK_SIZE, BLOCKS,
					  0600));
		pool[p] = object_open(dev, name, RW);
		ASSERT_LE(0, pool[p]);
		self->map[p] = map_of(pool[p], map_bytes);
		ASSERT_NE(NULL, self->map[p]);
	}
	arena = arena_create(dev, ARENA_BYTES);
	ASSERT_LE(0, arena);
	self->arena_map = map_of(arena, ARENA_BYTES);
	ASSERT_NE(NULL, self->arena_map);
	empty = pool_create(dev, 8, 1);
	ASSERT_LE(0, empty);
	ASSERT_EQ(0, pool_alloc(empty, self->h));
	/* A deadline long ago: a block at once, or none at all. */
	can_wait = alloc_until(empty, 1, &self->h[1]) == -ETIMEDOUT;
	if (!can_wait)
		TH_LOG("this kernel does not wait for blocks");
}

FIXTURE_TEARDOWN(kill)
{
	for (int p = 0; p < POOLS; p++) {
		munmap(self->map[p], map_bytes);
		close(pool[p]);
	}
	munmap(self->arena_map, ARENA_BYTES);
	close(arena);
	close(empty);
	nlt_del_name(&self->nl, NAME "-0");
	nlt_del_name(&self->nl, NAME "-1");
	nlt_close(&self->nl);
	close(dev);
}

/* Of all workers of the wave. */
static struct bounds sum_of(size_t offset)
{
	struct bounds sum = { 0 };

	for (int i = 0; i < WAVE * WORKERS; i++) {
		struct note *note = &shared->note[0][0] + i;
		struct bounds *b = (void *)((char *)note + offset);

		sum.lo += b->lo;
		sum.hi += b->hi;
	}
	return sum;
}

static bool all_stand(size_t offset, int clients)
{
	for (int i = 0; i < clients * WORKERS; i++) {
		struct note *note = &shared->note[0][0] + i;

		if (!*(volatile int *)((char *)note + offset))
			return false;
	}
	return true;
}

static bool wait_all(size_t offset, int clients)
{
	__u64 end = now_ms() + 60000;

	while (!all_stand(offset, clients)) {
		if (now_ms() > end || shared->unexpected)
			return false;
		usleep(1000);
	}
	return true;
}

/*
 * Free a block whose generation nobody knows, if it is kept: by the answers to guesses,
 * of which each halves what it may be. True where it was kept.
 */
static bool free_unknown(int fd, __u32 index)
{
	__u64 lo = 1, hi = 1U << 31;

	while (lo <= hi) {
		__u64 guess = lo + (hi - lo) / 2;
		int ret = pool_free(fd, MPDEMO_HANDLE(index, guess));

		if (ret == -ESTALE)
			lo = guess + 1;
		else if (ret == -ENOENT)
			hi = guess - 1;
		else
			return !ret;
	}
	return false;
}

static bool all_zero(const char *p, size_t bytes)
{
	return !bytes || (!p[0] && !memcmp(p, p + 1, bytes - 1));
}

/* What a wave has left of a pool, where @exact: no call was under way. */
static void check_pool(struct __test_metadata *_metadata, FIXTURE_DATA(kill) *self,
		       int p, __u64 reclaimed, bool exact)
{
	struct mpdemo_info info = info_of(pool[p]);
	struct bounds unfreed, kept;
	int freed = 0;

	unfreed = sum_of(offsetof(struct note, unfreed[p]));
	kept = sum_of(offsetof(struct note, kept[p]));
	if (exact) {
		EXPECT_EQ(unfreed.lo, unfreed.hi);
		EXPECT_EQ(kept.lo, kept.hi);
	}
	EXPECT_LE(unfreed.lo, (int)(info.out_reclaimed - reclaimed));
	EXPECT_GE(unfreed.hi, (int)(info.out_reclaimed - reclaimed));
	EXPECT_LE(kept.lo, (int)info.out_kept);
	EXPECT_GE(kept.hi, (int)info.out_kept);
	EXPECT_EQ(info.out_kept, info.out_in_use);
	EXPECT_EQ(info.out_in_use, info.out_allocs - info.out_frees);
	EXPECT_EQ(0, info.out_held);

	for (int i = 0; i < BLOCKS; i++)
		freed += free_unknown(pool[p], i);
	EXPECT_EQ((int)info.out_kept, freed);
	EXPECT_EQ(0, info_of(pool[p]).out_in_use);
	EXPECT_EQ(0, pool_alloc_bulk(pool[p], BLOCKS, self->h));
	/* The dead have written into all of it. */
	EXPECT_TRUE(all_zero(self->map[p], BLOCKS * BLOCK_SIZE));
	EXPECT_EQ(-EAGAIN, pool_alloc(pool[p], &(__u64){ 0 }));
	EXPECT_EQ(0, pool_free_bulk(pool[p], BLOCKS, self->h));
	memset(self->map[p], 0xff, map_bytes);
}

static void check_arena(struct __test_metadata *_metadata, FIXTURE_DATA(kill) *self)
{
	__u64 offset;

	EXPECT_EQ(0, arena_reset(arena, NULL));
	memset(self->arena_map, 0xff, ARENA_BYTES);
	EXPECT_EQ(0, arena_alloc(arena, ARENA_BYTES, 0, &offset));
	EXPECT_TRUE(all_zero(self->arena_map, ARENA_BYTES));
	EXPECT_EQ(-ENOSPC, arena_alloc(arena, 1, 0, &offset));
	EXPECT_EQ(0, arena_reset(arena, NULL));
}

/* Starts @n clients and kills them; true where everything that they had is gone. */
static bool wave(FIXTURE_DATA(kill) *self, int n, unsigned int *seed, bool exact,
		 const struct nlt_sums *before)
{
	struct nlt_sums now;
	pid_t pid[WAVE];
	bool ok;

	memset(shared, 0, sizeof(*shared));
	for (int i = 0; i < n; i++) {
		unsigned int its_seed = rand_r(seed);

		pid[i] = fork_child();
		if (!pid[i]) {
			setpgid(0, 0);
			client(i, its_seed);
		}
		setpgid(pid[i], pid[i]);
		/* Some die while they are born. */
		if (!exact && rand_r(seed) % 8 == 0)
			kill(-pid[i], SIGKILL);
	}
	ok = true;
	if (exact) {
		ok = wait_all(offsetof(struct note, rounds), n);
		shared->stop = 1;
		ok &= wait_all(offsetof(struct note, still), n);
	} else {
		usleep(rand_r(seed) % 100000);
	}
	for (int i = 0; i < n; i++) {
		kill(-pid[i], SIGKILL);
		usleep(rand_r(seed) % 2000);
	}
	while (wait(NULL) > 0 || errno != ECHILD)
		;
	return POLL_UNTIL((now = nlt_sum_up(&self->nl),
			   now.objects == before->objects &&
			   now.footprint == before->footprint &&
			   now.open_files == before->open_files)) && ok;
}

TEST_F_TIMEOUT(kill, waves, 3600)
{
	const char *count = getenv("MPDEMO_KILLS");
	int left = count ? atoi(count) : 100;
	struct nlt_sums before = nlt_sum_up(&self->nl);
	unsigned int seed = 4711;
	__u64 reclaimed_in_all = 0;

	ASSERT_LT(0, left);
	for (int round = 0; left > 0; round++, left -= WAVE) {
		int n = left < WAVE ? left : WAVE;
		bool exact = round % 2;
		__u64 reclaimed[POOLS];

		for (int p = 0; p < POOLS; p++)
			reclaimed[p] = info_of(pool[p]).out_reclaimed;
		ASSERT_TRUE(wave(self, n, &seed, exact, &before))
			TH_LOG("wave %d: error %d at line %d", round,
			       shared->unexpected, shared->line);
		ASSERT_EQ(0, shared->unexpected)
			TH_LOG("wave %d: line %d", round, shared->line);
		for (int p = 0; p < POOLS; p++) {
			reclaimed_in_all += info_of(pool[p]).out_reclaimed -
					    reclaimed[p];
			check_pool(_metadata, self, p, reclaimed[p], exact);
		}
		check_arena(_metadata, self);
		/* Minutes may pass: whoever looks on is told that it gets on. */
		TH_LOG("wave %d: %d clients killed %s, %d to come, %llu blocks taken back",
		       round, n, exact ? "between two calls" : "at any moment",
		       left - n, (unsigned long long)reclaimed_in_all);
	}
	/* Else nobody held anything. */
	EXPECT_LT(0, reclaimed_in_all);
}

/* Nothing of the killed keeps the module. */
TEST_F_TIMEOUT(kill, module_goes, 600)
{
	struct nlt_sums before = nlt_sum_up(&self->nl);
	unsigned int seed = 42;

	EXPECT_TRUE(wave(self, WAVE / 2, &seed, false, &before));
	EXPECT_EQ(0, shared->unexpected);
	for (int p = 0; p < POOLS; p++) {
		munmap(self->map[p], map_bytes);
		close(pool[p]);
	}
	munmap(self->arena_map, ARENA_BYTES);
	close(arena);
	close(empty);
	close(dev);
	syscall(SYS_delete_module, "mempool_demo_bench", O_NONBLOCK);
	EXPECT_TRUE(POLL_UNTIL(!unload()));
	EXPECT_EQ(0, system("modprobe mempool_demo"));
	EXPECT_EQ(0, access(DEVICE, R_OK | W_OK));
	memset(pool, 0xff, sizeof(pool));
	arena = -1;
	empty = -1;
	dev = -1;
}

TEST_HARNESS_MAIN
