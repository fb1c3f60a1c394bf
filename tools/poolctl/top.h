/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of poolctl top share. */
#ifndef POOLCTL_TOP_H
#define POOLCTL_TOP_H

#include <stdbool.h>

#include "map.h"
#include "rates.h"

/* A line has room for any terminal. */
#define TOP_WIDTH	512

/*
 * struct top - what is shown
 * @rates: the objects, in the order in which they are listed
 * @delay: seconds from one reading to the next
 * @sort: by which of top_sorts
 * @selected: number of the object under the cursor
 * @cursor: its place in the list
 * @scroll: the first that is shown, of the list or of the map
 * @view: the list, or what is in its place
 * @map: in TOP_MAP, that of the selected object; @map_absent: it is gone
 */
struct top {
	struct rates rates;
	double delay;
	int sort;
	uint64_t selected;
	size_t cursor;
	size_t scroll;
	enum { TOP_LIST, TOP_MAP, TOP_HELP } view;
	struct map map;
	bool map_absent;
};

/* struct top_sort - an order: its key, and what it is by */
struct top_sort {
	char key;
	const char *name;
};

#define TOP_SORTS	9
extern const struct top_sort top_sorts[TOP_SORTS + 1];	/* ends with a key of 0 */

/* By its key, in either case, or its name; -1: there is none. */
int top_find_sort(const char *word);
void top_order(struct top *top);

/* top_text.c: lines of text, not longer than @width. */
void top_summary(const struct top *top, int line, int width, char out[TOP_WIDTH]);
#define TOP_SUMMARY	2	/* lines */

/*
 * Columns of lines of some width: those that matter most, where there is no room for all.
 * All lines of a screen have the same ones.
 */
#define TOP_COLUMNS	11
#define TOP_ANY_WIDTH	0	/* what names need */
struct top_layout {
	int width;
	int columns[TOP_COLUMNS];	/* how wide each is; 0: there is no room for it */
};

struct top_layout top_lay_out(const struct top *top, int width);
void top_heading(const struct top_layout *layout, char out[TOP_WIDTH]);
void top_line(const struct rate *rate, const struct top_layout *layout,
	      char out[TOP_WIDTH]);
bool top_is_exhausted(const struct rate *rate);
bool top_is_low(const struct rate *rate);

/*
 * top_screen.c: the terminal. Returns false where its kind is not known. Between the two
 * nothing else may be printed.
 */
bool top_screen_begin(void);
void top_screen_end(void);
void top_draw(struct top *top);

/* What was typed, or 0: nothing more. */
int top_key(void);

/* Do what a key asks for. Returns what is to be done then. */
enum top_action { TOP_NOTHING, TOP_REDRAW, TOP_REFRESH, TOP_QUIT };
enum top_action top_press(struct top *top, int key);

#endif /* POOLCTL_TOP_H */
