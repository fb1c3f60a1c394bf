// SPDX-License-Identifier: GPL-2.0
/* poolctl top: the terminal, by ncurses, and the keys. */
#include <ctype.h>
#include <curses.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "top.h"

#define LIST_TOP	(TOP_SUMMARY + 2)	/* an empty line, and the heading */
#define MAP_TOP		3			/* two lines, and an empty one */
#define MAP_LABEL	9			/* the number of the first block of a row */
#define ESCAPE		27
#define TOP_FAR		(1 << 24)		/* more rows than there are */

enum pair { PAIR_EXHAUSTED = 1, PAIR_LOW, PAIR_STATES };

static SCREEN *screen;

static const char *const help[] = {
	"Keys of poolctl top",
	"",
	"  Enter, m        map of the selected object, and back",
	"  Up, Down, Page  select, or move the map; Home, End: the first, the last",
	"  SPACE           read again now",
	"  h, ?            this help, and back",
	"  q               quit",
	"",
	"Order, the highest first:",
	"  u  use in percent (at the beginning)   a  in use",
	"  o  capacity                            s  size of a block",
	"  c  memory                              n  name, from A on",
	"  r  allocations per second              f  failures per second",
	"  i  number, from the first on",
	"",
	"Marks: what has happened since the last reading, or is so",
	"  E  exhausted: allocations failed       L  low, by its watermark",
	"  R  blocks reclaimed from a program     C  a free block was written to",
	"  W  somebody waits for blocks           D  deleted, but still open",
};

#define HELP_LINES	(sizeof(help) / sizeof(help[0]))

static void begin_colors(void)
{
	/* As the numbers of SGR are. */
	if (!color_wanted() || !has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_EXHAUSTED, COLOR_RED, -1);
	init_pair(PAIR_LOW, COLOR_YELLOW, -1);
	for (int i = 0; i < MAP_STATES; i++)
		init_pair(PAIR_STATES + i, map_states[i].color % 10 ?: -1, -1);
}

bool top_screen_begin(void)
{
	/* initscr() would end the program where it does not know the terminal. */
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	nodelay(stdscr, TRUE);
	curs_set(0);
	begin_colors();
	return true;
}

void top_screen_end(void)
{
	endwin();
	delscreen(screen);
}

int top_key(void)
{
	int key = getch();

	return key == ERR ? 0 : key;
}

static void draw_summary(const struct top *top)
{
	char line[TOP_WIDTH];

	for (int i = 0; i < TOP_SUMMARY; i++) {
		top_summary(top, i, COLS, line);
		mvaddstr(i, 0, line);
	}
}

/* What is longer than the line is cut off, where curses would go on in the next one. */
static void __attribute__((format(printf, 3, 4)))
put(int row, int column, const char *format, ...)
{
	char text[TOP_WIDTH];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (column < COLS)
		mvaddnstr(row, column, text, COLS - column);
}

static attr_t attribute_of(const struct rate *rate)
{
	if (top_is_exhausted(rate))
		return A_BOLD | COLOR_PAIR(PAIR_EXHAUSTED);
	return top_is_low(rate) ? COLOR_PAIR(PAIR_LOW) : A_NORMAL;
}

static size_t room(void)
{
	int rows = LINES - LIST_TOP;

	return rows > 0 ? rows : 0;
}

/* The cursor stays with its object, or where that was. */
static void place_cursor(struct top *top)
{
	for (size_t i = 0; i < top->rates.count; i++) {
		if (top->rates.rate[i].object.value[MPDEMO_A_ID] == top->selected)
			top->cursor = i;
	}
	if (top->cursor >= top->rates.count)
		top->cursor = top->rates.count ? top->rates.count - 1 : 0;
	if (top->rates.count)
		top->selected = top->rates.rate[top->cursor].object.value[MPDEMO_A_ID];
	if (top->cursor < top->scroll)
		top->scroll = top->cursor;
	if (room() && top->cursor >= top->scroll + room())
		top->scroll = top->cursor - room() + 1;
}

static void draw_list(struct top *top)
{
	/* Beside the cursor. */
	struct top_layout layout = top_lay_out(top, COLS > 1 ? COLS - 1 : 1);
	char line[TOP_WIDTH];

	place_cursor(top);
	top_heading(&layout, line);
	attron(A_REVERSE);
	put(LIST_TOP - 1, 0, " %-*s", COLS, line);
	attroff(A_REVERSE);
	for (size_t i = 0; i < room() && top->scroll + i < top->rates.count; i++) {
		const struct rate *rate = &top->rates.rate[top->scroll + i];
		attr_t attribute = attribute_of(rate);

		top_line(rate, &layout, line);
		mvaddch(LIST_TOP + i, 0, top->scroll + i == top->cursor ? '>' : ' ');
		attron(attribute);
		put(LIST_TOP + i, 1, "%s", line);
		attroff(attribute);
	}
	if (!top->rates.count)
		put(LIST_TOP, 1, "there are no objects");
}

/* How long a part of the legend is, with what keeps it apart from the next. */
static int legend_width(int state)
{
	return strlen(map_states[state].name) + 4;
}

/* Where each of them begins that does not fit into the line before. */
static int legend_lines(void)
{
	int lines = 1, column = 0;

	for (int i = 0; i < MAP_STATES; i++) {
		if (column && column + legend_width(i) > COLS + 2) {
			lines++;
			column = 0;
		}
		column += legend_width(i);
	}
	return lines;
}

/* Rows of a map: between the title and the legend. */
static size_t map_room(void)
{
	int rows = LINES - MAP_TOP - legend_lines();

	return rows > 0 ? rows : 0;
}

/* Line @row of the map: where on the screen it is, or 0. */
static int place_of(const struct top *top, size_t row)
{
	if (row < top->scroll || row - top->scroll >= map_room())
		return 0;
	return MAP_TOP + row - top->scroll;
}

static void draw_letter(char letter, int state)
{
	attr_t attribute = A_NORMAL;

	if (state < MAP_STATES)
		attribute = COLOR_PAIR(PAIR_STATES + state);
	attron(attribute);
	addch(letter);
	attroff(attribute);
}

static void draw_row(int line, const struct map_part *part, size_t step,
		     size_t first, size_t columns)
{
	size_t cells = map_cells(part, step);

	put(line, 0, "%8zu ", part->first + first * step);
	for (size_t i = 0; i < columns && first + i < cells && MAP_LABEL + (int)i < COLS; i++) {
		struct map_cell cell = map_cell(part, first + i, step);

		move(line, MAP_LABEL + i);
		draw_letter(map_letter(cell), cell.state);
	}
}

static size_t draw_part(const struct top *top, const struct map_part *part,
			size_t step, size_t columns, size_t row)
{
	size_t cells = map_cells(part, step);
	char title[MAP_TITLE_SIZE];
	int line = place_of(top, row++);

	map_part_title(part, title);
	if (line)
		put(line, 0, "%s, %" PRIu64 " in use", title, map_used(part));
	for (size_t i = 0; i < cells; i += columns) {
		line = place_of(top, row++);
		if (line)
			draw_row(line, part, step, i, columns);
	}
	return row;
}

static size_t rows_of(const struct map *map, size_t step, size_t columns)
{
	size_t rows = map->nparts;

	for (size_t i = 0; i < map->nparts; i++)
		rows += (map_cells(&map->parts[i], step) + columns - 1) / columns;
	return rows;
}

static void draw_legend(void)
{
	int line = LINES - legend_lines(), column = 0;

	/* Of a screen that is not even as high there is none. */
	for (int i = 0; i < MAP_STATES && line > MAP_TOP; i++) {
		if (column && column + legend_width(i) > COLS + 2) {
			line++;
			column = 0;
		}
		move(line, column);
		draw_letter(map_states[i].letter, i);
		put(line, column + 1, " %s", map_states[i].name);
		column += legend_width(i);
	}
}

static void draw_arena(const struct top *top, int columns)
{
	static const char *const labels[] = { "free", "in use", "free, but in use at the peak" };
	static const int states[] = { MPDEMO_BLOCK_FREE, MPDEMO_BLOCK_HELD, MPDEMO_BLOCK_CACHED };
	const struct map *map = &top->map;
	const uint64_t *value = map->object.value;

	put(MAP_TOP, 0, "%" PRIu64 " of %" PRIu64 " bytes in use, %" PRIu64 " at the peak",
	    value[MPDEMO_A_IN_USE], value[MPDEMO_A_BYTES], value[MPDEMO_A_PEAK]);
	for (int i = 0; i < columns && MAP_LABEL + i < COLS; i++) {
		int state = map_arena_state(map, i, columns);

		move(MAP_TOP + 1, MAP_LABEL + i);
		draw_letter(map_arena_letter(state), state);
	}
	for (int i = 0; i < 3; i++) {
		move(MAP_TOP + 3 + i, 0);
		draw_letter(map_arena_letter(states[i]), states[i]);
		put(MAP_TOP + 3 + i, 1, " %s", labels[i]);
	}
}

#define BACK	"Enter: back, q: quit"

/* So that the numbers of rows are round. */
static size_t map_columns(void)
{
	size_t columns = 8;

	while (MAP_LABEL + (int)columns + 8 <= COLS)
		columns += 8;
	return columns;
}

static void draw_map(struct top *top)
{
	const struct object *object = &top->map.object;
	size_t columns = map_columns(), step = 1, row = 0;

	put(0, 0, "%s %s, id %" PRIu64, object_kind_name(object->value[MPDEMO_A_KIND]),
	    object_title(object), object->value[MPDEMO_A_ID]);
	put(1, 0, BACK);
	if (top->map_absent) {
		put(MAP_TOP, 0, "it is gone");
		return;
	}
	if (!top->map.nparts) {
		draw_arena(top, columns);
		return;
	}
	while (rows_of(&top->map, step, columns) > map_room() &&
	       step < map_count(&top->map))
		step *= 2;
	if (top->scroll + 1 > rows_of(&top->map, step, columns))
		top->scroll = rows_of(&top->map, step, columns) - 1;
	if (step > 1)
		put(1, 0, "a cell: %zu blocks, a digit: tenths in use; " BACK, step);
	for (size_t i = 0; i < top->map.nparts; i++)
		row = draw_part(top, &top->map.parts[i], step, columns, row);
	draw_legend();
}

void top_draw(struct top *top)
{
	erase();
	if (top->view == TOP_HELP) {
		for (size_t i = 0; i < HELP_LINES; i++)
			put(i, 0, "%s", help[i]);
	} else if (top->view == TOP_MAP) {
		draw_map(top);
	} else {
		draw_summary(top);
		draw_list(top);
	}
	refresh();
}

static void move_by(struct top *top, long rows)
{
	size_t *where = top->view == TOP_LIST ? &top->cursor : &top->scroll;

	if (rows < 0 && *where < (size_t)-rows)
		*where = 0;
	else
		*where += rows;
	if (top->view == TOP_LIST && *where >= top->rates.count)
		*where = top->rates.count ? top->rates.count - 1 : 0;
	if (top->view == TOP_LIST && top->rates.count)
		top->selected = top->rates.rate[*where].object.value[MPDEMO_A_ID];
}

static enum top_action change_view(struct top *top, int view)
{
	top->view = top->view == (unsigned int)view ? TOP_LIST : view;
	top->scroll = 0;
	/* A map has to be read. */
	return top->view == TOP_MAP ? TOP_REFRESH : TOP_REDRAW;
}

static enum top_action press_letter(struct top *top, int key)
{
	char word[2] = { key < 128 ? key : 0 };
	int sort = *word ? top_find_sort(word) : -1;

	if (sort < 0 || top->view != TOP_LIST)
		return TOP_NOTHING;
	top->sort = sort;
	top_order(top);
	return TOP_REDRAW;
}

enum top_action top_press(struct top *top, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
		return TOP_QUIT;
	case ' ':
		return TOP_REFRESH;
	case 'm':
	case 'M':
	case '\r':
	case '\n':
	case KEY_ENTER:
		if (top->view == TOP_LIST && !top->rates.count)
			return TOP_NOTHING;
		return change_view(top, TOP_MAP);
	case 'h':
	case 'H':
	case '?':
		return change_view(top, TOP_HELP);
	case ESCAPE:
		return top->view == TOP_LIST ? TOP_NOTHING :
					       change_view(top, top->view);
	case KEY_RESIZE:
		return TOP_REDRAW;
	case KEY_UP:
		move_by(top, -1);
		return TOP_REDRAW;
	case KEY_DOWN:
		move_by(top, 1);
		return TOP_REDRAW;
	case KEY_HOME:
		move_by(top, -(long)TOP_FAR);
		return TOP_REDRAW;
	case KEY_END:
		move_by(top, TOP_FAR);
		return TOP_REDRAW;
	case KEY_PPAGE:
		move_by(top, -(long)room());
		return TOP_REDRAW;
	case KEY_NPAGE:
		move_by(top, room());
		return TOP_REDRAW;
	default:
		return press_letter(top, key);
	}
}
