# SPDX-License-Identifier: GPL-2.0
#
# What both kinds of memory cost for the same load, and how far rounds are apart, from a document of
# tools/bench/examples. Lines of a table, fields separated by tabs, the first one of headings.

["PROGRAM", "LOAD", "MODULE", "MALLOC", "RATIO", "SPREAD"],
(.rows | group_by([.program, .load])[]
 | (map(select(.memory == "mempool_demo"))[0]) as $ours | (map(select(.memory == "malloc"))[0]) as $theirs
 | [$ours.program, $ours.load, ($ours, $theirs | .min_per_operation | round),
    ($ours.min_per_operation / $theirs.min_per_operation * 1000 | round / 1000),
    (map(.max_per_operation / .min_per_operation) | max * 1000 | round / 1000)])
| @tsv
