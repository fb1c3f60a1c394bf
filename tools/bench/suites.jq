# SPDX-License-Identifier: GPL-2.0
#
# What an operation of each suite costs on each allocator, from a document of all suites; for
# figures_table: lines "suite, allocator, variant, cost", separated by tabs. Of several batches the
# largest one.

include "cost";

[.rows[] | select(.allocator != "empty" and .suite != "remote")]
| group_by(.suite)
| map((map(.batch) | max) as $batch | map(select(.batch == $batch)) | {key: .[0].suite, value: .})
| from_entries as $suites
| ("micro", "bullets", "http", "connections", "chat", "sizes", "percpu") as $suite
| $suites[$suite][]
| [$suite, .allocator, .variant, cost] | @tsv
