// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the family mempool-bench refuses what it cannot do, with an errno, a text and the
 * attribute that it is about, and starts nothing then; that the job of a program that is gone goes
 * as well; and that the module goes though a job runs.
 */
#include "nl_test.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <linux/mempool_demo_bench.h>

#define A(name)		MPDEMO_BENCH_A_##name
#define JOB_NOBODY_HAS	123456789

static int load(void)
{
	char *argv[] = { "modprobe", "mempool_demo_bench", NULL };
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		return -1;
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "mempool_demo_bench", 0) ? -errno : 0;
}

/* What a reply says of the newest job. */
struct state {
	__u32 job, state;
};

static void see_state(struct nlattr **attr, void *arg)
{
	struct state *state = arg;

	state->job = nla_get_u32(attr[A(JOB)]);
	state->state = nla_get_u32(attr[A(STATE)]);
}

static struct state state_of(struct nlt *nl)
{
	struct state state = { 0 };

	nl->each = see_state;
	nl->arg = &state;
	if (nlt_with(nl, MPDEMO_BENCH_CMD_GET, NULL, 0))
		state.state = 0;
	nl->each = NULL;
	return state;
}

/* Of minutes, whatever the machine is: all suites. */
static int start_long(struct nlt *nl)
{
	return nlt_with(nl, MPDEMO_BENCH_CMD_RUN, NULL, 0);
}

/* It stops after the round that it is in. Returns the state that it ends with. */
static __u32 wait_for_end(struct nlt *nl)
{
	struct state state;

	for (int i = 0; i < 3000; i++) {
		state = state_of(nl);
		if (state.state != MPDEMO_BENCH_STATE_RUNNING)
			break;
		usleep(20000);
	}
	return state.state;
}

FIXTURE(netlink_bench) {
	struct nlt nl;
};

FIXTURE_SETUP(netlink_bench)
{
	int dev;

	DEV_OPEN_OR_SKIP(dev);
	close(dev);
	/* Of the jobs of others nothing is left. */
	unload();
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, nlt_open_family(&self->nl, MPDEMO_BENCH_FAMILY_NAME));
}

FIXTURE_TEARDOWN(netlink_bench)
{
	nlt_close(&self->nl);
	ASSERT_EQ(0, unload());
}

/* A request to run that is refused as @want, with @words about @attr. */
#define RUN_REFUSED(want, attr, words, ...)					\
	REFUSED(&self->nl, want, attr, words,					\
		nlt_with(&self->nl, MPDEMO_BENCH_CMD_RUN, NULL, __VA_ARGS__, 0), \
		#__VA_ARGS__)

#define MICRO		NLT_U32(A(SUITE), MPDEMO_BENCH_SUITE_MICRO)

TEST_F(netlink_bench, numbers)
{
	__u32 no = ~0U;

	RUN_REFUSED(-ERANGE, A(SUITE), "range", NLT_U32(A(SUITE), 0));
	RUN_REFUSED(-ERANGE, A(SUITE), "range", NLT_U32(A(SUITE), 9));
	RUN_REFUSED(-ERANGE, A(SUITE), "range", NLT_U32(A(SUITE), no));
	RUN_REFUSED(-ERANGE, A(OBJECT_SIZE), "range", MICRO, NLT_U32(A(OBJECT_SIZE), 0));
	RUN_REFUSED(-ERANGE, A(OBJECT_SIZE), "range", MICRO, NLT_U32(A(OBJECT_SIZE), 7));
	RUN_REFUSED(-ERANGE, A(OBJECT_SIZE), "range", MICRO, NLT_U32(A(OBJECT_SIZE), 4097));
	RUN_REFUSED(-ERANGE, A(OBJECT_SIZE), "range", MICRO, NLT_U32(A(OBJECT_SIZE), no));
	RUN_REFUSED(-ERANGE, A(BATCH), "range", MICRO, NLT_U32(A(BATCH), 0));
	RUN_REFUSED(-ERANGE, A(BATCH), "no more", MICRO, NLT_U32(A(BATCH), 32769));
	RUN_REFUSED(-ERANGE, A(BATCH), "no more", MICRO, NLT_U32(A(BATCH), no));
	RUN_REFUSED(-ERANGE, A(OPERATIONS), "range", MICRO, NLT_U64(A(OPERATIONS), 0));
	RUN_REFUSED(-ERANGE, A(CPUS), "range", MICRO, NLT_U32(A(CPUS), 0));
	RUN_REFUSED(-ERANGE, A(CPUS), "fewer CPUs", MICRO, NLT_U32(A(CPUS), no));
	RUN_REFUSED(-ERANGE, A(CPU), "no CPU", MICRO, NLT_U32(A(CPU), no));
	RUN_REFUSED(-ERANGE, A(SIZES), "range", MICRO, NLT_U32(A(SIZES), 0));
	RUN_REFUSED(-ERANGE, A(SIZES), "range", MICRO, NLT_U32(A(SIZES), 3));
	RUN_REFUSED(-ERANGE, A(CONTEXT), "range", MICRO, NLT_U32(A(CONTEXT), 0));
	RUN_REFUSED(-ERANGE, A(CONTEXT), "range", MICRO, NLT_U32(A(CONTEXT), 4));
	EXPECT_EQ(MPDEMO_BENCH_STATE_IDLE, state_of(&self->nl).state);
}

/* What is no number, or nothing that can be asked for. */
TEST_F(netlink_bench, attributes)
{
	RUN_REFUSED(-ERANGE, A(ZERO), "ttribute", MICRO, A(ZERO), 4, 1ULL);
	RUN_REFUSED(-EINVAL, A(SUITE), "ttribute", A(SUITE), 2, 1ULL);
	RUN_REFUSED(-EINVAL, A(SUITE), "ttribute", A(SUITE), 8, 1ULL);
	RUN_REFUSED(-EINVAL, A(JOB), "ttribute", MICRO, NLT_U32(A(JOB), 1));
	RUN_REFUSED(-EINVAL, A(MIN), "ttribute", MICRO, NLT_U64(A(MIN), 1));
	RUN_REFUSED(-EINVAL, 200, "ttribute", MICRO, NLT_U32(200, 1));
	EXPECT_EQ(MPDEMO_BENCH_STATE_IDLE, state_of(&self->nl).state);
}

/* Each by itself would do; the quarter of memory comes first where that is small. */
TEST_F(netlink_bench, too_much_memory)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 2)
		SKIP(return, "one CPU cannot ask for so much");
	RUN_REFUSED(-ERANGE, A(BATCH), "no more", MICRO, NLT_U32(A(OBJECT_SIZE), 4096),
		    NLT_U32(A(BATCH), 32768), NLT_U32(A(CPUS), cpus));
	EXPECT_EQ(MPDEMO_BENCH_STATE_IDLE, state_of(&self->nl).state);
}

/* Few bytes of the caller, but a heap has a block of each of its classes for each object. */
TEST_F(netlink_bench, too_much_memory_of_a_heap)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct sysinfo info;

	ASSERT_EQ(0, sysinfo(&info));
	if (2048ULL * 32768 * cpus <= (__u64)info.totalram * info.mem_unit / 4)
		SKIP(return, "this machine has memory for that");
	RUN_REFUSED(-ERANGE, A(BATCH), "quarter of the memory", MICRO, NLT_U32(A(OBJECT_SIZE), 8),
		    NLT_U32(A(BATCH), 32768), NLT_U32(A(CPUS), cpus));
	EXPECT_EQ(MPDEMO_BENCH_STATE_IDLE, state_of(&self->nl).state);
}

TEST_F(netlink_bench, jobs_that_there_are_not)
{
	struct nlt *nl = &self->nl;

	REFUSED(nl, -EINVAL, MISSING(A(JOB)), "number of the job",
		nlt_with(nl, MPDEMO_BENCH_CMD_CANCEL, NULL, 0), "cancel");
	REFUSED(nl, -ESRCH, A(JOB), "not running",
		nlt_with(nl, MPDEMO_BENCH_CMD_CANCEL, NULL, NLT_U32(A(JOB), JOB_NOBODY_HAS), 0),
		"cancel of a number");
	REFUSED(nl, -ESRCH, A(JOB), "newest",
		nlt_with(nl, MPDEMO_BENCH_CMD_GET, NULL, NLT_U32(A(JOB), JOB_NOBODY_HAS), 0),
		"get of a number");
	EXPECT_EQ(0, nlt_dump_with(nl, MPDEMO_BENCH_CMD_GET, NULL, 0));
	EXPECT_EQ(0, nl->replies);
}

TEST_F(netlink_bench, cancelled)
{
	struct nlt *nl = &self->nl;
	struct state state;

	ASSERT_EQ(0, start_long(nl));
	state = state_of(nl);
	EXPECT_EQ(1, state.job);
	EXPECT_EQ(MPDEMO_BENCH_STATE_RUNNING, state.state);
	REFUSED(nl, -EBUSY, 0, "running already", start_long(nl), "a second one");
	EXPECT_EQ(0, nlt_with(nl, MPDEMO_BENCH_CMD_CANCEL, NULL, NLT_U32(A(JOB), 1), 0));
	EXPECT_EQ(MPDEMO_BENCH_STATE_CANCELLED, wait_for_end(nl));
	EXPECT_EQ(1, state_of(nl).job);
}

/* Nobody but the one who has asked for it takes it away by leaving. */
TEST_F(netlink_bench, owner_is_gone)
{
	struct nlt *nl = &self->nl;
	struct nlt owner, other;

	ASSERT_EQ(0, nlt_open_family(&owner, MPDEMO_BENCH_FAMILY_NAME));
	ASSERT_EQ(0, nlt_open_family(&other, MPDEMO_BENCH_FAMILY_NAME));
	ASSERT_EQ(0, start_long(&owner));
	EXPECT_EQ(MPDEMO_BENCH_STATE_RUNNING, state_of(&other).state);
	nlt_close(&other);
	usleep(100000);
	EXPECT_EQ(MPDEMO_BENCH_STATE_RUNNING, state_of(nl).state);
	nlt_close(&owner);
	EXPECT_EQ(MPDEMO_BENCH_STATE_CANCELLED, wait_for_end(nl));
}

/* The one of a program that was killed is no other. */
TEST_F(netlink_bench, owner_is_killed)
{
	struct nlt *nl = &self->nl;
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		struct nlt own;

		if (nlt_open_family(&own, MPDEMO_BENCH_FAMILY_NAME) || start_long(&own))
			_exit(1);
		pause();
	}
	for (int i = 0; i < 500 && state_of(nl).state != MPDEMO_BENCH_STATE_RUNNING; i++)
		usleep(20000);
	EXPECT_EQ(MPDEMO_BENCH_STATE_RUNNING, state_of(nl).state);
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(true, WIFSIGNALED(status));
	EXPECT_EQ(MPDEMO_BENCH_STATE_CANCELLED, wait_for_end(nl));
}

/* It waits for the round that is being measured, and for nothing else. */
TEST_F(netlink_bench, module_goes)
{
	ASSERT_EQ(0, start_long(&self->nl));
	EXPECT_EQ(MPDEMO_BENCH_STATE_RUNNING, state_of(&self->nl).state);
	EXPECT_EQ(0, unload());
	EXPECT_NE(0, access("/sys/module/mempool_demo_bench", F_OK));
	ASSERT_EQ(0, load());
	nlt_close(&self->nl);
	ASSERT_EQ(0, nlt_open_family(&self->nl, MPDEMO_BENCH_FAMILY_NAME));
	EXPECT_EQ(MPDEMO_BENCH_STATE_IDLE, state_of(&self->nl).state);
}

TEST_HARNESS_MAIN
