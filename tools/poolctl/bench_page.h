/* SPDX-License-Identifier: GPL-2.0 */
/* The page that shows a benchmark, by poolctl-report. */
#ifndef POOLCTL_BENCH_PAGE_H
#define POOLCTL_BENCH_PAGE_H

#include <json-c/json.h>

/* All of these return an exit status, after saying why it is not STATUS_OK. */

/* See whether there is all that it needs, ahead of what takes long. */
int bench_page_check(void);

/* Write @page about a document: what is in the file @path, or @document. */
int bench_page_of_file(const char *path, const char *page);
int bench_page_of(struct json_object *document, const char *page);

#endif /* POOLCTL_BENCH_PAGE_H */
