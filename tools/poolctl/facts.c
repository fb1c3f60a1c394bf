// SPDX-License-Identifier: GPL-2.0
/*
 * What a report of a bug has to say of the machine: not its name, not the command line of
 * the kernel, which may hold anything.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "facts.h"
#include "json.h"
#include "machine.h"
#include "memory.h"
#include "text.h"

/* Those that decide about how the module is built, or how it behaves. */
static const char *const settings[] = {
	"64BIT", "SMP", "NR_CPUS", "NUMA", "PREEMPT", "PREEMPT_DYNAMIC", "PREEMPT_RT",
	"MEMCG", "DEBUG_FS", "TRACEPOINTS", "INIT_ON_ALLOC_DEFAULT_ON",
	"INIT_ON_FREE_DEFAULT_ON", "SLAB_FREELIST_HARDENED", "MODULE_SIG_FORCE",
	"SECURITY_LOCKDOWN_LSM", "CC_IS_CLANG", "LTO_CLANG", "CFI_CLANG", "KASAN", "KCSAN",
	"UBSAN", "PROVE_LOCKING", "DEBUG_KMEMLEAK", "KUNIT",
};

#define NSETTINGS	(sizeof(settings) / sizeof(settings[0]))

static struct json_object *add_object(struct json_object *document, const char *key)
{
	struct json_object *object = needed(json_object_new_object());

	json_object_object_add(document, key, object);
	return object;
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	char safe[TEXT_SIZE];

	text_escape(safe, text);
	json_add_string(object, key, safe);
}

void facts_kernel(struct json_object *document)
{
	struct json_object *kernel = add_object(document, "kernel");
	struct utsname name;

	uname(&name);
	add_text(kernel, "release", name.release);
	add_text(kernel, "version", name.version);
	add_text(kernel, "machine", name.machine);
}

/* The first line of a file, where it can be read. */
static void add_file(struct json_object *object, const char *folder, const char *name)
{
	char path[512], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		add_text(object, name, line);
	}
	fclose(file);
}

static int no_dots(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static void add_parameters(struct json_object *module)
{
	struct dirent **entries;
	int n = scandir(FACTS_MODULE "/parameters", &entries, no_dots, alphasort);

	for (int i = 0; i < n; i++) {
		add_file(module, FACTS_MODULE "/parameters", entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void facts_module(struct json_object *document)
{
	struct json_object *module;

	if (access(FACTS_MODULE, F_OK)) {
		json_object_object_add(document, "module", NULL);
		return;
	}
	module = add_object(document, "module");
	add_file(module, FACTS_MODULE, "version");
	add_file(module, FACTS_MODULE, "srcversion");
	add_file(module, FACTS_MODULE, "taint");
	add_file(module, FACTS_MODULE, "refcnt");
	add_parameters(module);
}

void facts_machine(struct json_object *document)
{
	struct json_object *object = add_object(document, "machine");
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct machine machine;

	machine_read(&machine);
	add_text(object, "cpu", machine.cpu);
	add_text(object, "hypervisor", machine.hypervisor);
	json_add_number(object, "cpus_online", sysconf(_SC_NPROCESSORS_ONLN));
	json_add_number(object, "cpus_configured", sysconf(_SC_NPROCESSORS_CONF));
	json_add_number(object, "page_size", page);
	json_add_number(object, "memory", page * sysconf(_SC_PHYS_PAGES));
	if (machine.init_on_alloc >= 0)
		json_add_number(object, "init_on_alloc", machine.init_on_alloc);
}

/* Where distributions have the configuration, or who builds his own kernel. */
static FILE *open_config(void)
{
	static const char *const places[] = {
		"/boot/config-%s", "/lib/modules/%s/config", "/lib/modules/%s/build/.config",
	};
	struct utsname name;
	FILE *file = NULL;

	uname(&name);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !file; i++) {
		char path[sizeof(name.release) + 64];

		snprintf(path, sizeof(path), places[i], name.release);
		file = fopen(path, "re");
	}
	return file;
}

/* CONFIG_NAME=VALUE */
static void add_setting(struct json_object *config, char *line)
{
	static const char prefix[] = "CONFIG_";
	char *value = strchr(line, '=');

	if (strncmp(line, prefix, sizeof(prefix) - 1) || !value)
		return;
	*value++ = '\0';
	value[strcspn(value, "\n")] = '\0';
	for (size_t i = 0; i < NSETTINGS; i++) {
		if (!strcmp(line + sizeof(prefix) - 1, settings[i]))
			add_text(config, settings[i], value);
	}
}

/* What is not set is "n", so that it can be told from what is not known. */
void facts_config(struct json_object *document)
{
	FILE *file = open_config();
	struct json_object *config;
	char line[1024];

	if (!file) {
		json_object_object_add(document, "config", NULL);
		return;
	}
	config = add_object(document, "config");
	for (size_t i = 0; i < NSETTINGS; i++)
		json_add_string(config, settings[i], "n");
	while (fgets(line, sizeof(line), file))
		add_setting(config, line);
	fclose(file);
}
