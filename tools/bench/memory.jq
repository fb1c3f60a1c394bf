# SPDX-License-Identifier: GPL-2.0
#
# What the objects of a request take of memory, from a document of all suites measured with --memory.
# Lines "allocator, variant, KiB asked for, KiB in use, the same for each asked for", separated by tabs.

.rows[]
| select(.suite == "http" and .memory_used > 0)
| [.allocator, .variant, (.memory_requested, .memory_used | . / 1024),
   (.memory_used / .memory_requested * 10 | round / 10)] | @tsv
