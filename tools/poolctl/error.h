/* SPDX-License-Identifier: GPL-2.0 */
/* Errors in three parts: what was asked, what the kernel said, what to do. */
#ifndef POOLCTL_ERROR_H
#define POOLCTL_ERROR_H

#include <stdbool.h>
#include <json-c/json.h>

/*
 * struct kernel_error - what the kernel said; filled by the backends
 * @error: positive errno
 * @absent: there is nobody to ask: no module, no device, or another one
 * @interpreted: @text is not the kernel's own, the backend knows what @error
 *	means there; strerror() would mislead
 * @text: why, maybe empty
 * @attribute: netlink attribute that was wrong, maybe empty
 */
struct kernel_error {
	int error;
	bool absent;
	bool interpreted;
	char text[256];
	char attribute[32];
};

/* Print the error; @hint and @document may be NULL. With --json the error is
 * added to @document, which is consumed. Returns the exit status.
 */
int refused(const struct kernel_error *error, const char *hint,
	    struct json_object *document, const char *asked, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for what is wrong in the command line. */
int usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* And for what neither the kernel nor the command line is to blame for; returns
 * @status.
 */
int failed(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Remark on stderr, unless --quiet or --json. */
void remark(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* What the kernel has to say about a request that it did not refuse. */
void remark_warning(const struct kernel_error *error);

/* Flush stdout. Returns 0, or an exit status after printing why. */
int flush_stdout(void);

#endif /* POOLCTL_ERROR_H */
