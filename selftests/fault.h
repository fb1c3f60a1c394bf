/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failures on demand: of the calls that this thread makes into the kernel, the
 * n-th thing that can fail does, be it an allocation or a copy from or to the
 * memory of the caller.
 */
#ifndef MPDEMO_FAULT_H
#define MPDEMO_FAULT_H

#include "mpdemo_test.h"

/* Far more than any call needs but the loading of a module. */
#define FAULT_MAX	3000

static const struct {
	const char *path, *value;
} fault_settings[] = {
	/* What may sleep fails too, and a failure takes one line of the log. */
	{ "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
	{ "/sys/kernel/debug/failslab/verbose", "1" },
	{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N" },
	{ "/sys/kernel/debug/fail_page_alloc/min-order", "0" },
	{ "/sys/kernel/debug/fail_page_alloc/verbose", "1" },
	{ "/sys/kernel/debug/fail_usercopy/verbose", "1" },
};

#define FAULT_SETTINGS	(sizeof(fault_settings) / sizeof(fault_settings[0]))

struct fault {
	int fd;			/* fail-nth of this thread */
	char saved[FAULT_SETTINGS][16];
};

/* In a test, not in the setup of its fixture, which would only end that. */
#define SKIP_WITHOUT_FAULTS(f)						\
do {									\
	if ((f).fd < 0)							\
		SKIP(return, "this kernel injects no failures");	\
} while (0)

static inline int fault_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -errno : 0;
}

static inline int fault_read(const char *path, char *value, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, value, size - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	value[n] = 0;
	return 0;
}

/* Return: 0; -ENOENT: this kernel injects no failures. */
static inline int fault_open(struct fault *f)
{
	memset(f, 0, sizeof(*f));
	f->fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	for (size_t i = 0; i < FAULT_SETTINGS; i++)
		if (fault_read(fault_settings[i].path, f->saved[i],
			       sizeof(f->saved[i])) ||
		    fault_write(fault_settings[i].path,
				fault_settings[i].value))
			return -EIO;
	return 0;
}

/*
 * Allocations fail, and count, only where code from @begin to @end has asked for
 * them, however far up in the trace; 0 and ULONG_MAX: always.
 */
static inline int fault_only_from(unsigned long begin, unsigned long end)
{
	static const char * const folders[] = { "failslab", "fail_page_alloc" };
	char path[80], from[32], to[32];
	int err = 0;

	snprintf(from, sizeof(from), "%#lx", begin);
	snprintf(to, sizeof(to), "%#lx", end);
	for (size_t i = 0; i < 2 && !err; i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/debug/%s/require-start", folders[i]);
		err = fault_write(path, from);
		if (err)
			break;
		snprintf(path, sizeof(path),
			 "/sys/kernel/debug/%s/require-end", folders[i]);
		err = fault_write(path, to);
	}
	return err;
}

static inline void fault_close(struct fault *f)
{
	if (f->fd < 0)
		return;
	for (size_t i = 0; i < FAULT_SETTINGS; i++)
		fault_write(fault_settings[i].path, f->saved[i]);
	close(f->fd);
	f->fd = -1;
}

static inline void fault_set(const struct fault *f, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	/* It may be this copy that fails, which is then the last one that does. */
	if (pwrite(f->fd, text, length, 0) != length &&
	    pwrite(f->fd, text, length, 0) != length)
		abort();
}

/* From here on, until fault_end(), number @n is the one that fails. */
static inline void fault_begin(const struct fault *f, unsigned int n)
{
	fault_set(f, n);
}

/* Return: whether it has failed. Where it is the answer to this, it has not. */
static inline bool fault_end(const struct fault *f)
{
	char text[16] = "";
	bool failed = pread(f->fd, text, sizeof(text) - 1, 0) > 0 &&
		      atoi(text) == 0;

	fault_set(f, 0);
	return failed;
}

#endif /* MPDEMO_FAULT_H */
