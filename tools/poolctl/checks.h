/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of what was looked at, and what came of it. */
#ifndef POOLCTL_CHECKS_H
#define POOLCTL_CHECKS_H

#include <json-c/json.h>

enum verdict { FINE, NOTE, PROBLEM };

/* A new list: lines on stdout; or "checks" of @document, where that is not NULL. */
void checks_begin(struct json_object *document);

/* One line of it; @hint may be NULL: nothing has to be done. */
void say(enum verdict verdict, const char *check, const char *hint,
	 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The end of it, and "problems" of the document. Returns how many there were. */
unsigned int checks_end(void);

#endif /* POOLCTL_CHECKS_H */
