// SPDX-License-Identifier: GPL-2.0
/*
 * A map as an SVG document.
 *
 * States differ in lightness and in a mark, so that they can be told apart in print and
 * by who sees no colors. Nothing is loaded from elsewhere, and there is no script. A cell
 * is a <use> of the symbol of its state.
 */
#include <inttypes.h>
#include <string.h>

#include "map_svg.h"
#include "units.h"

#define MARGIN		24
#define LABEL		64	/* room for numbers of blocks beside the rows */
#define LEAST		560	/* so that titles and legends have room */
#define TITLE		72
#define CAPTION		34
#define BAR		22
#define LEGEND_LINE	24

/*
 * struct look - how a state is drawn, in a square of 10 by 10
 * @color: of the square
 * @mark: what is drawn into it
 */
struct look {
	const char *color;
	const char *mark;
};

static const struct look looks[MAP_STATES] = {
	[MPDEMO_BLOCK_FREE] = { "#eef1f4",
		"<path d='M1 .5H9L9.5 1V9L9 9.5H1L.5 9V1z' fill='none' stroke='#c9d1d9'/>" },
	[MPDEMO_BLOCK_CACHED] = { "#9ad0f5",
		"<path d='M0 10V1.5A1.5 1.5 0 0 1 1.5 0H10z' fill='#2f81b7'/>" },
	[MPDEMO_BLOCK_RESERVED] = { "#ffe08a",
		"<path d='M1 9 9 1M1 4 4 1M6 9 9 6' stroke='#8a6100' stroke-width='1.4'/>" },
	[MPDEMO_BLOCK_HELD] = { "#0b4f8a", "" },
	[MPDEMO_BLOCK_KEPT] = { "#b3478c",
		"<circle cx='5' cy='5' r='2.2' fill='#fff'/>" },
	[MPDEMO_BLOCK_MOVING] = { "#e8743b",
		"<path d='M2 5H8M5 2V8' stroke='#fff' stroke-width='1.6'/>" },
	[MPDEMO_BLOCK_ABSENT] = { "#ffffff",
		"<circle cx='5' cy='5' r='1' fill='#c9d1d9'/>" },
};

/* struct layout - where things are, in pixels */
struct layout {
	size_t step;
	size_t columns;
	unsigned int pitch;
	unsigned int width;
	unsigned int height;
};

static void text_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

static size_t rows_of(const struct map_part *part, const struct layout *layout)
{
	size_t cells = map_cells(part, layout->step);

	return (cells + layout->columns - 1) / layout->columns;
}

static unsigned int legend_lines(const struct map *map, const struct layout *layout)
{
	if (!map->nparts)
		return 2;
	return (MAP_STATES + 1) / 2 + (layout->step > 1 ? 2 : 0);
}

static struct layout lay_out(const struct map *map)
{
	struct layout layout = { .step = map_step(map, MAP_SVG_CELLS) };
	size_t cells = 0, most = 0;

	for (size_t i = 0; i < map->nparts; i++) {
		size_t n = map_cells(&map->parts[i], layout.step);

		cells += n;
		most = n > most ? n : most;
	}
	/* Twice as wide as high, in rows of which the numbers are round. */
	layout.columns = 16;
	while (layout.columns < 128 && layout.columns * layout.columns < 2 * most)
		layout.columns *= 2;
	layout.pitch = cells <= 512 ? 20 : cells <= 4096 ? 14 : 9;

	layout.width = 2 * MARGIN + LABEL + layout.columns * layout.pitch;
	if (layout.width < LEAST)
		layout.width = LEAST;
	layout.height = TITLE + MARGIN;
	for (size_t i = 0; i < map->nparts; i++)
		layout.height += CAPTION + BAR + 12 +
				 rows_of(&map->parts[i], &layout) * layout.pitch;
	if (!map->nparts)
		layout.height += CAPTION + 2 * BAR + 16;
	layout.height += 20 + legend_lines(map, &layout) * LEGEND_LINE + 4;
	return layout;
}

static void symbols(FILE *file)
{
	fputs("<defs>\n", file);
	for (int i = 0; i < MAP_STATES; i++)
		fprintf(file,
			"<symbol id='s-%s' viewBox='0 0 10 10'><rect width='10' height='10' rx='1.5' fill='%s'/>%s</symbol>\n",
			map_states[i].name, looks[i].color, looks[i].mark);
	/* Tenths: the fuller, the darker and the higher. */
	for (int i = 0; i < 10; i++)
		fprintf(file,
			"<symbol id='s-%d' viewBox='0 0 10 10'><rect width='10' height='10' rx='1.5' fill='#eef1f4'/><rect y='%d' width='10' height='%d' fill='hsl(165,%d%%,%d%%)'/></symbol>\n",
			i, 10 - i, i, 45 + 4 * i, 76 - 5 * i);
	fputs("</defs>\n", file);
}

static void head(const struct map *map, const struct layout *layout, FILE *file)
{
	const struct object *object = &map->object;

	fprintf(file,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%u' height='%u' viewBox='0 0 %u %u' font-family='DejaVu Sans, Verdana, Helvetica, sans-serif' font-size='12' fill='#24292f' role='img'>\n<title>",
		layout->width, layout->height, layout->width, layout->height);
	text_escaped(file, object_title(object));
	fprintf(file, ": map of a %s</title>\n",
		object_kind_name(object->value[MPDEMO_A_KIND]));
	symbols(file);
	fprintf(file,
		"<rect width='100%%' height='100%%' fill='#ffffff'/>\n<text x='%d' y='38' font-size='20' font-weight='bold'>",
		MARGIN);
	text_escaped(file, object_title(object));
	fputs("</text>\n", file);
}

static void subtitle(const struct map *map, const struct layout *layout, FILE *file)
{
	const struct object *object = &map->object;

	fprintf(file, "<text x='%d' y='60' fill='#57606a'>%s %" PRIu64, MARGIN,
		object_kind_name(object->value[MPDEMO_A_KIND]),
		object->value[MPDEMO_A_ID]);
	if (layout->step > 1)
		fprintf(file, ", a cell is %zu blocks", layout->step);
	fputs("</text>\n", file);
}

static void swatch(FILE *file, const char *symbol, unsigned int x, unsigned int y,
		   unsigned int size)
{
	fprintf(file, "<use href='#s-%s' x='%u' y='%u' width='%u' height='%u'/>\n",
		symbol, x, y, size, size);
}

/* How much of all is in each state; as it fills, from the left. */
static void bar(const struct map_part *part, const struct layout *layout,
		unsigned int y, FILE *file)
{
	static const unsigned char order[MAP_STATES] = {
		MPDEMO_BLOCK_HELD, MPDEMO_BLOCK_KEPT, MPDEMO_BLOCK_MOVING,
		MPDEMO_BLOCK_CACHED, MPDEMO_BLOCK_RESERVED, MPDEMO_BLOCK_FREE,
		MPDEMO_BLOCK_ABSENT,
	};
	double width = layout->width - 2 * MARGIN, x = MARGIN;

	for (size_t i = 0; i < MAP_STATES; i++) {
		unsigned char state = order[i];
		double share = width * part->counts[state] / part->count;

		if (share > 0)
			fprintf(file,
				"<rect x='%.2f' y='%u' width='%.2f' height='10' fill='%s'/>\n",
				x, y, share, looks[state].color);
		x += share;
	}
	fprintf(file,
		"<rect x='%d' y='%u' width='%.2f' height='10' fill='none' stroke='#8c959f'/>\n",
		MARGIN, y, width);
}

static void grid(const struct map_part *part, const struct layout *layout,
		 unsigned int y, FILE *file)
{
	size_t cells = map_cells(part, layout->step);
	unsigned int size = layout->pitch - (layout->pitch > 10 ? 2 : 1);
	size_t every = layout->pitch < 12 ? 2 : 1;

	for (size_t row = 0; row < rows_of(part, layout); row += every)
		fprintf(file,
			"<text x='%d' y='%zu' text-anchor='end' font-size='10' fill='#57606a'>%zu</text>\n",
			MARGIN + LABEL - 10, y + row * layout->pitch + size / 2 + 4,
			part->first + row * layout->columns * layout->step);
	fputs("<g class='cells'>\n", file);
	for (size_t i = 0; i < cells; i++) {
		struct map_cell cell = map_cell(part, i, layout->step);
		char tenths[2] = { MAP_TENTHS[cell.tenths % 10] };

		swatch(file, cell.state < MAP_STATES ? map_states[cell.state].name :
						       tenths,
		       MARGIN + LABEL + i % layout->columns * layout->pitch,
		       y + i / layout->columns * layout->pitch, size);
	}
	fputs("</g>\n", file);
}

static unsigned int draw_part(const struct map_part *part,
			      const struct layout *layout, unsigned int y,
			      FILE *file)
{
	char title[MAP_TITLE_SIZE];

	map_part_title(part, title);
	fprintf(file,
		"<text x='%d' y='%u' font-size='14'>%s, %" PRIu64 " in use (%.1f %%)</text>\n",
		MARGIN, y + 18, title, map_used(part),
		100.0 * map_used(part) / part->count);
	bar(part, layout, y + CAPTION - 4, file);
	grid(part, layout, y + CAPTION + BAR - 4, file);
	return CAPTION + BAR + 12 + rows_of(part, layout) * layout->pitch;
}

static void entry(FILE *file, const char *symbol, const char *label,
		  const char *count, unsigned int x, unsigned int y)
{
	swatch(file, symbol, x, y, 14);
	fprintf(file, "<text x='%u' y='%u'>%s<tspan dx='6' fill='#57606a'>%s</tspan></text>\n",
		x + 22, y + 11, label, count);
}

static void legend(const struct map *map, const struct layout *layout,
		   unsigned int y, FILE *file)
{
	unsigned int half = (layout->width - 2 * MARGIN) / 2;

	fputs("<g class='legend'>\n", file);
	for (int i = 0; i < MAP_STATES; i++) {
		uint64_t count = 0;
		char text[32];

		for (size_t j = 0; j < map->nparts; j++)
			count += map->parts[j].counts[i];
		snprintf(text, sizeof(text), "%" PRIu64, count);
		entry(file, map_states[i].name, map_states[i].label, text,
		      MARGIN + i % 2 * half, y + i / 2 * LEGEND_LINE);
	}
	if (layout->step > 1) {
		y += (MAP_STATES + 1) / 2 * LEGEND_LINE;
		fprintf(file,
			"<text x='%d' y='%u'>Blocks of one cell in several states, and how many tenths are in use:</text>\n",
			MARGIN, y + 11);
		for (int i = 0; i < 10; i++) {
			char tenths[2] = { MAP_TENTHS[i] };

			swatch(file, tenths, MARGIN + i * 36, y + LEGEND_LINE, 14);
			fprintf(file, "<text x='%d' y='%u'>%d</text>\n",
				MARGIN + i * 36 + 18, y + LEGEND_LINE + 11, i);
		}
	}
	fputs("</g>\n", file);
}

static void box(FILE *file, unsigned int y, double width, const char *color,
		const char *edge)
{
	fprintf(file,
		"<rect x='%d' y='%u' width='%.2f' height='%d' fill='%s' stroke='%s'/>\n",
		MARGIN, y, width, 2 * BAR, color, edge);
}

static void mark_of_peak(FILE *file, double x, unsigned int y, int height)
{
	fprintf(file,
		"<path d='M%.2f %uv%d' stroke='#b3478c' stroke-width='2' stroke-dasharray='4 3'/>\n",
		x, y, height);
}

/* An arena is one bar: used, used at its peak, and free. */
static void draw_arena(const struct map *map, const struct layout *layout,
		       FILE *file)
{
	const uint64_t *value = map->object.value;
	double width = layout->width - 2 * MARGIN;
	double used = width * value[MPDEMO_A_IN_USE] / value[MPDEMO_A_BYTES];
	double peak = width * value[MPDEMO_A_PEAK] / value[MPDEMO_A_BYTES];
	char text[3][UNITS_SIZE];
	unsigned int y = TITLE;

	fprintf(file, "<text x='%d' y='%u' font-size='14'>%s of %s in use (%.1f %%)</text>\n",
		MARGIN, y + 18,
		units_format_size(value[MPDEMO_A_IN_USE], text[0]),
		units_format_size(value[MPDEMO_A_BYTES], text[1]),
		100.0 * value[MPDEMO_A_IN_USE] / value[MPDEMO_A_BYTES]);
	y += CAPTION;
	fputs("<g class='arena'>\n", file);
	box(file, y, width, looks[MPDEMO_BLOCK_FREE].color, "#8c959f");
	box(file, y, used, looks[MPDEMO_BLOCK_HELD].color, "none");
	mark_of_peak(file, MARGIN + peak, y - 4, 2 * BAR + 8);
	fputs("</g>\n", file);
	y += 2 * BAR + 16 + 20;
	fputs("<g class='legend'>\n", file);
	entry(file, "held", "used", units_format_size(value[MPDEMO_A_IN_USE], text[0]),
	      MARGIN, y);
	entry(file, "free", "free",
	      units_format_size(value[MPDEMO_A_BYTES] - value[MPDEMO_A_IN_USE], text[0]),
	      MARGIN + width / 2, y);
	mark_of_peak(file, MARGIN + 7, y + LEGEND_LINE, 14);
	fprintf(file,
		"<text x='%d' y='%u'>peak<tspan dx='6' fill='#57606a'>%s</tspan></text>\n</g>\n",
		MARGIN + 22, y + LEGEND_LINE + 11,
		units_format_size(value[MPDEMO_A_PEAK], text[0]));
}

void map_svg(const struct map *map, FILE *file)
{
	struct layout layout = lay_out(map);
	unsigned int y = TITLE;

	head(map, &layout, file);
	subtitle(map, &layout, file);
	if (!map->nparts) {
		draw_arena(map, &layout, file);
	} else {
		for (size_t i = 0; i < map->nparts; i++)
			y += draw_part(&map->parts[i], &layout, y, file);
		legend(map, &layout, y + 20, file);
	}
	fputs("</svg>\n", file);
}
