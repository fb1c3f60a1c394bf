// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the files of an object in debugfs tell what is with it: who holds what, a
 * map of its blocks, and the classes of a heap; and that to read them is safe, and keeps
 * nobody, while objects come and go.
 */
#include "nl_test.h"

#include <pthread.h>
#include <stdarg.h>

#define DEBUGFS "/sys/kernel/debug/mempool_demo"
#define BLOCKS	100

FIXTURE(files) {
	int dev;
	char text[65536];
};

FIXTURE_SETUP(files)
{
	DEV_OPEN_OR_SKIP(self->dev);
	if (access(DEBUGFS "/summary", R_OK))
		SKIP(return, "this kernel has no debugfs, or it is not mounted");
}

FIXTURE_TEARDOWN(files)
{
	close(self->dev);
}

/* By small pieces, so that what is read is made in several goes. */
static const char *read_file(FIXTURE_DATA(files) *self, int object, const char *name)
{
	ssize_t got, length = 0;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%u/%s", info_of(object).out_id, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return "cannot be opened";
	while ((got = read(fd, self->text + length, 100)) > 0 &&
	       length < (ssize_t)sizeof(self->text) - 200)
		length += got;
	close(fd);
	self->text[length] = 0;
	return got ? "cannot be read" : self->text;
}

/* Whether a line ends so, each row of spaces as one; a line begins with an end of line. */
static bool has_end(const char *text, const char *wanted)
{
	size_t n = 1, end = strlen(wanted);
	char line[256] = "\n";

	for (; *text; text++) {
		if (*text == '\n') {
			line[n] = 0;
			if (n >= end && !strcmp(line + n - end, wanted))
				return true;
			n = 1;
		} else if (*text != ' ' || (n > 1 && line[n - 1] != ' ')) {
			if (n < sizeof(line) - 1)
				line[n++] = *text;
		}
	}
	return false;
}

static bool has_line(const char *text, const char *format, ...)
{
	char wanted[256] = "\n";
	va_list args;

	va_start(args, format);
	vsnprintf(wanted + 1, sizeof(wanted) - 1, format, args);
	va_end(args);
	return has_end(text, wanted);
}

#define HAS_LINE(file, ...)						\
	EXPECT_TRUE(has_line(read_file(self, object, file), __VA_ARGS__))	\
		TH_LOG("%s:\n%s", file, self->text)

TEST_F(files, holders)
{
	int object, reader;
	__u64 handles[7];
	char line[128];
	pid_t child;

	prctl(PR_SET_NAME, "two words");
	object = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, object);
	ASSERT_EQ(0, pool_alloc_bulk(object, 7, handles));
	ASSERT_EQ(0, pool_keep(object, handles[0]));
	ASSERT_EQ(0, pool_keep(object, handles[1]));
	HAS_LINE("holders", "OWNER PID COMM ACCESS HELD QUOTA");
	HAS_LINE("holders", "kept - - - 2 -");
	EXPECT_NE(NULL, strstr(self->text, " two\\040words"));
	/* Nobody shall make the terminal of whoever looks do anything. */
	prctl(PR_SET_NAME, "\x1b[7m\\ \xc3\xa4\n");
	reader = object_reopen(object, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, reader);
	EXPECT_NE(NULL, strstr(read_file(self, object, "holders"),
			       " \\033[7m\\134\\040\\303\\244\\012 "));
	close(reader);
	prctl(PR_SET_NAME, "another");
	reader = object_reopen(object, MPDEMO_ACCESS_READ);
	ASSERT_LE(0, reader);
	EXPECT_NE(NULL, strstr(read_file(self, object, "holders"), " another "));

	/* Of another process. */
	child = fork_child();
	if (!child) {
		prctl(PR_SET_NAME, "child");
		snprintf(line, sizeof(line), "%d child rw 0 -", getpid());
		if (object_reopen(object, RW) < 0)
			_exit(1);
		_exit(!has_end(read_file(self, object, "holders"), line));
	}
	EXPECT_EQ(0, wait_child(child));
	EXPECT_EQ(NULL, strstr(read_file(self, object, "holders"), " child "));
	EXPECT_NE(NULL, strstr(self->text, " another "));
	close(reader);
	EXPECT_EQ(NULL, strstr(read_file(self, object, "holders"), " another "));
	close(object);
}

TEST_F(files, holders_of_one_with_a_quota)
{
	struct mpdemo_pool_create a = {
		.size = sizeof(a), .block_size = 24, .blocks = BLOCKS, .quota = 5,
	};
	__u64 handles[3];
	char line[128];
	unsigned int owner;
	int object;

	prctl(PR_SET_NAME, "quota");
	ASSERT_EQ(0, call(self->dev, MPDEMO_IOC_POOL_CREATE, &a));
	object = a.out_fd;
	ASSERT_EQ(0, pool_alloc_bulk(object, 3, handles));
	/* The heading, what is kept, and one open file. */
	read_file(self, object, "holders");
	owner = strtoul(strchr(strchr(self->text, '\n') + 1, '\n'), NULL, 10);
	snprintf(line, sizeof(line), "%u %d quota rw 3 5", owner, getpid());
	HAS_LINE("holders", "%s", line);
	close(object);
}

/* The numbers of the holders, in the order of the lines. Return: how many there are. */
static size_t parse_holders(const char *text, unsigned int *owners, size_t room)
{
	size_t n = 0;

	/* Behind the heading, and what is kept. */
	for (int i = 0; i < 2 && text; i++)
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	for (; text && *text && n < room; n++) {
		owners[n] = strtoul(text, NULL, 10);
		text = strchr(text, '\n');
		text += !!text;
	}
	return n;
}

#define FILES	300
#define CLOSED	70

/* Those that stay are told once, in their order, whoever closes between two pages. */
TEST_F(files, holders_while_others_close)
{
	unsigned int before[FILES + 2], after[FILES + 2];
	int object, fd[FILES], file;
	char path[128], *end = self->text;
	size_t n, at = 0;
	ssize_t got;

	object = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, object);
	for (int i = 0; i < FILES; i++) {
		fd[i] = object_reopen(object, RW);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(FILES + 1, parse_holders(read_file(self, object, "holders"), before,
					   ARRAY_SIZE(before)));
	snprintf(path, sizeof(path), DEBUGFS "/%u/holders", info_of(object).out_id);
	file = open(path, O_RDONLY);
	ASSERT_LE(0, file);
	/* Makes the first page, which has 65 files or so. */
	ASSERT_EQ(100, read(file, end, 100));
	for (end += 100; (got = read(file, end, 100)) > 0; end += got)
		for (int i = 0; end == self->text + 100 && i < CLOSED; i++)
			close(fd[i]);
	*end = 0;
	close(file);
	n = parse_holders(self->text, after, ARRAY_SIZE(after));
	/* Some of those that were closed were still in the first page, and some were not. */
	EXPECT_LT(FILES + 1 - CLOSED, n);
	EXPECT_GE(FILES + 1, n);
	for (size_t i = 0; i < n; i++) {
		while (at <= FILES && before[at] != after[i])
			at++;
		CHECK(true, at <= FILES, "line %zu is of %u, which comes not behind it", i,
		      after[i]);
		at++;
	}
	/* As many of the rest as there are, so each of them. */
	for (size_t i = 0; i < FILES - CLOSED; i++)
		CHECK(before[FILES - i], after[n - 1 - i], "%zu from the end", i);
	for (int i = CLOSED; i < FILES; i++)
		close(fd[i]);
	close(object);
}

TEST_F(files, occupancy_of_a_pool)
{
	char row[65] = "";
	__u64 handles[70];
	int object;

	object = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, object);
	memset(row, '.', 64);
	HAS_LINE("occupancy", "0 %s", row);
	HAS_LINE("occupancy", "64 %.36s", row);
	ASSERT_EQ(0, pool_alloc_bulk(object, 70, handles));
	ASSERT_EQ(0, pool_keep(object, handles[1]));
	ASSERT_EQ(0, pool_free(object, handles[2]));
	ASSERT_EQ(0, pool_free(object, handles[69]));
	/* A new pool gives its blocks in their order. */
	memset(row, 'h', 64);
	row[1] = 'k';
	row[2] = '.';
	HAS_LINE("occupancy", "0 %s", row);
	memset(row, '.', 36);
	memset(row, 'h', 5);
	HAS_LINE("occupancy", "64 %.36s", row);
	close(object);
}

TEST_F(files, occupancy_of_a_pool_that_grows)
{
	__u64 handles[9];
	int object;

	object = pool_create_growing(self->dev, 4096, 8, 24, 8);
	ASSERT_LE(0, object);
	HAS_LINE("occupancy", "0 ........----------------");
	ASSERT_EQ(0, pool_alloc_bulk(object, 9, handles));
	read_file(self, object, "occupancy");
	EXPECT_NE(NULL, strstr(self->text, "--------\n"));
	EXPECT_EQ(NULL, strstr(self->text, "---------\n"));
	close(object);
}

TEST_F(files, heap)
{
	__u64 small, spilled, run, none;
	int object;

	object = heap_create(self->dev, 2, 8 * 4096);
	ASSERT_LE(0, object);
	HAS_LINE("occupancy", "class 8");
	HAS_LINE("occupancy", "class 1024");
	HAS_LINE("occupancy", "0 ..");
	HAS_LINE("occupancy", "0 8 .");
	ASSERT_EQ(0, heap_alloc(object, 96, &small));
	ASSERT_EQ(0, heap_alloc(object, 3 * 4096, &run));
	ASSERT_EQ(0, pool_keep(object, run));
	HAS_LINE("occupancy", "0 h.");
	HAS_LINE("occupancy", "0 3 k");
	HAS_LINE("occupancy", "3 5 .");
	HAS_LINE("classes", "SIZE BLOCKS IN-USE PEAK WASTE ALLOCS FREES SPILLED FAILED");
	HAS_LINE("classes", "8 2 0 0 0%% 0 0 0 0");
	HAS_LINE("classes", "128 2 1 1 25%% 1 0 0 0");
	HAS_LINE("classes", "4096 8 3 3 0%% 1 0 0 0");
	/* Of a class that has two there is no third. */
	ASSERT_EQ(0, heap_alloc(object, 128, &none));
	ASSERT_EQ(0, heap_alloc(object, 128, &spilled));
	HAS_LINE("classes", "128 2 2 2 12%% 2 0 0 1");
	HAS_LINE("classes", "256 2 1 1 50%% 1 0 1 0");
	ASSERT_EQ(0, pool_free(object, run));
	HAS_LINE("occupancy", "0 8 .");
	close(object);
}

/* What nothing can be held of. */
TEST_F(files, arena)
{
	int object = arena_create(self->dev, 4096);
	char path[128];

	ASSERT_LE(0, object);
	snprintf(path, sizeof(path), DEBUGFS "/%u/stats", info_of(object).out_id);
	EXPECT_EQ(0, access(path, R_OK));
	snprintf(path, sizeof(path), DEBUGFS "/%u/holders", info_of(object).out_id);
	EXPECT_EQ(-1, access(path, R_OK));
	close(object);
}

/* A file that is open when its object goes can be read no more, and keeps nothing. */
TEST_F(files, object_goes_while_open)
{
	char path[128], byte;
	int object, fd;

	object = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, object);
	snprintf(path, sizeof(path), DEBUGFS "/%u/occupancy", info_of(object).out_id);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, read(fd, &byte, 1));
	close(object);
	EXPECT_EQ(-1, access(path, R_OK));
	EXPECT_GE(0, read(fd, &byte, 1));
	close(fd);
}

static bool stop;

struct churn {
	pthread_t thread;
	int number, rounds, errors;
};

/* Named and anonymous ones of all kinds, with blocks that are held when they go. */
static void *churn(void *arg)
{
	struct churn *c = arg;
	char name[MPDEMO_NAME_SIZE];
	struct nlt nl;
	__u64 handle;
	int dev = dev_open(), fd, i;

	snprintf(name, sizeof(name), "churn-%d", c->number);
	if (nlt_open(&nl))
		return NULL;
	for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED); c->rounds++) {
		c->errors += !!nlt_new_pool(&nl, name, 24, 1000, 0600);
		fd = object_open(dev, name, RW);
		for (i = 0; i < 5; i++)
			c->errors += !!pool_alloc(fd, &handle);
		c->errors += !!pool_keep(fd, handle);
		c->errors += !!nlt_del_name(&nl, name);
		close(fd);
		fd = heap_create(dev, 4, 65536);
		c->errors += !!heap_alloc(fd, 10000, &handle);
		close(object_reopen(fd, RW));
		close(fd);
	}
	nlt_close(&nl);
	close(dev);
	return NULL;
}

static int read_all(FIXTURE_DATA(files) *self)
{
	static const char * const names[] = {
		"stats", "holders", "occupancy", "classes",
	};
	DIR *dir = opendir(DEBUGFS);
	struct dirent *entry;
	char path[384];
	int fd, n = 0;

	while (dir && (entry = readdir(dir))) {
		for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(path, sizeof(path), DEBUGFS "/%s/%s", entry->d_name, names[i]);
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			while (read(fd, self->text, sizeof(self->text)) > 0)
				n++;
			close(fd);
		}
	}
	closedir(dir);
	return n;
}

TEST_F(files, while_objects_come_and_go)
{
	__u64 end = now_ms() + 3000, handles[BLOCKS];
	struct churn threads[4] = { };
	int object, n = 0;

	object = pool_create(self->dev, 24, BLOCKS);
	ASSERT_LE(0, object);
	ASSERT_EQ(0, pool_alloc_bulk(object, BLOCKS, handles));
	for (int i = 0; i < 4; i++) {
		threads[i].number = i;
		ASSERT_EQ(0, pthread_create(&threads[i].thread, NULL, churn, &threads[i]));
	}
	while (now_ms() < end) {
		n += read_all(self);
		/* What does not change is told as ever. */
		ASSERT_TRUE(has_line(read_file(self, object, "holders"), "kept - - - 0 -"));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i].thread, NULL);
		CHECK(0, threads[i].errors, "thread %d", i);
		EXPECT_LT(0, threads[i].rounds);
	}
	EXPECT_LT(0, n);
	close(object);
}

TEST_HARNESS_MAIN
