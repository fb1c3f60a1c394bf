// SPDX-License-Identifier: GPL-2.0
/*
 * mpdemo_fuzz: runs programs of random calls beside a model, and where the kernel says
 * which code they reach (KCOV), keeps those that reach more and changes them.
 */
#include "../nl_test.h"
#include "fuzz.h"

#include <getopt.h>
#include <linux/kcov.h>

#define CORPUS_MAX	4096
#define TEXT_MAX	(1U << 20)
#define COVER_SIZE	(1U << 18)
#define CHAOS_MSECS	300
#define CHAOS_TRIES	20
#define GARBAGE		50	/* messages in a round */

static struct program corpus[CORPUS_MAX];
static unsigned int nr_corpus, nr_covered;
static unsigned char seen[TEXT_MAX];
static unsigned long *cover, text, text_size;
static int cover_fd = -1;
static __u64 state;

static const char usage[] =
"usage: mpdemo_fuzz [--seconds N] [--seed N] [--privileged]\n"
"       mpdemo_fuzz --replay PROGRAM [--verbose]\n"
"       mpdemo_fuzz --chaos SEED\n"
"\n"
"Makes random calls as nobody, and says which of them do what they must not, each with\n"
"the option that makes it happen again.\n"
"\n"
"  --seconds N   how long (default 10)\n"
"  --seed N      of the random numbers (default 1)\n"
"  --privileged  do not become nobody\n"
"  --verbose     print each call\n"
"  --chaos SEED  threads without a model, over and over\n"
"\n"
"Exit status: 0, 1: something was wrong, 2: wrong use.\n";

/* xorshift64*: the same numbers with every C library. */
static __u32 random_number(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL) >> 32;
}

static unsigned int below(unsigned int n)
{
	return random_number() % n;
}

static unsigned long number_in(const char *path, const char *format)
{
	unsigned long value = 0;
	FILE *f = fopen(path, "r");

	if (f) {
		if (fscanf(f, format, &value) != 1)
			value = 0;
		fclose(f);
	}
	return value;
}

/* While we are root. Without KCOV it is all random. */
static void cover_init(void)
{
	text = number_in("/sys/module/mempool_demo/sections/.text", "%lx");
	text_size = number_in("/sys/module/mempool_demo/coresize", "%lu");
	if (text_size > TEXT_MAX)
		text_size = TEXT_MAX;
	cover_fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (cover_fd < 0 || !text)
		return;
	if (ioctl(cover_fd, KCOV_INIT_TRACE, COVER_SIZE))
		return;
	cover = mmap(NULL, COVER_SIZE * sizeof(*cover), PROT_READ | PROT_WRITE,
		     MAP_SHARED, cover_fd, 0);
	if (cover == MAP_FAILED || ioctl(cover_fd, KCOV_ENABLE, KCOV_TRACE_PC))
		cover = NULL;
}

/*
 * Each object that goes waits for a grace period of RCU, which is most of the time of a
 * program, unless these are hurried. Return: how to undo that, as nobody.
 */
static int hurry(void)
{
	int fd = open("/sys/kernel/rcu_expedited", O_RDWR | O_CLOEXEC);
	char was;

	if (fd < 0)
		return -1;
	if (pread(fd, &was, 1, 0) == 1 && was == '0' && pwrite(fd, "1", 1, 0) == 1)
		return fd;
	close(fd);
	return -1;
}

static void end_hurry(int fd)
{
	if (fd >= 0 && pwrite(fd, "0", 1, 0) != 1)
		printf("# rcu_expedited stays 1\n");
}

static void cover_begin(void)
{
	if (cover)
		__atomic_store_n(&cover[0], 0, __ATOMIC_RELAXED);
}

/* How many places were reached for the first time. */
static unsigned int cover_end(void)
{
	unsigned int fresh = 0;

	if (!cover)
		return 0;
	for (unsigned long i = 1; i <= cover[0] && i < COVER_SIZE; i++) {
		unsigned long at = cover[i] - text;

		if (at < text_size && !seen[at]) {
			seen[at] = 1;
			fresh++;
		}
	}
	nr_covered += fresh;
	return fresh;
}

static struct op random_op(void)
{
	struct op op;

	for (unsigned int i = 0; i < sizeof(op); i++)
		((__u8 *)&op)[i] = random_number();
	return op;
}

static void random_program(struct program *p)
{
	p->nr = 4 + below(OPS_MAX - 3);
	for (unsigned int i = 0; i < p->nr; i++)
		p->op[i] = random_op();
	/* Without an object there is little to do. */
	p->op[0].call = 0;
	p->op[0].how = 0;
	p->op[0].a[3] = 0;
}

static void mutate(struct program *p)
{
	const struct program *other = &corpus[below(nr_corpus)];
	unsigned int at;

	*p = corpus[below(nr_corpus)];
	for (int n = 1 + below(4); n; n--) {
		at = below(p->nr);
		switch (below(5)) {
		case 0:		/* one byte */
			((__u8 *)&p->op[at])[below(sizeof(p->op[at]))] =
				random_number();
			break;
		case 1:		/* another op */
			p->op[at] = random_op();
			break;
		case 2:		/* one less */
			if (p->nr > 1)
				memmove(&p->op[at], &p->op[at + 1],
					(--p->nr - at) * sizeof(*p->op));
			break;
		case 3:		/* one more */
			if (p->nr < OPS_MAX) {
				memmove(&p->op[at + 1], &p->op[at],
					(p->nr++ - at) * sizeof(*p->op));
				p->op[at] = random_op();
			}
			break;
		case 4:		/* go on as another one does */
			while (at < OPS_MAX && at < other->nr) {
				p->op[at] = other->op[at];
				at++;
			}
			if (at > p->nr)
				p->nr = at;
			break;
		}
	}
}

static void print_program(const struct program *p)
{
	for (unsigned int i = 0; i < p->nr * sizeof(*p->op); i++)
		printf("%02x", ((const __u8 *)p->op)[i]);
	printf("\n");
}

static bool read_program(struct program *p, const char *text_form)
{
	size_t bytes = strlen(text_form) / 2;

	if (!bytes || bytes % sizeof(*p->op) || bytes > sizeof(p->op))
		return false;
	p->nr = bytes / sizeof(*p->op);
	for (size_t i = 0; i < bytes; i++)
		if (sscanf(text_form + 2 * i, "%2hhx", (__u8 *)p->op + i) != 1)
			return false;
	return true;
}

/* The shortest beginning that fails, and without what it does not need. */
static void shrink(struct program *p)
{
	struct program less;

	for (unsigned int i = p->nr; i--;) {
		less = *p;
		memmove(&less.op[i], &less.op[i + 1], (p->nr - i - 1) * sizeof(*p->op));
		less.nr--;
		if (less.nr && !model_run(&less, false))
			*p = less;
	}
}

static bool run(const struct program *p)
{
	struct program bad;

	if (model_run(p, false))
		return true;
	printf("# %s\n", model_error);
	bad = *p;
	/* So that it stays the same program when the table of calls has grown. */
	for (unsigned int i = 0; i < bad.nr; i++)
		bad.op[i].call %= model_weights();
	shrink(&bad);
	if (model_run(&bad, false))
		printf("# it does not happen again\n");
	else
		printf("# shortest: %s\n", model_error);
	printf("replay: mpdemo_fuzz --replay ");
	print_program(&bad);
	fflush(stdout);
	return false;
}

/* Who is nobody may ask, and no more. */
static unsigned int netlink_round(struct nlt *nl, bool privileged)
{
	char name[MPDEMO_NAME_SIZE + 8] = { 0 };
	unsigned int failed = 0;
	int ret;

	for (unsigned int i = 0, n = below(sizeof(name)); i < n; i++)
		name[i] = 1 + below(255);
	ret = nlt_new_pool(nl, name, below(100), below(100), random_number() & 0777);
	if (privileged)
		nlt_del_name(nl, name);
	else if (!ret)
		failed += !!printf("# NEW is not refused\n");
	/* One that has no other fault. */
	ret = privileged ? -EPERM : nlt_new_pool(nl, "fuzz", 8, 8, 0600);
	if (ret != -EPERM)
		failed += !!printf("# NEW returned %d\n", ret);
	ret = nlt_by_id(nl, MPDEMO_CMD_DEL, below(100) + 1000000);
	if (!privileged && ret != -EPERM)
		failed += !!printf("# DEL returned %d\n", ret);
	return failed;
}

/* Why a message that would change something is refused: malformed, or not by nobody. */
static bool is_refusal(int ret)
{
	return ret == -EPERM || ret == -EINVAL || ret == -ERANGE;
}

/*
 * A message of anything, so that the parser of the kernel has to say what is wrong. It
 * comes before the look at who asks.
 */
static unsigned int netlink_garbage(struct nlt *nl, bool privileged)
{
	/* What may come true is left to netlink_round(). */
	unsigned int cmd = privileged ? 3 + below(250) : below(256);
	bool dump = !below(4);
	struct nl_msg *msg = nlt_msg(nl, cmd, dump ? NLM_F_DUMP : 0);
	__u8 bytes[80];
	int ret;

	for (unsigned int n = below(6); n; n--) {
		unsigned int len = below(sizeof(bytes));

		for (unsigned int i = 0; i < len; i++)
			bytes[i] = random_number();
		if (below(4))
			nla_put(msg, below(MPDEMO_A_MAX + 4), len, bytes);
		else
			nlmsg_append(msg, bytes, len, NLMSG_ALIGNTO);
	}
	ret = nlt_call(nl, msg);
	if ((cmd == MPDEMO_CMD_NEW || cmd == MPDEMO_CMD_DEL) && !dump &&
	    !is_refusal(ret)) {
		printf("# command %u of netlink returned %d\n", cmd, ret);
		return 1;
	}
	if ((!cmd || cmd > MPDEMO_CMD_MAX) && ret != -EOPNOTSUPP) {
		printf("# command %u of netlink, which is none, returned %d\n", cmd,
		       ret);
		return 1;
	}
	return 0;
}

/* The moments are others each time, so it takes some tries. */
static int replay_chaos(int dev, unsigned int seed)
{
	for (int i = 0; i < CHAOS_TRIES; i++)
		if (!chaos_run(dev, seed, CHAOS_MSECS))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "replay", required_argument, NULL, 'p' },
		{ "privileged", no_argument, NULL, 'P' },
		{ "chaos", required_argument, NULL, 'c' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 }
	};
	unsigned int seconds = 10, seed = 1, passed = 0, failed = 0, rounds = 0;
	bool privileged = false, verbose = false, given = false, chaos = false;
	static struct program p;
	__u64 end, told, chaos_at;
	struct nlt nl;
	int dev, c, hurried;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			seconds = atoi(optarg);
			break;
		case 'r':
			seed = atoi(optarg);
			break;
		case 'P':
			privileged = true;
			break;
		case 'c':
			chaos = true;
			seed = strtoul(optarg, NULL, 10);
			break;
		case 'v':
			verbose = true;
			break;
		case 'p':
			given = read_program(&p, optarg);
			if (given)
				break;
			/* fall through */
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	state = 0x9e3779b97f4a7c15ULL * (seed + 1ULL);
	dev = dev_open();
	if (dev < 0 || !model_init(dev) || nlt_open(&nl)) {
		printf("Bail out! no device, or no memory\n");
		return 1;
	}
	if (given) {
		if (model_run(&p, verbose))
			return 0;
		printf("# %s\n", model_error);
		return 1;
	}

	cover_init();
	hurried = chaos ? -1 : hurry();
	if (!privileged && become(NOBODY, NOBODY)) {
		printf("Bail out! cannot become nobody\n");
		return 1;
	}
	/* Else /proc/self would be root's, and no descriptor could be counted. */
	prctl(PR_SET_DUMPABLE, 1);
	if (chaos)
		return replay_chaos(dev, seed);
	told = now_ms();
	chaos_at = told + 1000;
	end = told + seconds * 1000ULL;
	while (now_ms() < end && failed < 10) {
		bool ok;

		if (nr_corpus && below(4))
			mutate(&p);
		else
			random_program(&p);
		cover_begin();
		ok = run(&p);
		passed += ok;
		failed += !ok;
		if (cover_end() && ok && nr_corpus < CORPUS_MAX)
			corpus[nr_corpus++] = p;
		if (now_ms() >= chaos_at) {
			ok = chaos_run(dev, random_number(), CHAOS_MSECS);
			passed += ok;
			failed += !ok;
			c = netlink_round(&nl, privileged);
			for (unsigned int i = 0; i < GARBAGE; i++)
				c += netlink_garbage(&nl, privileged);
			passed += !c;
			failed += c;
			chaos_at = now_ms() + 2000;
			rounds++;
		}
		if (now_ms() > told + 30000) {
			told = now_ms();
			printf("# %u programs, %lu calls, corpus %u, %u places\n",
			       passed, model_calls, nr_corpus, nr_covered);
			fflush(stdout);
		}
	}
	end_hurry(hurried);
	printf("# seed %u: %lu calls, %u rounds of chaos, corpus %u, %u places%s\n",
	       seed, model_calls, rounds, nr_corpus, nr_covered,
	       cover ? "" : " (this kernel has no KCOV)");
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed || !passed;
}
