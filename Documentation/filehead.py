# SPDX-License-Identifier: GPL-2.0
"""A directive for Sphinx: the comment at the head of a source file, as text.

    .. file-head:: kmod/registry.c
       :from: Lock order

What a file says of itself is said there, and nowhere else. ``:from:`` leaves out what is before
the paragraph that begins so. A paragraph with tabs is a table or a drawing, and is shown as it
is; lines that begin with "-" are a list; all else is text, without any markup.

Beside that, pages must not forget anything: each lock order that a head in kmod/ gives is on
locking.rst, and each kernel-doc comment of an exported function or a public header on some page.
"""

import pathlib
import re
import textwrap

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.util import logging

TOP = pathlib.Path(__file__).resolve().parents[1]
API = "kmod/include/mempool_demo"
logger = logging.getLogger(__name__)
orders = set()      # files whose lock order is on the page for that


def head_of(path):
    """The paragraphs of the first comment that is more than the license, as lists of lines."""
    for comment in re.findall(r"/\*.*?\*/", path.read_text(), re.S):
        if "SPDX-License-Identifier" in comment:
            continue
        # Without the three columns of " * ". A tab at the end says that there were some.
        lines = [line.expandtabs()[3:].rstrip() + ("\t" if "\t" in line else "")
                 for line in comment[:-2].splitlines()]
        return [paragraph.strip("\n").split("\n")
                for paragraph in re.split(r"\n\s*\n", "\n".join(lines)) if paragraph.strip()]
    return []


def has_lock_order(paragraphs):
    return any(line.startswith("Lock order") for paragraph in paragraphs for line in paragraph)


def text_of(lines):
    return nodes.paragraph("", " ".join(line.strip() for line in lines))


def list_of(lines):
    items = nodes.bullet_list(bullet="-")
    for item in re.split(r"(?m)^\s*- ", "\n".join(lines))[1:]:
        items += nodes.list_item("", text_of(item.split("\n")))
    return items


def nodes_of(paragraph):
    if any("\t" in line for line in paragraph):
        block = textwrap.dedent("\n".join(line.rstrip() for line in paragraph))
        return [nodes.literal_block(block, block, language="none")]
    first = next((i for i, line in enumerate(paragraph) if re.match(r"\s*- ", line)), None)
    if first is None:
        return [text_of(paragraph)]
    before = [text_of(paragraph[:first])] if first else []
    return before + [list_of(paragraph[first:])]


class FileHead(Directive):
    required_arguments = 1
    option_spec = {"from": directives.unchanged_required}

    def run(self):
        path = TOP / self.arguments[0]
        env = self.state.document.settings.env
        env.note_dependency(str(path))
        paragraphs = head_of(path)
        begin = self.options.get("from", "")
        while paragraphs and not " ".join(paragraphs[0]).startswith(begin):
            paragraphs.pop(0)
        if not paragraphs:
            raise self.error(f"{path.relative_to(TOP)}: no paragraph begins with '{begin}'")
        if env.docname == "locking" and has_lock_order(paragraphs):
            orders.add(path)
        return [node for paragraph in paragraphs for node in nodes_of(paragraph)]


def documented(path):
    """Names with a kernel-doc comment that is more than fields of a private struct."""
    return re.findall(r"^/\*\*\n \* (?:struct |enum |union )?(\w+)(?:\(\))? - ", path.read_text(), re.M)


def exported(path):
    return set(re.findall(r"^EXPORT_SYMBOL_GPL\((\w+)\)", path.read_text(), re.M))


def check(app, env):
    for path in sorted((TOP / "kmod").rglob("*.c")):
        if has_lock_order(head_of(path)) and path not in orders:
            logger.warning("%s: its lock order is not in locking.rst", path.relative_to(TOP))
    known = {entry[0].rsplit(".")[-1] for entry in env.get_domain("c").get_objects()
             if entry[0].startswith("kernel.")}
    for path in sorted((TOP / "kmod").glob("*.c")):
        for name in documented(path):
            if name in exported(path) and name not in known:
                logger.warning("%s: %s() is on no page", path.relative_to(TOP), name)
    for path in sorted((TOP / API).glob("*.h")):
        for name in documented(path):
            if name not in known:
                logger.warning("%s: %s is on no page", path.relative_to(TOP), name)


def setup(app):
    app.add_directive("file-head", FileHead)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": False}
