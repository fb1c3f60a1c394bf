// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the module goes when nobody uses it, and not before: an open file
 * keeps it, a named object does not. It is loaded again after each test.
 */
#include "nl_test.h"

#include <sys/syscall.h>
#include <spawn.h>

#define NAME	"selftest-module"
#define RELOADS	20

static int run(const char *program, const char *argument)
{
	char *argv[] = { (char *)program, (char *)argument, NULL };
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ))
		return -1;
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int load(void)
{
	return run("modprobe", "mempool_demo");
}

static int unload(void)
{
	return syscall(SYS_delete_module, "mempool_demo", O_NONBLOCK) ?
	       -errno : 0;
}

static bool refused(int err)
{
	return err == -EBUSY || err == -EAGAIN;
}

FIXTURE(module) {
	int dev;
};

FIXTURE_SETUP(module)
{
	DEV_OPEN_OR_SKIP(self->dev);
	/* Whoever builds on it goes first. */
	syscall(SYS_delete_module, "mempool_demo_bench", O_NONBLOCK);
}

FIXTURE_TEARDOWN(module)
{
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, access(DEVICE, R_OK | W_OK));
}

TEST_F(module, device_keeps_it)
{
	EXPECT_TRUE(refused(unload()));
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
	EXPECT_EQ(-ENOENT, dev_open());
	EXPECT_EQ(-ENOENT, unload());
}

TEST_F(module, pool_keeps_it)
{
	int pool = pool_create(self->dev, 24, 10);
	__u64 h[10];

	ASSERT_LE(0, pool);
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(refused(unload()));
	ASSERT_EQ(0, pool_alloc_bulk(pool, 5, h));
	EXPECT_TRUE(refused(unload()));
	EXPECT_EQ(0, pool_alloc_bulk(pool, 5, h));

	/* With blocks that nobody freed. */
	ASSERT_EQ(0, close(pool));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
}

TEST_F(module, arena_keeps_it)
{
	int arena = arena_create(self->dev, 4096);
	__u64 offset;

	ASSERT_LE(0, arena);
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(refused(unload()));
	EXPECT_EQ(0, arena_alloc(arena, 100, 0, &offset));
	ASSERT_EQ(0, close(arena));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
}

/* Also one that only a child still has. */
TEST_F(module, copies_keep_it)
{
	int pool = pool_create(self->dev, 24, 10);
	int copy = object_reopen(pool, MPDEMO_ACCESS_READ);
	pid_t pid;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(self->dev));
	ASSERT_EQ(0, close(pool));
	EXPECT_TRUE(refused(unload()));
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid)
		for (;;)
			pause();
	ASSERT_EQ(0, close(copy));
	EXPECT_TRUE(refused(unload()));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
}

/* Named objects go with it, also with kept blocks; their names are gone. */
TEST_F(module, names_do_not_keep_it)
{
	__u64 h[4], offset;
	struct nlt nl;
	int fd;

	ASSERT_EQ(0, nlt_open(&nl));
	ASSERT_EQ(0, nlt_new_pool(&nl, NAME, 24, 10, 0600));
	ASSERT_EQ(0, nlt_new_arena(&nl, NAME "-arena", 4096, 0600));
	fd = object_open(self->dev, NAME "-arena", RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, arena_alloc(fd, 100, 0, &offset));
	ASSERT_EQ(0, close(fd));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_bulk(fd, MPDEMO_IOC_ALLOC_BULK, MPDEMO_ALLOC_KEEP, 4,
			       h, NULL));
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(refused(unload()));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
	nlt_close(&nl);

	ASSERT_EQ(0, load());
	ASSERT_EQ(0, nlt_open(&nl));
	EXPECT_EQ(-ENOENT, nlt_by_name(&nl, MPDEMO_CMD_GET, NAME));
	EXPECT_EQ(0, nlt_dump(&nl));
	EXPECT_EQ(0, nl.replies);
	nlt_close(&nl);
}

/* A deleted object that is open keeps it as any other does. */
TEST_F(module, deleted_object_keeps_it)
{
	struct nlt nl;
	int fd;

	ASSERT_EQ(0, nlt_open(&nl));
	ASSERT_EQ(0, nlt_new_pool(&nl, NAME, 24, 10, 0600));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, nlt_del_name(&nl, NAME));
	nlt_close(&nl);
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(refused(unload()));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(POLL_UNTIL(!unload()));
}

TEST_F(module, again_and_again)
{
	ASSERT_EQ(0, close(self->dev));
	for (int i = 0; i < RELOADS; i++) {
		struct nlt nl;
		__u64 h[3];
		int fd;

		ASSERT_EQ(0, load());
		ASSERT_EQ(0, nlt_open(&nl));
		ASSERT_EQ(0, nlt_new_pool(&nl, NAME, 24, 10, 0600));
		self->dev = dev_open();
		ASSERT_LE(0, self->dev);
		fd = object_open(self->dev, NAME, RW);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pool_alloc_bulk(fd, 3, h));
		ASSERT_EQ(0, pool_keep(fd, h[0]));
		CHECK(true, refused(unload()), "round %d", i);
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, close(self->dev));
		nlt_close(&nl);
		ASSERT_TRUE(POLL_UNTIL(!unload()));
		EXPECT_NE(0, access("/sys/kernel/debug/mempool_demo", F_OK));
		EXPECT_NE(0, access(DEVICE, F_OK));
	}
}

/* Loading while others try to open and unload at the same time. */
TEST_F(module, race_with_open)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->dev);
		for (;;) {
			int dev = dev_open(), fd = pool_create(dev, 24, 4);
			__u64 handle;

			if (fd >= 0 && pool_alloc(fd, &handle))
				_exit(1);
			close(fd);
			close(dev);
		}
	}
	ASSERT_EQ(0, close(self->dev));
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(POLL_UNTIL(!unload()));
		ASSERT_EQ(0, load());
	}
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

TEST_HARNESS_MAIN
