// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl verify: whether an object is as it should be, as far as the kernel can tell.
 *
 * Free blocks of a pool that is poisoned are looked at when they are allocated. What
 * was found is counted; and with --all poolctl has the kernel look, by allocating them.
 *
 * Numbers of an object that is used are not of one instant, so what is odd once may be
 * right: it is looked at again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "checks.h"
#include "device.h"
#include "hints.h"
#include "json.h"
#include "map.h"
#include "memory.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "rules.h"

#define TRIES		10
#define PAUSE		10000	/* microseconds */

/* How many open files share the work where each may hold but a few blocks. */
#define MOST_FILES	64

static const char *all;

const struct command_option verify_options[] = {
	{ "all", 'a', NULL, &all, "pool: look at the free blocks: takes them for a moment" },
	{ 0 },
};

/*
 * struct patient - the object
 * @name: its name
 * @netlink: how to ask about it
 * @fd: an open file of it, or -1
 * @object: what netlink has said last
 */
struct patient {
	const char *name;
	struct netlink netlink;
	int fd;
	struct object object;
};

static int look(struct patient *patient, struct kernel_error *error)
{
	struct object_list list = { 0 };
	int result = object_read(&patient->netlink, patient->name, &list, error);

	if (!result)
		patient->object = list.objects[0];
	object_list_clear(&list);
	return result;
}

static void check_refused(const struct patient *patient)
{
	uint64_t refused = patient->object.value[MPDEMO_A_REFUSED];

	if (refused)
		say(NOTE, "frees", "look for what frees, keeps or takes twice",
		    "%" PRIu64 " handle%s refused, as no block of the caller", refused,
		    refused == 1 ? " was" : "s were");
	else
		say(FINE, "frees", NULL, "none was refused");
}

static void check_corrupted(const struct patient *patient)
{
	const uint64_t *value = patient->object.value;

	if (!object_is_pool(&patient->object)) {
		say(FINE, "poison", NULL, "only pools have it");
		return;
	}
	if (value[MPDEMO_A_CORRUPTED])
		say(PROBLEM, "corrupted", "'dmesg' has the first one: which byte of which block",
		    "blocks were found written to after their free, %" PRIu64 " times",
		    value[MPDEMO_A_CORRUPTED]);
	else
		say(FINE, "corrupted", NULL, "no free block was found written to");
	if (value[MPDEMO_A_POISON])
		say(FINE, "poison", NULL,
		    "is on: free blocks are looked at when they are allocated");
	else
		say(NOTE, "poison", hint_poison(patient->name),
		    "is off: who writes to free blocks is not found out");
}

static void check_rules(struct patient *patient, struct kernel_error *error)
{
	const char *broken = rules_broken(&patient->object);

	for (int i = 1; broken && i < TRIES; i++) {
		usleep(PAUSE);
		if (look(patient, error))
			break;
		broken = rules_broken(&patient->object);
	}
	if (broken)
		say(PROBLEM, "numbers", NULL, "%s", broken);
	else
		say(FINE, "numbers", NULL, "they can be true");
}

/*
 * struct witness - somebody else who knows what netlink says of an object
 * @check: how that is called
 * @ask: has it tell some of the numbers; returns 0 or fills the error
 */
struct witness {
	const char *check;
	int (*ask)(struct patient *patient, struct object *numbers,
		   struct kernel_error *error);
};

static void tell(struct object *numbers, int attribute, uint64_t value)
{
	numbers->present |= UINT64_C(1) << attribute;
	numbers->value[attribute] = value;
}

static int ask_ioctl(struct patient *patient, struct object *numbers,
		     struct kernel_error *error)
{
	struct mpdemo_info info;

	if (device_info(patient->fd, &info, error))
		return -1;
	tell(numbers, MPDEMO_A_IN_USE, info.out_in_use);
	tell(numbers, MPDEMO_A_PEAK, info.out_peak);
	tell(numbers, MPDEMO_A_ALLOCS, info.out_allocs);
	tell(numbers, MPDEMO_A_FREES, info.out_frees);
	tell(numbers, MPDEMO_A_FOOTPRINT, info.out_footprint);
	return 0;
}

/* Each block of a pool by itself. */
static int ask_blocks(struct patient *patient, struct object *numbers,
		      struct kernel_error *error)
{
	struct map map = { 0 };
	int result = map_read(&patient->netlink, &patient->object, &map, error);

	if (!result && map.nparts) {
		const struct map_part *part = map.parts;

		tell(numbers, MPDEMO_A_IN_USE, map_used(part));
		tell(numbers, MPDEMO_A_KEPT, part->counts[MPDEMO_BLOCK_KEPT]);
		tell(numbers, MPDEMO_A_PRESENT,
		     part->count - part->counts[MPDEMO_BLOCK_ABSENT]);
	}
	map_clear(&map);
	return result;
}

/* Of those numbers that are in @some. */
static bool same(const struct object *some, const struct object *left,
		 const struct object *right)
{
	for (int i = 0; i <= MPDEMO_A_MAX; i++) {
		if (object_has(some, i) && left->value[i] != right->value[i])
			return false;
	}
	return true;
}

/*
 * Where netlink says the same before and after, the witness should have said it as well;
 * but a number may have changed twice in between, so once is not enough.
 */
static void compare(struct patient *patient, const struct witness *witness,
		    struct kernel_error *error)
{
	const char *check = witness->check;
	int wrong = 0;

	for (int i = 0; i < TRIES; i++) {
		struct object before = patient->object, other = { 0 };

		if (witness->ask(patient, &other, error) || look(patient, error)) {
			say(NOTE, check, NULL, "there was no answer: %s",
			    *error->text ? error->text : strerror(error->error));
			return;
		}
		if (same(&other, &other, &patient->object)) {
			say(FINE, check, NULL, "the numbers are those of netlink");
			return;
		}
		wrong += same(&other, &before, &patient->object);
		usleep(PAUSE);
	}
	if (wrong == TRIES)
		say(PROBLEM, check, NULL, "the numbers are not those of netlink");
	else
		say(NOTE, check, "while nobody uses it",
		    "the object changed all the time, so it was not compared");
}

static const char *broken_class(int fd)
{
	struct mpdemo_heap_class class = { 0 };
	struct kernel_error error;

	for (unsigned int i = 0; i <= class.out_classes; i++) {
		const char *broken;

		if (device_heap_class(fd, i, &class, &error))
			return NULL;
		broken = rules_broken_class(&class);
		if (broken)
			return broken;
	}
	return NULL;
}

static void check_classes(const struct patient *patient)
{
	const char *broken = broken_class(patient->fd);

	for (int i = 1; broken && i < TRIES; i++) {
		usleep(PAUSE);
		broken = broken_class(patient->fd);
	}
	if (broken)
		say(PROBLEM, "classes", NULL, "%s", broken);
	else
		say(FINE, "classes", NULL, "their numbers can be true");
}

/*
 * struct haul - blocks that one open file has allocated
 * @fd: the file
 * @handles: the blocks
 * @count: how many
 */
struct haul {
	int fd;
	uint64_t *handles;
	uint64_t count;
};

/* Fewer where others are faster, or a quota does not allow as many. */
static void take(struct haul *haul, uint64_t most)
{
	struct kernel_error error;

	haul->handles = needed(calloc(most, sizeof(*haul->handles)));
	for (uint64_t step = most; step;) {
		uint64_t left = most - haul->count;

		if (step > left)
			step = left;
		if (step > MPDEMO_BULK_MAX)
			step = MPDEMO_BULK_MAX;
		if (!device_alloc(haul->fd, haul->handles + haul->count, step,
				  false, &error))
			haul->count += step;
		else
			step /= 2;
	}
}

/* Not by closing the file alone: that would count as what a dead program left. */
static void put_back(struct haul *haul)
{
	struct kernel_error error;
	size_t done;

	device_free(haul->fd, haul->handles, haul->count, &done, &error);
	close(haul->fd);
	free(haul->handles);
}

/*
 * Returns how many of @wanted free blocks were allocated, at one time, and freed. A quota is
 * that of an open file, so there are several.
 */
static uint64_t take_all(const struct patient *patient, uint64_t wanted)
{
	struct haul hauls[MOST_FILES];
	struct kernel_error error;
	uint64_t taken = 0;
	int n = 0;

	while (taken < wanted && n < MOST_FILES) {
		struct haul *haul = &hauls[n];

		*haul = (struct haul){
			.fd = device_open(options.device, patient->name, &error),
		};
		if (haul->fd < 0)
			break;
		n++;
		take(haul, wanted - taken);
		if (!haul->count)
			break;
		taken += haul->count;
	}
	while (n--)
		put_back(&hauls[n]);
	return taken;
}

static int check_free(struct patient *patient, struct kernel_error *error)
{
	const uint64_t *value = patient->object.value;
	uint64_t before = value[MPDEMO_A_CORRUPTED], found, taken;
	uint64_t wanted = value[MPDEMO_A_PRESENT] - value[MPDEMO_A_IN_USE];

	if (!object_is_pool(&patient->object) || !value[MPDEMO_A_POISON] ||
	    value[MPDEMO_A_IN_USE] > value[MPDEMO_A_PRESENT])
		return 0;
	taken = take_all(patient, wanted);
	if (look(patient, error))
		return -1;
	found = value[MPDEMO_A_CORRUPTED] - before;
	if (found)
		say(PROBLEM, "free", NULL,
		    "of %" PRIu64 " free blocks that were looked at %" PRIu64 " were written to",
		    taken, found);
	else if (taken < wanted)
		say(NOTE, "free", "while nobody uses the pool, and it has no quota",
		    "%" PRIu64 " of %" PRIu64 " free blocks were looked at", taken, wanted);
	else
		say(FINE, "free", NULL,
		    "all %" PRIu64 " were looked at, and none was written to", taken);
	return 0;
}

static void check_open(struct patient *patient, struct kernel_error *error)
{
	static const struct witness ioctls = { "ioctl", ask_ioctl };

	patient->fd = device_open(options.device, patient->name, error);
	if (patient->fd < 0) {
		say(NOTE, "ioctl", "run it as root", "the object cannot be opened: %s",
		    *error->text ? error->text : strerror(error->error));
		return;
	}
	compare(patient, &ioctls, error);
	if (patient->object.value[MPDEMO_A_KIND] == MPDEMO_KIND_HEAP)
		check_classes(patient);
	close(patient->fd);
}

static int examine(struct patient *patient, struct kernel_error *error)
{
	static const struct witness blocks = { "blocks", ask_blocks };

	if (look(patient, error) || (all && check_free(patient, error)))
		return -1;
	check_corrupted(patient);
	check_refused(patient);
	check_rules(patient, error);
	if (object_is_pool(&patient->object))
		compare(patient, &blocks, error);
	check_open(patient, error);
	return 0;
}

int verify_main(int argc, char **argv)
{
	struct patient patient = { .name = argv[0] };
	struct json_object *document = NULL;
	struct kernel_error error;
	int result;

	(void)argc;
	if (!argument_name(argv[0]))
		return STATUS_USAGE;
	if (options.json) {
		document = json_document();
		json_add_string(document, "object", argv[0]);
	}
	checks_begin(document);
	result = netlink_open(&patient.netlink, &object_family, &error);
	if (!result) {
		result = examine(&patient, &error);
		netlink_close(&patient.netlink);
	}
	if (result)
		return refused(&error, hint_administer(&error, argv[0]), document,
			       "verify %s", argv[0]);

	result = checks_end();
	if (document)
		json_print(document);
	return result ? STATUS_FALSE : STATUS_OK;
}
