/* SPDX-License-Identifier: GPL-2.0 */
/* A map as a picture. */
#ifndef POOLCTL_MAP_SVG_H
#define POOLCTL_MAP_SVG_H

#include <stdio.h>

#include "map.h"

/* More blocks than that share cells. */
#define MAP_SVG_CELLS	16384

/* Write it, complete in itself: an SVG document with title and legend. */
void map_svg(const struct map *map, FILE *file);

#endif /* POOLCTL_MAP_SVG_H */
