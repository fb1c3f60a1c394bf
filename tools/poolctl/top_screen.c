// SPDX-License-Identifier: GPL-2.0
/* poolctl top: the terminal, by ncurses, and the keys. */
#include <ctype.h>
#include <curses.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "top.h"

#define LIST_TOP	(TOP_SUMMARY + 2)	/* an empty line, and the heading */
#define MAP_LABEL	9			/* the number of the first block of a row */
#define ESCAPE		27

enum pair { PAIR_EXHAUSTED = 1, PAIR_LOW, PAIR_STATES };

static SCREEN *screen;

static const char *const help[] = {
	"Keys of poolctl top",
	"",
	"  Enter, m        map of the selected object, and back",
	"  Up, Down, Page  select, or move the map",
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
	char line[TOP_WIDTH];

	place_cursor(top);
	top_heading(COLS, line);
	attron(A_REVERSE);
	mvprintw(LIST_TOP - 1, 0, "%-*s", COLS, line);
	attroff(A_REVERSE);
	for (size_t i = 0; i < room() && top->scroll + i < top->rates.count; i++) {
		const struct rate *rate = &top->rates.rate[top->scroll + i];
		attr_t attribute = attribute_of(rate);

		top_line(rate, COLS - 1, line);
		mvaddch(LIST_TOP + i, 0, top->scroll + i == top->cursor ? '>' : ' ');
		attron(attribute);
		addstr(line);
		attroff(attribute);
	}
	if (!top->rates.count)
		mvaddnstr(LIST_TOP, 1, "there are no objects", COLS - 1);
}

/* Line @row of the map, if it is on the screen; moves the pen there. */
static bool go_to(const struct top *top, size_t row)
{
	if (row < top->scroll || row - top->scroll >= room())
		return false;
	move(LIST_TOP - 1 + row - top->scroll, 0);
	return true;
}

static void draw_cell(struct map_cell cell)
{
	attr_t attribute = A_NORMAL;

	if (cell.state < MAP_STATES)
		attribute = COLOR_PAIR(PAIR_STATES + cell.state);
	attron(attribute);
	addch(map_letter(cell));
	attroff(attribute);
}

static size_t draw_part(const struct top *top, const struct map_part *part,
			size_t step, size_t columns, size_t row)
{
	size_t cells = map_cells(part, step);
	char title[MAP_TITLE_SIZE];

	map_part_title(part, title);
	if (go_to(top, row++))
		printw("%s, %" PRIu64 " in use", title, map_used(part));
	for (size_t i = 0; i < cells; i += columns) {
		if (!go_to(top, row++))
			continue;
		printw("%8zu ", part->first + i * step);
		for (size_t j = i; j < i + columns && j < cells; j++)
			draw_cell(map_cell(part, j, step));
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

static void draw_legend(size_t step)
{
	move(LINES - 1, 0);
	for (int i = 0; i < MAP_STATES; i++) {
		draw_cell((struct map_cell){ .state = i });
		printw(" %s  ", map_states[i].name);
	}
	if (step > 1)
		printw("0-9 tenths; a cell: %zu", step);
}

static void draw_arena(const struct top *top, int columns)
{
	const uint64_t *value = top->map.object.value;
	uint64_t bytes = value[MPDEMO_A_BYTES];
	int used = (long double)columns * value[MPDEMO_A_IN_USE] / bytes;
	int peak = (long double)columns * value[MPDEMO_A_PEAK] / bytes;

	move(LIST_TOP - 1, 0);
	printw("%" PRIu64 " of %" PRIu64 " bytes in use, %" PRIu64 " at the peak",
	       value[MPDEMO_A_IN_USE], bytes, value[MPDEMO_A_PEAK]);
	move(LIST_TOP, MAP_LABEL);
	for (int i = 0; i < columns; i++)
		addch(i < used ? 'h' : i < peak ? 'p' : '.');
	mvaddstr(LIST_TOP + 1, MAP_LABEL, "h used  p was used at the peak  . free");
}

static void draw_map(struct top *top)
{
	const struct object *object = &top->map.object;
	size_t columns = 8, step = 1, row = 0;

	/* So that the numbers of rows are round. */
	while (MAP_LABEL + (int)columns + 8 <= COLS)
		columns += 8;
	mvprintw(0, 0, "%s %s, id %" PRIu64 "; Enter: back, q: quit",
		 object_kind_name(object->value[MPDEMO_A_KIND]),
		 object_title(object), object->value[MPDEMO_A_ID]);
	if (top->map_absent) {
		mvaddstr(TOP_SUMMARY, 0, "it is gone");
		return;
	}
	if (!top->map.nparts) {
		draw_arena(top, columns);
		return;
	}
	while (rows_of(&top->map, step, columns) > room() &&
	       step < map_count(&top->map))
		step *= 2;
	if (top->scroll + 1 > rows_of(&top->map, step, columns))
		top->scroll = rows_of(&top->map, step, columns) - 1;
	for (size_t i = 0; i < top->map.nparts; i++)
		row = draw_part(top, &top->map.parts[i], step, columns, row);
	draw_legend(step);
}

void top_draw(struct top *top)
{
	erase();
	if (top->view == TOP_HELP) {
		for (size_t i = 0; i < HELP_LINES; i++)
			mvaddnstr(i, 0, help[i], COLS);
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
