# SPDX-License-Identifier: GPL-2.0
"""What Sphinx must know to make these pages; "make docs" runs it.

The extensions that read kernel-doc and netlink specifications are the kernel's own. They are
found in the Linux source that $srctree names.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["srctree"], "Documentation/sphinx"))

project = "mempool_demo"
author = "The mempool_demo developers"
project_copyright = author

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
extensions = ["kerneldoc", "parser_yaml", "filehead"]
kerneldoc_srctree = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
include_patterns = ["**.rst", "netlink/specs/*.yaml"]

# Nothing is marked up unless it is said how, and what is not said is C.
primary_domain = "c"
highlight_language = "none"

# Two hyphens are two hyphens.
smartquotes = False

# Words that come before a declaration, or inside of one, and are no part of C.
c_id_attributes = ["__must_check", "__init", "__percpu", "__user", "__always_inline", "__printf"]

html_theme = "alabaster"
html_theme_options = {
    "description": "Memory pools, arenas and heaps in the Linux kernel",
    "page_width": "70em",
    "body_max_width": "none",
    "show_powered_by": False,
    "font_family": "sans-serif",
}
html_copy_source = False
html_show_copyright = False
# The same input gives the same output.
html_last_updated_fmt = None
