# SPDX-License-Identifier: GPL-2.0
#
# One plot for gnuplot, of lines "series, x, y", separated by tabs and in the order of x, which are the
# figures of one plot. Each series is always drawn alike, whatever else is in the plot; what tells it
# from others is its marker, its dashes and its name at its end, and only then its colour.
#
#	awk -v width=800 -v height=420 -v font=13 -v kind=count|size|nines -v ylabel=TEXT -v xlabel=TEXT

BEGIN {
	FS = "\t"
	# colour, dashes, marker, as gnuplot has them; the colours are those of Okabe and Ito, the
	# light ones darker
	style["kmalloc"] = "#000000 1 6"
	style["kmem_cache"] = "#0072b2 1 4"
	style["kmem_cache bulk"] = "#0072b2 2 5"
	style["mempool_t"] = "#a86b00 4 8"
	style["objpool"] = "#b0508a 5 12"
	style["pool"] = "#d55e00 1 7"
	style["pool bulk"] = "#d55e00 2 6"
	style["per-CPU pool"] = "#00795a 1 9"
	style["per-CPU bulk"] = "#00795a 2 8"
	style["arena"] = "#7a6a00 3 11"
	style["heap"] = "#666666 4 13"
}

function log10(x) { return log(x) / log(10) }

# 1200 as 1.2K
function short(x, binary,	unit, base) {
	base = binary ? 1024 : 1000
	for (unit = 0; x >= base && unit < 3; unit++)
		x /= base
	return sprintf("%.4g%s", x, substr(" KMG", unit + 1, unit ? 1 : 0))
}

# What does not cost more than the loop around it has no place on this scale.
$3 > 0 {
	if (!($1 in count))
		name[++series] = $1
	n = ++count[$1]
	x[$1, n] = $2
	y[$1, n] = $3
	if (!least || $3 < least)
		least = $3
	if ($3 > most)
		most = $3
	if (!seen[$2]++)
		xs[++nx] = $2
	if (nx == 1 || $2 < xmin)
		xmin = $2
	if ($2 > xmax)
		xmax = $2
}

# Names are put beside the ends of their lines, and moved until none covers another one.
function place_names(	i, j, swap, gap, moved, tries) {
	for (i = 1; i <= series; i++) {
		order[i] = name[i]
		at[name[i]] = log10(y[name[i], count[name[i]]])
	}
	for (i = 1; i <= series; i++)
		for (j = i + 1; j <= series; j++)
			if (at[order[j]] < at[order[i]]) {
				swap = order[i]; order[i] = order[j]; order[j] = swap
			}
	gap = font * 1.25 / (height * (top - bottom)) * (ymax - ymin)
	for (tries = 0; tries < 200; tries++) {
		moved = 0
		for (i = 1; i < series; i++) {
			j = gap - (at[order[i + 1]] - at[order[i]])
			if (j > gap / 1000) {
				at[order[i]] -= j / 2
				at[order[i + 1]] += j / 2
				moved = 1
			}
		}
		if (at[order[1]] < ymin + gap / 2)
			at[order[1]] = ymin + gap / 2
		if (at[order[series]] > ymax - gap / 2)
			at[order[series]] = ymax - gap / 2
		if (!moved)
			break
	}
}

function xtics(	i, list, step, pos) {
	if (kind == "nines") {
		list = "'0' 0, '50' 0.30103, '90' 1, '99' 2, '99.9' 3, '99.99' 4, '99.999' 5"
	} else if (nx <= 5) {
		for (i = 1; i <= nx; i++)
			list = list (i > 1 ? ", " : "") "'" short(xs[i], kind == "size") "' " xs[i]
	} else {
		step = kind == "size" ? (width < 500 ? 8 : 2) : 10
		for (pos = kind == "size" ? 8 : 1; pos <= xmax * 1.001; pos *= step)
			list = list (list ? ", " : "") "'" short(pos, kind == "size") "' " pos
	}
	return list
}

# 1, 2, 5, 10, and so on; only 1 and 10 of many.
function ytics(	decade, i, value, list, wide) {
	split("1 2 5", steps, " ")
	wide = ymax - ymin > 2.3
	for (decade = int(ymin) - 2; decade <= ymax; decade++)
		for (i = 1; i <= (wide ? 1 : 3); i++) {
			value = steps[i] * 10 ^ decade
			if (log10(value) >= ymin - 0.001 && log10(value) <= ymax + 0.001)
				list = list (list ? ", " : "") "'" short(value, 0) "' " value
		}
	return list
}

END {
	if (!series)
		exit 1
	left = font * 5.4 / width
	right = 1 - font * (width < 500 ? 9.9 : 10.4) / width
	bottom = font * 3.4 / height
	top = 1 - font * 1.2 / height
	ymin = log10(least) - 0.06
	ymax = log10(most) + 0.06
	# Not so near that the noise of the least significant digit fills the plot.
	if (ymax - ymin < 0.6) {
		ymax += (0.6 - (ymax - ymin)) / 2
		ymin = ymax - 0.6
	}
	place_names()

	printf "set terminal svg size %d,%d font 'sans-serif,%d' background '#ffffff'\n", width, height, font
	print "set encoding utf8"
	print "unset key"
	print "set border 3 linecolor '#555555'"
	print "set tics nomirror out scale 0.5 textcolor '#333333'"
	print "set grid ytics linetype 1 dashtype 1 linecolor '#dddddd' linewidth 0.7"
	printf "set lmargin at screen %f\nset rmargin at screen %f\n", left, right
	printf "set bmargin at screen %f\nset tmargin at screen %f\n", bottom, top
	printf "set xlabel '%s' textcolor '#333333' offset 0,0.3\n", xlabel
	# Not as ylabel: that comes nearer the shorter the numbers are.
	printf "set label '%s' at screen %f, graph 0.5 center rotate textcolor '#333333'\n", ylabel, font * 0.9 / width
	if (kind != "nines")
		print "set logscale x 2"
	print "set logscale y 10"
	printf "set xtics (%s)\nset ytics (%s)\n", xtics(), ytics()
	printf "set xrange [%g:%g]\nset yrange [%g:%g]\n", xmin, xmax, 10 ^ ymin, 10 ^ ymax
	for (i = 1; i <= series; i++) {
		s = name[i]
		split(style[s] ? style[s] : "#000000 1 1", look, " ")
		# From the end of the line to the name.
		xe = (x[s, count[s]] - xmin) / (xmax - xmin)
		if (kind != "nines")
			xe = log10(x[s, count[s]] / xmin) / log10(xmax / xmin)
		ye = (log10(y[s, count[s]]) - ymin) / (ymax - ymin)
		yn = (at[s] - ymin) / (ymax - ymin)
		printf "set arrow from graph %f,%f to graph %f,%f nohead linecolor '%s' linewidth 0.6 dashtype 3\n",
			xe, ye, 1 + font * 0.75 / (width * (right - left)), yn, look[1]
		printf "set label '%s' at graph %f,%f left textcolor '%s' noenhanced\n", s,
			1 + font * 0.95 / (width * (right - left)), yn, look[1]
		printf "$s%d << EOD\n", i
		for (n = 1; n <= count[s]; n++)
			print x[s, n], y[s, n]
		print "EOD"
		plot = plot (i > 1 ? ", " : "") sprintf("$s%d using 1:2 with linespoints linecolor '%s' dashtype %d " \
			"pointtype %d linewidth 1.6 pointsize %f", i, look[1], look[2], look[3], width < 500 ? 0.5 : 0.6)
	}
	print "plot " plot
}
