/* SPDX-License-Identifier: GPL-2.0 */
/* Tables on stdout, by libsmartcols. */
#ifndef POOLCTL_TABLE_H
#define POOLCTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct libscols_table;
struct libscols_line;

/* struct table_column - a heading, and whether numbers stand below it */
struct table_column {
	const char *heading;
	bool right;
};

/* As --noheadings and --raw say; @columns ends with a heading of NULL. */
struct libscols_table *table_new(const struct table_column *columns);
struct libscols_line *table_line(struct libscols_table *table);

void table_text(struct libscols_line *line, int column, const char *text);
void table_number(struct libscols_line *line, int column, uint64_t number);

void table_printf(struct libscols_line *line, int column, const char *format,
		  ...) __attribute__((format(printf, 3, 4)));

/* The color of a cell that has its text, by name. Only shown where colors are. */
void table_color(struct libscols_line *line, int column, const char *color);

/* Print to stdout, and free. */
void table_print(struct libscols_table *table);

#endif /* POOLCTL_TABLE_H */
