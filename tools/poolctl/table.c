// SPDX-License-Identifier: GPL-2.0
/* Tables on stdout, by libsmartcols. */
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>

#include "color.h"
#include "memory.h"
#include "options.h"
#include "table.h"

/* What fails here fails for want of memory. */
static void check(int result)
{
	static int ok;

	needed(result ? NULL : &ok);
}

struct libscols_table *table_new(const struct table_column *columns)
{
	struct libscols_table *table = needed(scols_new_table());

	check(scols_table_enable_noheadings(table, options.noheadings));
	check(scols_table_enable_raw(table, options.raw));
	check(scols_table_enable_colors(table, color_wanted()));
	for (; columns->heading; columns++)
		needed(scols_table_new_column(table, columns->heading, 0,
					      columns->right ? SCOLS_FL_RIGHT :
							       0));
	return table;
}

struct libscols_line *table_line(struct libscols_table *table)
{
	return needed(scols_table_new_line(table, NULL));
}

void table_text(struct libscols_line *line, int column, const char *text)
{
	check(scols_line_set_data(line, column, text));
}

void table_number(struct libscols_line *line, int column, uint64_t number)
{
	table_printf(line, column, "%" PRIu64, number);
}

void table_printf(struct libscols_line *line, int column, const char *format,
		  ...)
{
	char text[96];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	table_text(line, column, text);
}

void table_color(struct libscols_line *line, int column, const char *color)
{
	check(scols_cell_set_color(scols_line_get_cell(line, column), color));
}

void table_print(struct libscols_table *table)
{
	scols_print_table(table);
	scols_unref_table(table);
}
