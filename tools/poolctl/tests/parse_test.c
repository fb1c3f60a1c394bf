// SPDX-License-Identifier: GPL-2.0
/*
 * parse_test ERRNO...: what poolctl reads, computes and says without a module. KTAP on
 * stdout. The names are those of the errnos that ioctls may give.
 */
#include <errno.h>
#include <linux/mempool_demo.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "bench_report.h"
#include "bench_sweep.h"
#include "extack.h"
#include "device.h"
#include "handle.h"
#include "hints.h"
#include "log.h"
#include "rules.h"
#include "text.h"
#include "units.h"
#include "words.h"

static int number, failures;

static void report(bool passed, const char *what, const char *about)
{
	number++;
	failures += !passed;
	printf("%s %d %s '%.40s'\n", passed ? "ok" : "not ok", number, what,
	       about);
}

static void size_is(const char *text, uint64_t expected)
{
	uint64_t value = 0;

	report(!units_parse_size(text, &value) && value == expected, "size",
	       text);
}

static void size_refused(const char *text, const char *why)
{
	uint64_t value = 42;
	const char *problem = units_parse_size(text, &value);

	report(problem && strstr(problem, why) && value == 42, "no size", text);
}

static void test_sizes(void)
{
	size_is("0", 0);
	size_is("64", 64);
	size_is("64B", 64);
	size_is("4K", 4096);
	size_is("4k", 4096);
	size_is("4KiB", 4096);
	size_is("4KB", 4000);
	size_is("1M", 1 << 20);
	size_is("3MB", 3000000);
	size_is("15EiB", UINT64_C(15) << 60);
	size_is("18EB", UINT64_C(18000000000000000000));
	size_is("18446744073709551615", UINT64_MAX);
	size_refused("18446744073709551616", "64 bits");
	size_refused("16E", "64 bits");
	size_refused("19EB", "64 bits");
	size_refused("18446744073709551615K", "64 bits");
	size_refused("", "empty");
	size_refused("-1", "negative");
	size_refused("-", "not a size");
	size_refused("+1", "not a size");
	size_refused(" 1", "not a size");
	size_refused("1 ", "not a size");
	size_refused("K", "not a size");
	size_refused("4Ki", "not a size");
	size_refused("4KiBs", "not a size");
	size_refused("4iB", "not a size");
	size_refused("1.5M", "not a size");
	size_refused("0x40", "not a size");
	size_refused("4Q", "not a size");
}

static void test_numbers(void)
{
	uint64_t value = 0;
	uint32_t mode = 0;

	report(!units_parse_number("7", 7, &value) && value == 7, "number", "7");
	report(units_parse_number("8", 7, &value), "too large", "8");
	report(units_parse_number("7K", 9, &value), "no number", "7K");
	report(units_parse_number("", 9, &value), "no number", "");
	report(!units_parse_mode("0640", &mode) && mode == 0640, "mode", "0640");
	report(!units_parse_mode("7777", &mode) && mode == 07777, "mode",
	       "7777");
	report(units_parse_mode("10000", &mode), "no mode", "10000");
	report(units_parse_mode("0680", &mode), "no mode", "0680");
	report(units_parse_mode("", &mode), "no mode", "");
}

static void format_is(uint64_t value, const char *expected)
{
	char text[UNITS_SIZE];

	report(!strcmp(units_format_size(value, text), expected), "format",
	       expected);
}

static void test_formats(void)
{
	format_is(0, "0B");
	format_is(1023, "1023B");
	format_is(1024, "1K");
	format_is(1536, "1.5K");
	format_is((1 << 20) - 1, "1023.9K");
	format_is(UINT64_C(1) << 40, "1T");
	format_is(UINT64_MAX, "15.9E");
}

static void test_handles(void)
{
	static const char *const wrong[] = {
		"", ".", "0", "0.", ".1", "0.1.2", "-1.1", "0.-1", "0x1.1",
		"4294967296.1", "0.4294967296", " 0.1", "0.1 ", "a.b",
		"00000000000000000000000000000000.1",
	};
	char text[HANDLE_TEXT];
	uint64_t handle = 0;

	report(!handle_parse("7.1", &handle) &&
	       handle == MPDEMO_HANDLE(7, 1), "handle", "7.1");
	report(!handle_parse("4294967295.4294967295", &handle) &&
	       handle == UINT64_MAX, "handle", "the largest");
	report(!strcmp(handle_format(handle, text), "4294967295.4294967295"),
	       "format", text);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		report(handle_parse(wrong[i], &handle), "no handle", wrong[i]);
}

static void age_is(uint64_t ns, const char *expected)
{
	char text[UNITS_SIZE];

	report(!strcmp(units_format_age(ns, text), expected), "age", expected);
}

static void test_ages(void)
{
	const uint64_t second = 1000000000;

	age_is(0, "0s");
	age_is(second - 1, "0s");
	age_is(12 * second, "12s");
	age_is(60 * second - 1, "59s");
	age_is(60 * second, "1m00s");
	age_is(185 * second, "3m05s");
	age_is(3600 * second - 1, "59m59s");
	age_is((2 * 3600 + 7 * 60 + 59) * second, "2h07m");
	age_is(24 * 3600 * second - 1, "23h59m");
	age_is(52 * 3600 * second, "2d4h");
	age_is(UINT64_MAX, "213503d23h");
}

static void test_texts(void)
{
	static const char *const words[] = { "list", "stats", "destroy", NULL };
	char big[4 * TEXT_SIZE], out[TEXT_SIZE];
	const char *nearest;

	text_escape(out, "a\033[31m\n\xff");
	report(!strcmp(out, "a\\x1b[31m\\x0a\\xff"), "escape", out);
	memset(big, '\a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	text_escape(out, big);
	report(strlen(out) < TEXT_SIZE && strstr(out, "..."), "escape",
	       "what is too long");

	nearest = text_nearest("destory", words);
	report(nearest && !strcmp(nearest, "destroy"), "nearest", "destory");
	report(!text_nearest("frob", words), "nothing near", "frob");
	report(!text_nearest("", words), "nothing near", "");
	report(!text_nearest(big, words), "nothing near", "what is too long");
}

/* An acknowledgment as the kernel builds it, about attribute 6 of a request. */
static void test_extack(bool capped)
{
	static const char text[] = "blocks must be at least 1";
	struct nl_msg *sent = nlmsg_alloc_simple(42, NLM_F_REQUEST);
	struct nl_msg *answer = nlmsg_alloc_simple(NLMSG_ERROR, 0);
	struct nlmsgerr refusal = { .error = -EINVAL };
	struct nlmsghdr *header;
	struct extack extack = { 0 };
	struct nlattr *first;
	uint32_t offset;
	int room;

	nla_put_string(sent, 3, "rx");
	offset = nlmsg_hdr(sent)->nlmsg_len;
	nla_put_u64(sent, 6, 0);

	refusal.msg = *nlmsg_hdr(sent);
	nlmsg_append(answer, &refusal, sizeof(refusal), 0);
	if (!capped)
		nlmsg_append(answer, nlmsg_data(nlmsg_hdr(sent)),
			     nlmsg_datalen(nlmsg_hdr(sent)), NLMSG_ALIGNTO);
	nla_put_string(answer, NLMSGERR_ATTR_MSG, text);
	nla_put_u32(answer, NLMSGERR_ATTR_OFFS, offset);
	header = nlmsg_hdr(answer);
	header->nlmsg_flags |= NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);

	first = extack_of_error(header, &room);
	if (first)
		extack_parse(&extack, nlmsg_hdr(sent), first, room);
	report(first && extack.attribute == 6 &&
	       extack.length == sizeof(text) - 1 &&
	       !memcmp(extack.text, text, sizeof(text) - 1), "extack",
	       capped ? "capped" : "with the request");

	header->nlmsg_flags &= ~NLM_F_ACK_TLVS;
	report(!extack_of_error(header, &room), "no extack", "without flag");
	nlmsg_free(answer);
	nlmsg_free(sent);
}

static void test_extack_of_dump(void)
{
	struct nl_msg *answer = nlmsg_alloc_simple(NLMSG_DONE, NLM_F_MULTI);
	struct extack extack = { 0 };
	struct nlattr *first;
	int error = -EPERM, room;

	nlmsg_append(answer, &error, sizeof(error), NLMSG_ALIGNTO);
	nla_put_u32(answer, NLMSGERR_ATTR_MISS_TYPE, 5);
	nlmsg_hdr(answer)->nlmsg_flags |= NLM_F_ACK_TLVS;

	first = extack_of_done(nlmsg_hdr(answer), &room);
	if (first)
		extack_parse(&extack, NULL, first, room);
	report(first && extack.attribute == 5 && !extack.length &&
	       extack_done_error(nlmsg_hdr(answer)) == EPERM, "extack",
	       "of a dump");
	nlmsg_free(answer);
}

static double figure(struct json_object *rows, int row, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(json_object_array_get_idx(rows, row),
				       key, &value))
		return -1;
	return json_object_get_double(value);
}

/* A thousand operations on two CPUs. */
#define ROW(_allocator, _variant, _batch, _min, _median) {		\
	.suite = 1, .allocator = _allocator, .variant = _variant,	\
	.object_size = 64, .batch = _batch, .operations = 1000,		\
	.rounds = 5, .min = _min, .median = _median, .cpus = 2,		\
}

static void test_figures(void)
{
	struct bench_row rows[] = {
		ROW("empty", "loop", 1, 10000, 12000),
		ROW("empty", "bulk", 1, 1000, 2000),
		ROW("kmem_cache", "GFP_KERNEL", 1, 210000, 210000),
		ROW("pool", "called", 1, 60000, 62000),
		ROW("pool", "bulk", 1, 21000, 22000),
		ROW("pool", "called", 32, 60000, 62000),
	};
	struct bench_report bench = {
		.instrument = "ns",
		.rows = { rows, sizeof(rows) / sizeof(rows[0]) },
	};
	struct json_object *document = bench_report_json(&bench);
	struct json_object *array = json_object_object_get(document, "rows");

	report(figure(array, 0, "gross_min_per_operation") == 10 &&
	       figure(array, 0, "net_min_per_operation") == -1, "figures",
	       "empty loop");
	report(figure(array, 2, "ratio_to_kmem_cache") == 1, "figures",
	       "kmem_cache");
	report(figure(array, 3, "net_min_per_operation") == 50 &&
	       figure(array, 3, "net_median_per_operation") == 52 &&
	       figure(array, 3, "ratio_to_kmem_cache") == 0.26, "figures",
	       "pool");
	report(figure(array, 4, "net_min_per_operation") == 20 &&
	       figure(array, 4, "net_median_per_operation") == 21 &&
	       figure(array, 4, "ratio_to_kmem_cache") == 0.105, "figures",
	       "pool in bulk");
	report(figure(array, 2, "throughput") == 2e9 / 210, "figures",
	       "throughput of two CPUs");
	report(figure(array, 2, "memory_requested") == -1, "figures",
	       "memory that nobody asked for");
	rows[3].has_memory = true;
	rows[3].requested = 100;
	rows[3].used = 90;
	json_object_put(document);
	document = bench_report_json(&bench);
	array = json_object_object_get(document, "rows");
	report(figure(array, 3, "memory_wasted") == -10, "figures",
	       "memory");
	report(figure(array, 5, "gross_min_per_operation") == 60 &&
	       figure(array, 5, "net_min_per_operation") == -1 &&
	       figure(array, 5, "ratio_to_kmem_cache") == -1, "figures",
	       "no loop of this batch");
	json_object_put(document);
}

/* What the kernel would refuse, and what is measured twice and could not be told apart. */
static void test_sweep(unsigned int cpus, bool instructions)
{
	static const uint32_t own[] = { 1, 32, 100 };
	struct bench_request basis = { .cpu = -1, .operations = 7 };
	struct machine machine = { .cpus = cpus };
	struct bench_plan plan = bench_sweep(&basis, &machine, instructions);
	bool once = true, allowed = true, kept = true, new = true;
	unsigned int most = 0;
	char what[40];

	for (size_t i = 0; i < plan.count; i++) {
		const struct bench_request *a = &plan.requests[i];
		uint64_t bytes = (uint64_t)(a->size ? a->size : 64) *
				 a->outstanding * (a->cpus ? a->cpus : 1);

		for (size_t j = 0; j < i; j++) {
			const struct bench_request *b = &plan.requests[j];

			once &= a->suite != b->suite || a->size != b->size ||
				a->outstanding != b->outstanding ||
				a->cpus != b->cpus;
		}
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++)
			new &= a->suite != MPDEMO_BENCH_SUITE_MICRO ||
			       a->size || a->cpus || a->outstanding != own[j];
		allowed &= bytes <= 128 << 20 && a->cpus <= cpus &&
			   a->outstanding <= 32768 && a->size <= 4096;
		kept &= a->operations == 7 && a->cpu == -1;
		most = a->cpus > most ? a->cpus : most;
	}
	snprintf(what, sizeof(what), "%u CPUs%s", cpus,
		 instructions ? ", instructions" : "");
	report(plan.count > 20 && !plan.requests[0].suite &&
	       plan.requests[0].latency && plan.requests[0].memory, "sweep", what);
	report(once && new, "sweep without a row twice", what);
	report(allowed, "sweep that is allowed", what);
	report(kept, "sweep as it was asked for", what);
	report(most == (instructions || cpus < 2 ? 0 : cpus), "sweep over", what);
	free(plan.requests);
}

static int errno_of(const char *name)
{
	for (int i = 1; i < 200; i++) {
		const char *known = strerrorname_np(i);

		if (known && !strcmp(known, name))
			return i;
	}
	return 0;
}

/* Whatever the kernel refuses, somebody learns what that means and what to do. */
static void test_hints(char **names)
{
	static const int administer[] = {
		EPERM,	EEXIST, ENOENT, ENFILE,	    ENOBUFS, ENOLCK,
		ENOMEM, ERANGE, EINVAL, EOPNOTSUPP, ESHUTDOWN,
	};
	struct kernel_error error = { 0 };

	for (; *names; names++) {
		error.error = errno_of(*names);
		report(error.error && device_meaning(error.error), "meaning of",
		       *names);
		report(hint_use(&error, "rx"), "what to do about", *names);
	}
	for (size_t i = 0; i < sizeof(administer) / sizeof(administer[0]); i++) {
		error.error = administer[i];
		report(hint_administer(&error, "rx"), "what to do about",
		       strerrorname_np(error.error));
	}
	error.error = EXFULL;
	report(!hint_use(&error, "rx") && !hint_administer(&error, "rx"),
	       "nothing to do about", "EXFULL");
}

static void words_are(const char *line, const char *expected)
{
	char copy[128], joined[128] = "", safe[TEXT_SIZE], *words[66];
	const char *problem;
	int count;

	snprintf(copy, sizeof(copy), "%s", line);
	problem = words_split(copy, strlen(copy), words, &count);
	for (int i = 0; !problem && i < count; i++) {
		strcat(joined, words[i]);
		strcat(joined, "|");
	}
	text_escape(safe, line);
	report((problem ? !expected : expected && !strcmp(joined, expected)) &&
	       (problem || !words[count]), "words", safe);
}

static void test_words(void)
{
	static char nul[] = "a\0b";
	char *words[4];
	int count;

	words_are("", "");
	words_are("\n", "");
	words_are(" \t# nothing", "");
	words_are("list", "list|");
	words_are("  free p\t0.1  1.1\r\n", "free|p|0.1|1.1|");
	words_are("a b#c #d", "a|b#c|");
	words_are("'a b' \"c d\"e '' \"\"", "a b|c de|||");
	words_are("'a\\n#\"' \"it's \\\"it\\\"\"", "a\\n#\"|it's \"it\"|");
	words_are("a\\ b \\#c \\\\", "a b|#c|\\|");
	words_are("a\\\n", NULL);
	words_are("a \\\r\n", NULL);
	words_are("a \"b\\", NULL);
	words_are("a '\\'\n", "a|\\|");
	words_are("a # \\\n", "a|");
	words_are("a", "a|");
	words_are("'a", NULL);
	words_are("a \"b\\\"", NULL);
	report(words_split(nul, 3, words, &count), "no words", "a NUL");
}

/* A pool of 10 blocks, 4 in use: 3 since its counters were reset, which were 6. */
static struct object some_pool(void)
{
	return (struct object){ .value = {
		[MPDEMO_A_KIND] = MPDEMO_KIND_POOL, [MPDEMO_A_BLOCK_SIZE] = 60,
		[MPDEMO_A_STRIDE] = 64, [MPDEMO_A_FOOTPRINT] = 4096,
		[MPDEMO_A_BLOCKS] = 10, [MPDEMO_A_PRESENT] = 10,
		[MPDEMO_A_MAX_BLOCKS] = 10, [MPDEMO_A_IN_USE] = 4,
		[MPDEMO_A_KEPT] = 4, [MPDEMO_A_PEAK] = 4,
		[MPDEMO_A_ALLOCS] = 6, [MPDEMO_A_FREES] = 3,
	} };
}

static void test_rules(void)
{
	static const struct {
		int attribute;
		uint64_t value;
		const char *broken;
	} cases[] = {
		{ MPDEMO_A_IN_USE, 11, "in use than there are" },
		{ MPDEMO_A_PRESENT, 11, "than there may be" },
		{ MPDEMO_A_PRESENT, 9, "than there have to be" },
		{ MPDEMO_A_KEPT, 5, "kept" },
		{ MPDEMO_A_PEAK, 3, "peak" },
		{ MPDEMO_A_BLOCK_SIZE, 65, "overlap" },
		{ MPDEMO_A_FOOTPRINT, 639, "footprint" },
		{ MPDEMO_A_ALLOCS, 8, "not those" },
		{ MPDEMO_A_FREES, 13, "not those" },
	};
	struct mpdemo_heap_class class = { .out_blocks = 4, .out_in_use = 4, .out_peak = 4 };
	struct object object = some_pool();

	report(!rules_broken(&object), "rules", "a pool");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *broken;

		object = some_pool();
		object.value[cases[i].attribute] = cases[i].value;
		broken = rules_broken(&object);
		report(broken && strstr(broken, cases[i].broken), "rules", cases[i].broken);
	}
	object.value[MPDEMO_A_WAITERS] = 1;
	report(!rules_broken(&object), "rules", "somebody waits");

	object = (struct object){ .value = {
		[MPDEMO_A_KIND] = MPDEMO_KIND_ARENA, [MPDEMO_A_BYTES] = 10,
		[MPDEMO_A_IN_USE] = 10, [MPDEMO_A_PEAK] = 10,
	} };
	report(!rules_broken(&object), "rules", "an arena");
	object.value[MPDEMO_A_PEAK] = 9;
	report(rules_broken(&object), "rules", "peak of an arena");
	object.value[MPDEMO_A_BYTES] = 9;
	report(rules_broken(&object), "rules", "bytes of an arena");

	report(!rules_broken_class(&class), "rules", "a class");
	class.out_peak = 3;
	report(rules_broken_class(&class), "rules", "peak of a class");
	class.out_blocks = 3;
	report(rules_broken_class(&class), "rules", "blocks of a class");
}

static void hides(const char *line, const char *expected)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", line);
	log_hide(copy);
	report(!strcmp(copy, expected), "hide", line);
}

static void test_log(void)
{
	hides("", "");
	hides("[   12.345678] mempool_demo: loaded", "[   12.345678] mempool_demo: loaded");
	hides("byte 3 is 0x41 and not 0x6b, found", "byte 3 is ... and not ..., found");
	hides("0x4", "...");
	hides("ffff888003a4c000: ok", "...: ok");
	hides("at 00000000DEADBEEF", "at ...");
	hides("by f+0x12/0x4a0 [mempool_demo]", "by f+0x12/0x4a0 [mempool_demo]");
	hides("4398046511104 bytes", "4398046511104 bytes");
	hides("a0x41 deadbeef0123", "a0x41 deadbeef0123");
	hides("RAX: ffffffffc0a01234 RBX: 0000000000000001", "RAX: ... RBX: ...");
}

int main(int argc, char **argv)
{
	puts("KTAP version 1");
	report(argc > 20, "errnos on", "the command line");
	test_sizes();
	test_numbers();
	test_formats();
	test_handles();
	test_ages();
	test_texts();
	test_extack(true);
	test_extack(false);
	test_extack_of_dump();
	test_figures();
	test_sweep(1, false);
	test_sweep(2, false);
	test_sweep(6, false);
	test_sweep(4, true);
	test_hints(argv + 1);
	test_words();
	test_rules();
	test_log();
	printf("1..%d\n", number);
	return failures != 0;
}
