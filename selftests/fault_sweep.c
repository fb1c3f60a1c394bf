// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that each request survives that any one allocation of it fails, or a copy
 * from or to the caller: the errno is one that says so, nothing is left half
 * done, nothing stays charged, and at last it is done. All that a kernel can make
 * fail in turn, for each ioctl and each netlink request; fault_load.c is about the
 * loading of the module.
 */
#include "abi.h"
#include "fault.h"

#define MAX_BYTES	"/sys/module/mempool_demo/parameters/max_bytes"
#define MAX_OBJECTS	"/sys/module/mempool_demo/parameters/max_objects"

#define NAME		"selftest-fault"

/* What became of all rounds but the last one, in which nothing failed. */
struct sweep {
	unsigned int failed;	/* and the caller was told */
	unsigned int survived;	/* done all the same */
	unsigned int lost;	/* the answer did not come */
};

static void close_result(int fd)
{
	if (fd >= 0)
		close(fd);
}

/*
 * Take back what a call has done, and set up what the next one needs. Return: 0, or
 * -1: it was not done, or not all of it.
 */
static int renew(FIXTURE_DATA(command) *self,
		 const FIXTURE_VARIANT(command) *variant, union arg *a)
{
	struct mpdemo_info now = info_of(self->pool);
	__u64 offset;
	int err = 0;

	switch (variant->cmd) {
	case MPDEMO_IOC_POOL_CREATE:
		close_result(a->pool_create.out_fd);
		break;
	case MPDEMO_IOC_ARENA_CREATE:
		close_result(a->arena_create.out_fd);
		break;
	case MPDEMO_IOC_HEAP_CREATE:
		close_result(a->heap_create.out_fd);
		break;
	case MPDEMO_IOC_OPEN:
		close_result(a->open.out_fd);
		break;
	case MPDEMO_IOC_REOPEN:
		close_result(a->reopen.out_fd);
		break;
	case MPDEMO_IOC_ALLOC:
		err = pool_free(self->pool, a->alloc.out_handle);
		break;
	case MPDEMO_IOC_ALLOC_BULK:
		/* Its handle is where that of the fixture's own block was. */
		err = pool_free(self->pool, self->block);
		break;
	case MPDEMO_IOC_KEEP:
		err = now.out_kept == 1 ? pool_take(self->pool, self->block) : -1;
		break;
	case MPDEMO_IOC_TAKE:
		err = now.out_kept == 0 ? pool_keep(self->pool, self->block) : -1;
		break;
	case MPDEMO_IOC_FREE:
	case MPDEMO_IOC_FREE_BULK:
		err = now.out_in_use == 0 ?
		      pool_alloc(self->pool, &self->block) : -1;
		break;
	case MPDEMO_IOC_ARENA_RESET:
		err = info_of(self->arena).out_in_use ? -1 : 0;
		break;
	case MPDEMO_IOC_ARENA_MARK:
		/* Forgets that of the call, as it is the younger one. */
		err = arena_rollback(self->arena, &self->mark);
		break;
	case MPDEMO_IOC_ARENA_ROLLBACK:
		err = info_of(self->arena).out_in_use ? -1 :
		      arena_alloc(self->arena, 40, 0, &offset);
		break;
	case MPDEMO_IOC_HEAP_ALLOC:
		err = pool_free(self->heap, a->heap_alloc.out_handle);
		break;
	}
	fill(self, variant);
	self->pool_before = info_of(self->pool);
	self->arena_before = info_of(self->arena);
	self->heap_before = info_of(self->heap);
	return err || self->fds_before != fd_count() ? -1 : 0;
}

/* What was freed, kept, taken or reset stays so, though that cannot be told. */
static bool stays_done(unsigned int cmd)
{
	return cmd == MPDEMO_IOC_FREE_BULK || cmd == MPDEMO_IOC_KEEP ||
	       cmd == MPDEMO_IOC_TAKE || cmd == MPDEMO_IOC_ARENA_RESET;
}

/* Blocks that were allocated, but could not be told of, are free again. */
static bool taken_back(int fd, struct mpdemo_info *before)
{
	struct mpdemo_info now = info_of(fd), was = *before;

	*before = now;
	return now.out_in_use == was.out_in_use && now.out_held == was.out_held &&
	       now.out_kept == was.out_kept &&
	       now.out_allocs - was.out_allocs == now.out_frees - was.out_frees;
}

/* Limits that leave room for what there is, and for one object more. */
static int limit_to_one_more(__u64 bytes)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	err = fault_write(MAX_BYTES, text);
	return err ?: fault_write(MAX_OBJECTS, "5");
}

TEST_F(command, each_failure_in_turn)
{
	char max_bytes[32], max_objects[32];
	struct sweep sweep = { 0 };
	struct fault f;
	bool failed;

	if (fault_open(&f) == -ENOENT)
		SKIP_WITHOUT_FAULTS(f);
	ASSERT_LE(0, f.fd);
	self->fds_before = fd_count();
	ASSERT_EQ(0, fault_read(MAX_BYTES, max_bytes, sizeof(max_bytes)));
	ASSERT_EQ(0, fault_read(MAX_OBJECTS, max_objects, sizeof(max_objects)));
	/* What stays charged by a failure is in the way of the last try. */
	ASSERT_EQ(0, limit_to_one_more(320 * 1024));

	for (unsigned int n = 1; n < FAULT_MAX; n++) {
		union arg a = self->valid;
		int err;

		fault_begin(&f, n);
		err = call(self->fd, variant->cmd, &a);
		failed = fault_end(&f);
		if (!failed) {
			CHECK(0, err, "nothing failed at %u", n);
			CHECK(0, renew(self, variant, &a), "at %u", n);
			break;
		}
		if (!err) {
			sweep.survived++;
			CHECK(0, renew(self, variant, &a), "survived at %u", n);
			continue;
		}
		sweep.failed++;
		CHECK(true, err == -ENOMEM || err == -EFAULT,
		      "errno %d at %u", -err, n);
		if (err == -EFAULT && !unchanged(self)) {
			if (stays_done(variant->cmd))
				CHECK(0, renew(self, variant, &a), "done at %u", n);
			else
				CHECK(true, taken_back(self->pool,
						       &self->pool_before) &&
				      taken_back(self->heap, &self->heap_before),
				      "left at %u", n);
		}
		CHECK(true, unchanged(self), "errno %d at %u", -err, n);
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures told, %u survived", sweep.failed, sweep.survived);
	/* To read the argument can fail, if nothing else. */
	EXPECT_LE(1U, sweep.failed);

	EXPECT_EQ(0, fault_write(MAX_BYTES, max_bytes));
	EXPECT_EQ(0, fault_write(MAX_OBJECTS, max_objects));
	fault_close(&f);
}

/*
 * A netlink request can fail, or its answer can, or what tells of that. So each is
 * made on a socket of its own, and another one tells what has become of it.
 */
FIXTURE(request) {
	struct fault f;
	struct sweep sweep;
	unsigned int objects;
	bool failed;
};

static unsigned int count_objects(void)
{
	unsigned int replies = ~0U;
	struct nlt nl;

	if (!nlt_open(&nl) && !nlt_dump(&nl))
		replies = nl.replies;
	nlt_close(&nl);
	return replies;
}

/* Without failures: 0, or -errno. */
static int clean(int (*fn)(struct nlt *nl))
{
	struct nlt nl;
	int err = nlt_open(&nl) ?: fn(&nl);

	nlt_close(&nl);
	return err;
}

static int new_pool(struct nlt *nl)
{
	return nlt_new_pool(nl, NAME, 24, 10, 0600);
}

static int new_arena(struct nlt *nl)
{
	return nlt_new_arena(nl, NAME, 4096, 0600);
}

static int get(struct nlt *nl)
{
	return nlt_by_name(nl, MPDEMO_CMD_GET, NAME);
}

static int del(struct nlt *nl)
{
	return nlt_del_name(nl, NAME);
}

FIXTURE_SETUP(request)
{
	/* The test itself says that it is skipped. */
	if (fault_open(&self->f) == -ENOENT)
		return;
	ASSERT_LE(0, self->f.fd);
	clean(del);
	self->objects = count_objects();
	ASSERT_NE(~0U, self->objects);
}

FIXTURE_TEARDOWN(request)
{
	if (self->f.fd < 0)
		return;
	clean(del);
	EXPECT_EQ(self->objects, count_objects());
	fault_close(&self->f);
}

/* As clean(), with failure @n. */
static int attempt(FIXTURE_DATA(request) *self, int (*fn)(struct nlt *nl),
		   unsigned int n)
{
	struct nlt nl;
	int err = nlt_open(&nl);

	if (err)
		return err;
	fault_begin(&self->f, n);
	err = fn(&nl);
	self->failed = fault_end(&self->f);
	nlt_close(&nl);
	if (self->failed && !err)
		self->sweep.survived++;
	else if (err == -EIO)
		self->sweep.lost++;
	else if (err)
		self->sweep.failed++;
	return err;
}

/*
 * What the kernel has answered is true: of a request that leaves the object there,
 * or gone, where it is done.
 */
static bool is_so(int err, bool there_if_done)
{
	int seen = clean(get);

	if (seen && seen != -ENOENT)
		return false;
	if (err == -EIO)
		return true;
	return (seen == 0) == (err ? !there_if_done : there_if_done);
}

#define SWEEP_REQUEST(fn, prepare, there_if_done)			\
do {									\
	unsigned int n_;						\
									\
	for (n_ = 1; n_ < FAULT_MAX; n_++) {				\
		int err_;						\
									\
		(void)(prepare);					\
		err_ = attempt(self, fn, n_);				\
		CHECK(true, is_so(err_, there_if_done),			\
		      "errno %d at %u", -err_, n_);			\
		CHECK(true, !err_ || err_ == -ENOMEM || err_ == -EIO,	\
		      "errno %d at %u", -err_, n_);			\
		if (!self->failed) {					\
			CHECK(0, err_, "nothing failed at %u", n_);	\
			break;						\
		}							\
	}								\
	EXPECT_FALSE(self->failed);					\
	TH_LOG("%u failures told, %u survived, %u answers lost",	\
	       self->sweep.failed, self->sweep.survived,		\
	       self->sweep.lost);					\
	EXPECT_LE(2U, self->sweep.failed + self->sweep.lost);		\
} while (0)

TEST_F(request, new_pool)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_REQUEST(new_pool, clean(del), true);
	/* Those of its memory are among them. */
	EXPECT_LE(8U, self->sweep.failed);
}

TEST_F(request, new_arena)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_REQUEST(new_arena, clean(del), true);
	EXPECT_LE(8U, self->sweep.failed);
}

static int new_heap(struct nlt *nl)
{
	return nlt_with(nl, MPDEMO_CMD_NEW, NAME,
			NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_HEAP),
			NLT_U64(MPDEMO_A_BLOCKS, 4),
			NLT_U64(MPDEMO_A_LARGE_BYTES, 8192), 0);
}

TEST_F(request, new_heap)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_REQUEST(new_heap, clean(del), true);
	EXPECT_LE(10U, self->sweep.failed);
}

static int set_all(struct nlt *nl)
{
	return nlt_with(nl, MPDEMO_CMD_SET, NAME, NLT_U32(MPDEMO_A_LOW, 1),
			NLT_U32(MPDEMO_A_HIGH, 2), NLT_U32(MPDEMO_A_POISON, 1),
			NLT_U32(MPDEMO_A_QUOTA, 7), NLT_U32(MPDEMO_A_MODE, 0644), 0);
}

/* Whether all of it is done, or nothing: 1 or 0; else -1. */
static int is_set(void)
{
	struct nlt_seen seen = { 0 };
	struct nlt nl;
	int done;

	if (nlt_open(&nl))
		return -1;
	nl.each = nlt_see;
	nl.arg = &seen;
	if (get(&nl))
		seen.n = 0;
	nlt_close(&nl);
	done = (seen.value[MPDEMO_A_HIGH] == 2) +
	       (seen.value[MPDEMO_A_POISON] == 1) +
	       (seen.value[MPDEMO_A_QUOTA] == 7) +
	       (seen.value[MPDEMO_A_MODE] == 0644);
	if (seen.n != 1 || done % 4)
		return -1;
	return done == 4;
}

static int note_changed(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));

	*(int *)arg += header->cmd == MPDEMO_CMD_CHANGED_NTF;
	return NL_OK;
}

/*
 * All or nothing, and who listens is told of what was done, or that something was lost.
 */
TEST_F(request, set)
{
	unsigned int done = 0, undone = 0, lost = 0;
	struct nlt group;
	int heard;

	SKIP_WITHOUT_FAULTS(self->f);
	ASSERT_EQ(0, nlt_join(&group));
	nl_socket_modify_cb(group.sock, NL_CB_VALID, NL_CB_CUSTOM, note_changed,
			    &heard);
	nl_socket_set_nonblocking(group.sock);
	for (unsigned int n = 1; n < FAULT_MAX; n++) {
		int err, is, got;

		clean(del);
		ASSERT_EQ(0, clean(new_pool));
		do {
			got = nl_recvmsgs_default(group.sock);
		} while (got != -NLE_AGAIN);
		err = attempt(self, set_all, n);
		CHECK(true, !err || err == -ENOMEM || err == -EIO,
		      "errno %d at %u", -err, n);
		is = is_set();
		CHECK(true, is >= 0 && (is || err), "errno %d at %u: %d", -err,
		      n, is);
		heard = 0;
		do {
			got = nl_recvmsgs_default(group.sock);
			lost += got == -NLE_NOMEM;
			heard += got == -NLE_NOMEM;
		} while (got != -NLE_AGAIN);
		CHECK(is, heard, "told at %u", n);
		done += is == 1;
		undone += !is;
		if (!self->failed)
			break;
	}
	nlt_close(&group);
	EXPECT_FALSE(self->failed);
	TH_LOG("%u times done, %u not, %u told that something was lost", done,
	       undone, lost);
	/* Its guard is made, and a message for who listens. */
	EXPECT_LE(2U, undone);
	EXPECT_LE(1U, lost);
}

static int reset_stats(struct nlt *nl)
{
	return nlt_by_name(nl, MPDEMO_CMD_RESET_STATS, NAME);
}

/* Of a request that leaves the object there, done or not. */
#define SWEEP_LOOK(fn)							\
do {									\
	ASSERT_EQ(0, clean(new_pool));					\
	for (unsigned int n_ = 1; n_ < FAULT_MAX; n_++) {		\
		int err_ = attempt(self, fn, n_);			\
									\
		CHECK(true, !err_ || err_ == -ENOMEM || err_ == -EIO,	\
		      "errno %d at %u", -err_, n_);			\
		CHECK(0, clean(fn), "after %u", n_);			\
		if (!self->failed)					\
			break;						\
	}								\
	EXPECT_FALSE(self->failed);					\
	EXPECT_LE(1U, self->sweep.failed + self->sweep.lost);		\
} while (0)

TEST_F(request, get)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_LOOK(get);
}

TEST_F(request, reset_stats)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_LOOK(reset_stats);
}

TEST_F(request, del)
{
	SKIP_WITHOUT_FAULTS(self->f);
	SWEEP_REQUEST(del, clean(new_pool), false);
}

TEST_F(request, dump)
{
	SKIP_WITHOUT_FAULTS(self->f);
	ASSERT_EQ(0, clean(new_pool));
	for (unsigned int n = 1; n < FAULT_MAX; n++) {
		int err = attempt(self, nlt_dump, n);

		CHECK(true, !err || err == -ENOMEM || err == -EIO,
		      "errno %d at %u", -err, n);
		CHECK(self->objects + 1, count_objects(), "after %u", n);
		if (!self->failed)
			break;
	}
	EXPECT_FALSE(self->failed);
	EXPECT_LE(1U, self->sweep.failed + self->sweep.lost);
}

TEST_HARNESS_MAIN
