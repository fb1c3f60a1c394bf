// SPDX-License-Identifier: GPL-2.0
/* The machine that figures were measured on. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "machine.h"

#define HYPERVISOR_BIT	(1U << 31)	/* of ECX in leaf 1 */
#define HYPERVISOR_LEAF	0x40000000

/* Signatures in the order of preference for a name; others are shown raw. */
static const struct {
	const char *signature;
	const char *name;
} hypervisors[] = {
	{ "KVMKVMKVM", "KVM" },
	{ "TCGTCGTCGTCG", "TCG" },
	{ "Microsoft Hv", "Hyper-V" },
	{ "VMwareVMware", "VMware" },
	{ "XenVMMXenVMM", "Xen" },
};

#if defined(__x86_64__) || defined(__i386__)
static void read_hypervisor(char *name, size_t size)
{
	unsigned int eax, ebx, ecx, edx;
	char signature[13] = "";

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
		snprintf(name, size, "unknown");
		return;
	}
	if (!(ecx & HYPERVISOR_BIT)) {
		snprintf(name, size, "none");
		return;
	}

	__cpuid(HYPERVISOR_LEAF, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	snprintf(name, size, "%s", signature);
	for (size_t i = 0; i < sizeof(hypervisors) / sizeof(*hypervisors); i++) {
		if (!strcmp(signature, hypervisors[i].signature))
			snprintf(name, size, "%s", hypervisors[i].name);
	}
}
#else
static void read_hypervisor(char *name, size_t size)
{
	snprintf(name, size, "unknown");
}
#endif

static void read_cpu(char *model, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(model, size, "unknown");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, "model name", 10))
			continue;
		colon += strspn(colon, ": ");
		snprintf(model, size, "%.*s", (int)strcspn(colon, "\n"), colon);
		break;
	}
	fclose(file);
}

/* The last one counts, as for the kernel. */
static int read_init_on_alloc(void)
{
	static const char key[] = "init_on_alloc=";
	FILE *file = fopen("/proc/cmdline", "r");
	char line[4096] = "";
	int setting = -1;
	char *word;

	if (!file)
		return -1;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);

	for (word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (strncmp(word, key, sizeof(key) - 1))
			continue;
		word += sizeof(key) - 1;
		if (!strcmp(word, "1") || !strcmp(word, "on") ||
		    !strcmp(word, "y"))
			setting = 1;
		else if (!strcmp(word, "0") || !strcmp(word, "off") ||
			 !strcmp(word, "n"))
			setting = 0;
	}
	return setting;
}

static void read_clocksource(char *name, size_t size)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	FILE *file = fopen(path, "r");

	snprintf(name, size, "unknown");
	if (!file)
		return;
	if (fgets(name, size, file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

void machine_read(struct machine *machine)
{
	struct utsname name;

	*machine = (struct machine){ .init_on_alloc = read_init_on_alloc() };
	if (!uname(&name))
		snprintf(machine->kernel, sizeof(machine->kernel), "%.79s",
			 name.release);
	read_cpu(machine->cpu, sizeof(machine->cpu));
	read_hypervisor(machine->hypervisor, sizeof(machine->hypervisor));
	machine->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	read_clocksource(machine->clocksource, sizeof(machine->clocksource));
	machine->emulated = !strcmp(machine->hypervisor, "TCG");
}
