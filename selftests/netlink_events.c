// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that who listens to the group "events" is told what happens to named objects,
 * in order: not more often than was promised, but how it has ended in any case; and
 * that who is too slow to listen learns that something was lost.
 */
#include "nl_test.h"

#include <poll.h>
#include <pthread.h>

#define NAME	"selftest-events"
#define BLOCKS	16
#define MOST	4096

struct event {
	int cmd;
	struct nlt_seen seen;
};

FIXTURE(events) {
	struct nlt nl, group;
	int dev, nr, lost;
	struct event event[MOST];
};

static int note_event(struct nl_msg *msg, void *arg)
{
	FIXTURE_DATA(events) *self = arg;
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attr[MPDEMO_A_MAX + 1];
	struct event *event = &self->event[self->nr];

	if (self->nr == MOST ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attr, MPDEMO_A_MAX, NULL))
		return NL_STOP;
	event->seen.n = 0;
	event->cmd = header->cmd;
	nlt_see(attr, &event->seen);
	/* Other named objects may come and go. */
	if (!*event->seen.name || !strcmp(event->seen.name, NAME))
		self->nr++;
	return NL_OK;
}

static bool readable(FIXTURE_DATA(events) *self, int ms)
{
	struct pollfd fd = {
		.fd = nl_socket_get_fd(self->group.sock), .events = POLLIN,
	};

	return poll(&fd, 1, ms) > 0;
}

/* Hear what comes until nothing does for @ms. */
static void hear(FIXTURE_DATA(events) *self, int ms)
{
	while (readable(self, ms))
		if (nl_recvmsgs_default(self->group.sock) == -NLE_NOMEM)
			self->lost++;
}

/* Hear until event @cmd, for five seconds: its place among all of them, or -1. */
static int hear_of(FIXTURE_DATA(events) *self, int cmd)
{
	for (int i = 0;; i++) {
		if (i == self->nr) {
			if (!readable(self, 5000))
				return -1;
			if (nl_recvmsgs_default(self->group.sock) == -NLE_NOMEM)
				self->lost++;
			i--;
		} else if (self->event[i].cmd == cmd) {
			return i;
		}
	}
}

static int count(FIXTURE_DATA(events) *self, int cmd)
{
	int n = 0;

	for (int i = 0; i < self->nr; i++)
		n += self->event[i].cmd == cmd;
	return n;
}

FIXTURE_SETUP(events)
{
	DEV_OPEN_OR_SKIP(self->dev);
	ASSERT_EQ(0, nlt_open(&self->nl));
	nlt_del_name(&self->nl, NAME);
	ASSERT_EQ(0, nlt_join(&self->group));
	nl_socket_modify_cb(self->group.sock, NL_CB_VALID, NL_CB_CUSTOM,
			    note_event, self);
	ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 64, BLOCKS, 0600));
}

FIXTURE_TEARDOWN(events)
{
	nlt_del_name(&self->nl, NAME);
	nlt_close(&self->group);
	nlt_close(&self->nl);
	close(self->dev);
}

#define VALUE(i, attr)	(self->event[i].seen.value[MPDEMO_A_##attr])
#define SET(...)	nlt_with(&self->nl, MPDEMO_CMD_SET, NAME, __VA_ARGS__, 0)
#define LOW(n)		NLT_U32(MPDEMO_A_LOW, n)
#define HIGH(n)		NLT_U32(MPDEMO_A_HIGH, n)

TEST_F(events, created_changed_deleted)
{
	static const int cmds[] = {
		MPDEMO_CMD_CREATED_NTF, MPDEMO_CMD_CHANGED_NTF,
		MPDEMO_CMD_DELETED_NTF, MPDEMO_CMD_CREATED_NTF,
		MPDEMO_CMD_DELETED_NTF,
	};

	ASSERT_EQ(0, SET(NLT_U32(MPDEMO_A_QUOTA, 5)));
	EXPECT_EQ(-ERANGE, SET(NLT_U32(MPDEMO_A_QUOTA, ~0U)));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	ASSERT_EQ(0, nlt_new_arena(&self->nl, NAME, 4096, 0600));
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	hear(self, 500);
	ASSERT_EQ((int)ARRAY_SIZE(cmds), self->nr);
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		CHECK(cmds[i], self->event[i].cmd, "event %zu", i);
	EXPECT_EQ(BLOCKS, VALUE(0, BLOCKS));
	EXPECT_EQ(0, VALUE(0, QUOTA));
	EXPECT_EQ(5, VALUE(1, QUOTA));
	EXPECT_TRUE(self->event[2].seen.has[MPDEMO_A_DYING]);
	EXPECT_EQ(VALUE(0, ID), VALUE(2, ID));
	EXPECT_EQ(MPDEMO_KIND_ARENA, VALUE(3, KIND));
	EXPECT_EQ(VALUE(3, ID), VALUE(4, ID));
	EXPECT_NE(VALUE(0, ID), VALUE(3, ID));
}

/* The life of an anonymous object is told to nobody, whatever it does. */
TEST_F(events, anonymous)
{
	int fd = pool_create(self->dev, 24, 1);
	__u64 h;

	ASSERT_LE(0, fd);
	self->nr = 0;
	ASSERT_EQ(0, pool_alloc(fd, &h));
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &h));
	close(fd);
	/* What comes after it shows that nothing else did. */
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_LE(0, hear_of(self, MPDEMO_CMD_DELETED_NTF));
	EXPECT_EQ(2, self->nr);
}

TEST_F(events, levels)
{
	__u64 h[BLOCKS], none;
	int fd, i;

	ASSERT_EQ(0, SET(LOW(2), HIGH(4)));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	for (i = 0; i < BLOCKS - 2; i++)
		ASSERT_EQ(0, pool_alloc(fd, &h[i]));
	i = hear_of(self, MPDEMO_CMD_LOW_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(MPDEMO_NL_LEVEL_LOW, VALUE(i, LEVEL));
	EXPECT_EQ(BLOCKS - 2, VALUE(i, IN_USE));
	EXPECT_EQ(0, count(self, MPDEMO_CMD_EXHAUSTED_NTF));

	ASSERT_EQ(0, pool_alloc_bulk(fd, 2, h + BLOCKS - 2));
	EXPECT_EQ(-EAGAIN, pool_alloc(fd, &none));
	i = hear_of(self, MPDEMO_CMD_EXHAUSTED_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(MPDEMO_NL_LEVEL_EXHAUSTED, VALUE(i, LEVEL));
	EXPECT_EQ(1, VALUE(i, FAILURES));

	for (int n = 0; n < 3; n++)
		ASSERT_EQ(0, pool_free(fd, h[n]));
	hear(self, 1000);
	EXPECT_EQ(0, count(self, MPDEMO_CMD_RECOVERED_NTF));
	ASSERT_EQ(0, pool_free(fd, h[3]));
	i = hear_of(self, MPDEMO_CMD_RECOVERED_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(MPDEMO_NL_LEVEL_NORMAL, VALUE(i, LEVEL));
	EXPECT_EQ(1, count(self, MPDEMO_CMD_LOW_NTF));
	EXPECT_EQ(1, count(self, MPDEMO_CMD_EXHAUSTED_NTF));

	/* New marks by which it is low, and then none. */
	ASSERT_EQ(0, SET(LOW(8), HIGH(16)));
	hear(self, 1000);
	EXPECT_EQ(2, count(self, MPDEMO_CMD_LOW_NTF));
	ASSERT_EQ(0, SET(LOW(0), HIGH(0)));
	hear(self, 1000);
	EXPECT_EQ(2, count(self, MPDEMO_CMD_LOW_NTF));
	EXPECT_EQ(2, count(self, MPDEMO_CMD_RECOVERED_NTF));
	EXPECT_EQ(MPDEMO_CMD_RECOVERED_NTF, self->event[self->nr - 1].cmd);
	close(fd);
}

/* It was exhausted for an instant, and many times: that is told, and how it ended. */
TEST_F(events, not_too_often)
{
	struct timespec begin, now;
	__u64 h[BLOCKS], none;
	double seconds;
	int fd, rounds = 0, told;

	ASSERT_EQ(0, SET(LOW(2), HIGH(4)));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		ASSERT_EQ(0, pool_alloc_bulk(fd, BLOCKS, h));
		EXPECT_EQ(-EAGAIN, pool_alloc(fd, &none));
		for (int i = 0; i < BLOCKS; i++)
			ASSERT_EQ(0, pool_free(fd, h[i]));
		rounds++;
		hear(self, 0);
		clock_gettime(CLOCK_MONOTONIC, &now);
		seconds = now.tv_sec - begin.tv_sec +
			  (now.tv_nsec - begin.tv_nsec) / 1e9;
	} while (seconds < 2);
	hear(self, 1500);
	told = count(self, MPDEMO_CMD_LOW_NTF) +
	       count(self, MPDEMO_CMD_EXHAUSTED_NTF) +
	       count(self, MPDEMO_CMD_RECOVERED_NTF);
	TH_LOG("%d rounds in %.1f s, %d events", rounds, seconds, told);
	EXPECT_LE(1, count(self, MPDEMO_CMD_EXHAUSTED_NTF));
	/* Of these four in a quarter of a second, and what was left when it had ended. */
	EXPECT_GE(16 * (seconds + 1), told);
	EXPECT_EQ(MPDEMO_CMD_RECOVERED_NTF, self->event[self->nr - 1].cmd);
	EXPECT_EQ(MPDEMO_NL_LEVEL_NORMAL, VALUE(self->nr - 1, LEVEL));
	EXPECT_EQ(0, self->lost);
	close(fd);

	/* Each that tells of trouble is followed by one that tells of its end. */
	for (int i = 0, level = 0; i < self->nr; i++) {
		int cmd = self->event[i].cmd, next = level;

		if (cmd == MPDEMO_CMD_LOW_NTF)
			next = 1;
		else if (cmd == MPDEMO_CMD_EXHAUSTED_NTF)
			next = 2;
		else if (cmd == MPDEMO_CMD_RECOVERED_NTF)
			next = 0;
		else
			continue;
		CHECK(true, next ? next > level : level > 0,
		      "event %d: %d after %d", i, next, level);
		level = next;
	}
}

TEST_F(events, reclaimed)
{
	__u64 h[3];
	int fd, i;

	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pool_alloc_bulk(fd, 3, h));
	close(fd);
	i = hear_of(self, MPDEMO_CMD_RECLAIMED_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(3, VALUE(i, RECLAIMED));

	/* Who leaves nothing is no matter; of many who do the sum is told. */
	for (int n = 0; n < 50; n++) {
		fd = object_open(self->dev, NAME, RW);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pool_alloc(fd, h));
		if (n >= 40)
			ASSERT_EQ(0, pool_free(fd, h[0]));
		close(fd);
	}
	hear(self, 1000);
	EXPECT_EQ(43, VALUE(self->nr - 1, RECLAIMED));
	EXPECT_GT(40, count(self, MPDEMO_CMD_RECLAIMED_NTF));
}

/* Who hears of it does not see the file any more. */
TEST_F(events, reclaimed_when_it_is_closed)
{
	for (int n = 0; n < 50; n++) {
		__u64 h;
		int fd, i;

		ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
		ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 64, BLOCKS, 0600));
		fd = object_open(self->dev, NAME, RW);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pool_alloc(fd, &h));
		self->nr = 0;
		close(fd);
		i = hear_of(self, MPDEMO_CMD_RECLAIMED_NTF);
		ASSERT_LE(0, i);
		CHECK(0, VALUE(i, OPEN_FILES), "round %d", n);
	}
}

TEST_F(events, reclaimed_of_a_heap)
{
	struct mpdemo_heap_alloc a = { .size = sizeof(a), .bytes = 24 };
	int fd, i;

	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	ASSERT_EQ(0, nlt_with(&self->nl, MPDEMO_CMD_NEW, NAME,
			      NLT_U32(MPDEMO_A_KIND, MPDEMO_KIND_HEAP),
			      NLT_U64(MPDEMO_A_BLOCKS, 4),
			      NLT_U64(MPDEMO_A_LARGE_BYTES, 65536), 0));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	a.bytes = 8192;
	ASSERT_EQ(0, ioctl(fd, MPDEMO_IOC_HEAP_ALLOC, &a));
	close(fd);
	i = hear_of(self, MPDEMO_CMD_RECLAIMED_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(MPDEMO_KIND_HEAP, VALUE(i, KIND));
	EXPECT_EQ(2, VALUE(i, RECLAIMED));
	EXPECT_EQ(0, VALUE(i, IN_USE));
}

/* A pool that is used and closed as soon as it can be opened: created comes first. */
struct early {
	pthread_t thread;
	int dev;
	bool stop;
};

static void *use_early(void *arg)
{
	struct early *early = arg;

	while (!__atomic_load_n(&early->stop, __ATOMIC_RELAXED)) {
		int fd = object_open(early->dev, NAME, RW);
		__u64 h;

		if (fd < 0)
			continue;
		pool_alloc(fd, &h);
		close(fd);
	}
	return NULL;
}

TEST_F(events, created_comes_first)
{
	struct early early = { .dev = self->dev };
	bool there = false;

	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	hear(self, 100);
	self->nr = 0;
	ASSERT_EQ(0, pthread_create(&early.thread, NULL, use_early, &early));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, nlt_new_pool(&self->nl, NAME, 64, BLOCKS, 0600));
		hear(self, 5);
		ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
		hear(self, 0);
	}
	__atomic_store_n(&early.stop, true, __ATOMIC_RELAXED);
	pthread_join(early.thread, NULL);
	hear(self, 500);
	EXPECT_EQ(50, count(self, MPDEMO_CMD_CREATED_NTF));
	EXPECT_LE(1, count(self, MPDEMO_CMD_RECLAIMED_NTF));
	for (int i = 0; i < self->nr; i++) {
		CHECK(self->event[i].cmd != MPDEMO_CMD_CREATED_NTF, there,
		      "event %d is %d", i, self->event[i].cmd);
		there = self->event[i].cmd != MPDEMO_CMD_DELETED_NTF;
	}
}

TEST_F(events, corruption)
{
	unsigned char *at;
	__u64 h;
	int fd, i;

	ASSERT_EQ(0, SET(NLT_U32(MPDEMO_A_POISON, 1)));
	fd = object_open(self->dev, NAME, RW);
	ASSERT_LE(0, fd);
	at = mmap(NULL, BLOCKS * 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)at);
	ASSERT_EQ(0, pool_alloc(fd, &h));
	ASSERT_EQ(0, pool_free(fd, h));
	at[MPDEMO_HANDLE_INDEX(h) * 64] = 7;
	ASSERT_EQ(0, pool_alloc(fd, &h));
	i = hear_of(self, MPDEMO_CMD_CORRUPTION_NTF);
	ASSERT_LE(0, i);
	EXPECT_EQ(1, VALUE(i, CORRUPTED));
	ASSERT_EQ(0, pool_free(fd, h));
	ASSERT_EQ(0, pool_alloc(fd, &h));
	hear(self, 500);
	EXPECT_EQ(1, count(self, MPDEMO_CMD_CORRUPTION_NTF));
	close(fd);
}

/* Blocks that were reclaimed are told before the end is. */
TEST_F(events, deleted_at_once)
{
	__u64 h[BLOCKS], none;
	int fd;

	ASSERT_EQ(0, SET(LOW(2), HIGH(4)));
	for (int n = 0; n < 2; n++) {
		fd = object_open(self->dev, NAME, RW);
		ASSERT_EQ(0, pool_alloc_bulk(fd, BLOCKS, h));
		EXPECT_EQ(-EAGAIN, pool_alloc(fd, &none));
		close(fd);
	}
	ASSERT_EQ(0, nlt_del_name(&self->nl, NAME));
	EXPECT_LE(0, hear_of(self, MPDEMO_CMD_DELETED_NTF));
	hear(self, 500);
	EXPECT_EQ(MPDEMO_CMD_DELETED_NTF, self->event[self->nr - 1].cmd);
	EXPECT_EQ(1, count(self, MPDEMO_CMD_DELETED_NTF));
	EXPECT_LE(1, count(self, MPDEMO_CMD_RECLAIMED_NTF));
}

/* A listener that does not read. */
TEST_F(events, lost)
{
	int one_message = 2048, fd = nl_socket_get_fd(self->group.sock);

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &one_message,
				sizeof(one_message)));
	for (int i = 0; i < 50; i++)
		ASSERT_EQ(0, SET(NLT_U32(MPDEMO_A_QUOTA, i)));
	hear(self, 500);
	EXPECT_EQ(1, self->lost);
	EXPECT_GT(50, self->nr);

	/* From then on it hears again. */
	self->nr = 0;
	ASSERT_EQ(0, SET(NLT_U32(MPDEMO_A_QUOTA, 77)));
	hear(self, 500);
	ASSERT_EQ(1, self->nr);
	EXPECT_EQ(77, VALUE(0, QUOTA));
	EXPECT_EQ(1, self->lost);
}

/* Everybody may read, so everybody may listen. */
TEST_F(events, unprivileged_listener)
{
	pid_t pid = fork_child();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct nlt group;

		_exit(become(NOBODY, NOBODY) || nlt_join(&group) ? 1 : 0);
	}
	EXPECT_EQ(0, wait_child(pid));
}

/* Four who create and delete, and one who hears of each of them in its order. */
struct churn {
	pthread_t thread;
	int number;
	long failed;
};

#define ROUNDS	50

static void *churn(void *arg)
{
	struct churn *c = arg;
	struct nlt nl;
	char name[MPDEMO_NAME_SIZE];

	if (nlt_open(&nl)) {
		c->failed++;
		return NULL;
	}
	snprintf(name, sizeof(name), "selftest-churn-%d", c->number);
	for (int i = 0; i < ROUNDS; i++) {
		c->failed += !!nlt_new_arena(&nl, name, 64, 0600);
		c->failed += !!nlt_del_name(&nl, name);
	}
	nlt_close(&nl);
	return NULL;
}

struct heard {
	bool alive[4];
	long created[4], deleted[4], wrong;
};

static int note_churn(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attr[MPDEMO_A_MAX + 1];
	struct heard *heard = arg;
	bool created = header->cmd == MPDEMO_CMD_CREATED_NTF;
	int n;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, MPDEMO_A_MAX, NULL) ||
	    !attr[MPDEMO_A_NAME] ||
	    sscanf(nla_get_string(attr[MPDEMO_A_NAME]), "selftest-churn-%d",
		   &n) != 1)
		return NL_OK;
	if (created)
		heard->created[n]++;
	else
		heard->deleted[n]++;
	heard->wrong += heard->alive[n] == created;
	heard->alive[n] = created;
	return NL_OK;
}

TEST_F(events, churn)
{
	struct churn c[4] = { 0 };
	struct heard heard = { 0 };

	nl_socket_set_buffer_size(self->group.sock, 1 << 22, 0);
	nl_socket_modify_cb(self->group.sock, NL_CB_VALID, NL_CB_CUSTOM,
			    note_churn, &heard);
	for (int i = 0; i < 4; i++) {
		c[i].number = i;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, churn, &c[i]));
	}
	hear(self, 1000);
	for (int i = 0; i < 4; i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].failed);
	}
	hear(self, 500);
	EXPECT_EQ(0, self->lost);
	EXPECT_EQ(0, heard.wrong);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(ROUNDS, heard.created[i]);
		EXPECT_EQ(ROUNDS, heard.deleted[i]);
	}
}

#define OBJECTS	60

struct reclaims {
	int told[OBJECTS];
	__u64 last[OBJECTS];
};

static int note_reclaim(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attr[MPDEMO_A_MAX + 1];
	struct reclaims *reclaims = arg;
	unsigned int n;

	if (header->cmd != MPDEMO_CMD_RECLAIMED_NTF ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attr, MPDEMO_A_MAX, NULL) ||
	    sscanf(nla_get_string(attr[MPDEMO_A_NAME]), NAME "-%u", &n) != 1 ||
	    n >= OBJECTS)
		return NL_OK;
	reclaims->told[n]++;
	reclaims->last[n] = nla_get_u64(attr[MPDEMO_A_RECLAIMED]);
	return NL_OK;
}

/* Of each of many at the same time: at once, and in the end. */
TEST_F(events, many_objects)
{
	struct reclaims reclaims = { 0 };
	char name[MPDEMO_NAME_SIZE];
	__u64 h;

	nl_socket_set_buffer_size(self->group.sock, 1 << 22, 0);
	nl_socket_modify_cb(self->group.sock, NL_CB_VALID, NL_CB_CUSTOM,
			    note_reclaim, &reclaims);
	for (int i = 0; i < OBJECTS; i++) {
		snprintf(name, sizeof(name), NAME "-%d", i);
		nlt_del_name(&self->nl, name);
		ASSERT_EQ(0, nlt_new_pool(&self->nl, name, 24, 4, 0600));
	}
	/* Backwards once, as it matters to none what the others do. */
	for (int i = 0; i < 2 * OBJECTS; i++) {
		int fd;

		snprintf(name, sizeof(name), NAME "-%d",
			 i < OBJECTS ? i : 2 * OBJECTS - 1 - i);
		fd = object_open(self->dev, name, RW);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, pool_alloc(fd, &h));
		close(fd);
	}
	hear(self, 1000);
	EXPECT_EQ(0, self->lost);
	for (int i = 0; i < OBJECTS; i++) {
		CHECK(true, reclaims.told[i] == 1 || reclaims.told[i] == 2,
		      "pool %d: told %d times", i, reclaims.told[i]);
		CHECK(2, reclaims.last[i], "pool %d", i);
		snprintf(name, sizeof(name), NAME "-%d", i);
		EXPECT_EQ(0, nlt_del_name(&self->nl, name));
	}
}

TEST_HARNESS_MAIN
