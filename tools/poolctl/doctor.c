// SPDX-License-Identifier: GPL-2.0
/*
 * poolctl doctor: what stands in the way, and what to do about it. Each check looks at
 * one thing and says one line. Nothing is changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "checks.h"
#include "device.h"
#include "doctor.h"
#include "error.h"
#include "json.h"
#include "object_request.h"
#include "options.h"
#include "poolctl.h"
#include "text.h"

#define MODULE		"/sys/module/mempool_demo"
#define PARAMETERS	MODULE "/parameters/"
#define SUMMARY		"/sys/kernel/debug/mempool_demo/summary"

/* How much of a limit may be in use before that is worth a word, in per cent. */
#define NEARLY_ALL	90

static struct utsname host;
static bool loaded;

/* The first line of a file; false where it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

static bool have_headers(void)
{
	char path[sizeof(host.release) + 64];

	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", host.release);
	return !access(path, F_OK);
}

/* Whether modprobe knows the module. */
static bool is_installed(void)
{
	char path[sizeof(host.release) + 64], line[4096];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", host.release);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, "/mempool_demo.ko") &&
			strstr(line, "/mempool_demo.ko") < strchrnul(line, ':');
	if (file)
		fclose(file);
	return found;
}

static void check_module(void)
{
	char version[64];

	loaded = !access(MODULE, F_OK);
	if (loaded && read_line(MODULE "/version", version, sizeof(version)))
		say(FINE, "module", NULL, "mempool_demo %s is loaded", version);
	else if (loaded)
		say(FINE, "module", NULL, "mempool_demo is loaded");
	else if (is_installed())
		say(PROBLEM, "module", "as root, 'modprobe mempool_demo'",
		    "mempool_demo is not loaded");
	else if (have_headers())
		say(PROBLEM, "module",
		    "'make modules', then as root 'insmod kmod/mempool_demo.ko'",
		    "mempool_demo is not loaded, and not installed for %s",
		    host.release);
	else
		say(PROBLEM, "module",
		    "build it, which needs the headers of the kernel; 'make shell' needs none, and has it loaded in a virtual machine",
		    "mempool_demo is not loaded, and not installed for %s",
		    host.release);
}

static void check_headers(void)
{
	static char hint[sizeof(host.release) + 64];

	if (have_headers()) {
		say(FINE, "headers", NULL, "modules can be built for %s",
		    host.release);
		return;
	}
	snprintf(hint, sizeof(hint), "on Debian, 'apt-get install linux-headers-%s'",
		 host.release);
	say(NOTE, "headers", hint, "there are none of %s to build modules with",
	    host.release);
}

/* What a module without a signature meets. */
static void check_signing(void)
{
	char line[128], enforced[8] = "";

	read_line("/sys/module/module/parameters/sig_enforce", enforced,
		  sizeof(enforced));
	if (!read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		snprintf(line, sizeof(line), "[none]");
	if (*enforced == 'Y' || !strstr(line, "[none]"))
		say(NOTE, "signing", "sign the module with a key that the machine trusts",
		    "this kernel loads signed modules only");
	else
		say(FINE, "signing", NULL, "this kernel loads modules without a signature");
}

static void check_rights(void)
{
	if (geteuid())
		say(NOTE, "rights", "run it as root",
		    "who is not root can look at objects, but not create them");
	else
		say(FINE, "rights", NULL, "root may do anything");
}

static void check_device(void)
{
	struct kernel_error error;

	if (!device_probe(options.device, &error))
		say(FINE, "device", NULL, "%s can be used", options.device);
	else if (error.absent)
		say(PROBLEM, "device",
		    loaded ? "--device or $POOLCTL_DEVICE names the device" :
			     "load the module first: it makes the device",
		    "%s", error.text);
	else
		say(NOTE, "device", "root, or the group of the device, may open it",
		    "%s", *error.text ? error.text : strerror(error.error));
}

static void check_summary(void)
{
	if (!access(SUMMARY, R_OK))
		say(FINE, "debugfs", NULL, "%s can be read", SUMMARY);
	else if (access("/sys/kernel/debug", R_OK | X_OK) && errno == EACCES)
		say(NOTE, "debugfs", "run it as root",
		    "/sys/kernel/debug is for root");
	else
		say(NOTE, "debugfs", "'mount -t debugfs none /sys/kernel/debug'",
		    "there is no %s", SUMMARY);
}

static void check_limit(const char *name, uint64_t used)
{
	char path[64], line[32];
	uint64_t limit;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	if (!read_line(path, line, sizeof(line)) ||
	    sscanf(line, "%" SCNu64, &limit) != 1)
		return;
	if (limit && used / (limit / 100.0) >= NEARLY_ALL)
		say(NOTE, "limits", "destroy objects, or raise the parameter of the module",
		    "%" PRIu64 " of %s=%" PRIu64 " are in use", used, name, limit);
	else
		say(FINE, "limits", NULL, "%" PRIu64 " of %s=%" PRIu64 " are in use",
		    used, name, limit);
}

static void check_object(const struct object *object)
{
	const uint64_t *value = object->value;
	const char *name = object_title(object);

	if (value[MPDEMO_A_FAILURES])
		say(NOTE, "objects", "give it more room, or free earlier",
		    "%s: %" PRIu64 " allocation%s failed for want of room", name,
		    value[MPDEMO_A_FAILURES], text_plural(value[MPDEMO_A_FAILURES]));
	if (value[MPDEMO_A_REFUSED])
		say(NOTE, "objects", "look for what frees, keeps or takes twice",
		    "%s: %" PRIu64 " handle%s refused, as no block of the caller",
		    name, value[MPDEMO_A_REFUSED],
		    value[MPDEMO_A_REFUSED] == 1 ? " was" : "s were");
	if (object_has(object, MPDEMO_A_DYING))
		say(NOTE, "objects", "end the programs that have it open",
		    "object %" PRIu64 " was deleted, and kept by open files: %" PRIu64,
		    value[MPDEMO_A_ID], value[MPDEMO_A_OPEN_FILES]);
}

static void check_objects(const struct object_list *list)
{
	uint64_t footprint = 0;

	for (size_t i = 0; i < list->count; i++)
		footprint += list->objects[i].value[MPDEMO_A_FOOTPRINT];
	say(FINE, "netlink", NULL, "the module answers: %zu object%s",
	    list->count, text_plural(list->count));
	check_limit("max_objects", list->count);
	check_limit("max_bytes", footprint);
	for (size_t i = 0; i < list->count; i++)
		check_object(&list->objects[i]);
}

static void check_netlink(void)
{
	struct object_list list = { 0 };
	struct kernel_error error;
	int result;

	/* To ask would have the kernel load the module. */
	if (!loaded)
		return;
	result = object_look(NULL, &list, &error);
	if (result)
		say(PROBLEM, "netlink", "a poolctl of the same release as the module",
		    "%s", *error.text ? error.text : strerror(error.error));
	else
		check_objects(&list);
	object_list_clear(&list);
}

void doctor_look(void)
{
	uname(&host);
	check_module();
	check_headers();
	check_signing();
	check_rights();
	check_device();
	check_netlink();
	if (loaded)
		check_summary();
}

int doctor_main(int argc, char **argv)
{
	struct json_object *document = options.json ? json_document() : NULL;
	unsigned int problems;

	(void)argc;
	(void)argv;
	checks_begin(document);
	doctor_look();
	problems = checks_end();
	if (document)
		json_print(document);
	return problems ? STATUS_ABSENT : STATUS_OK;
}
