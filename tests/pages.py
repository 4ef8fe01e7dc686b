"""Reads README.md and docs/*.md for the tests that keep them true: headings, blocks, tables and links."""
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

LINE = re.compile(r"(?P<fence> *```(?P<kind>\w*)\n(?P<block>.*?)^ *```$)|^#{1,6} (?P<heading>[^\n]+)$|^\|(?P<row>[^\n]*)\|$", re.M | re.S)
LINK = re.compile(r"\[[^]\n]*\]\(([^)\s]+)\)")


@dataclass
class Block:
    """A fenced block. section: the heading above it; kind: "sh", "json" or ""."""
    section: str
    kind: str
    text: str


def _walk(text):
    """Yields each heading, block and table row in order, with the heading above it."""
    section = ""
    for match in LINE.finditer(text):
        if match["heading"]:
            section = match["heading"]
        yield section, match


def read(page):
    return (ROOT / page).read_text()


def blocks(page):
    found = []
    for section, match in _walk(read(page)):
        if match["fence"]:
            indent = len(match["fence"]) - len(match["fence"].lstrip(" "))
            found.append(Block(section, match["kind"], re.sub(f"^ {{{indent}}}", "", match["block"], flags=re.M)))
    return found


def commands(page, section=None):
    """The blocks of commands in a page, or in one of its sections."""
    return [block for block in blocks(page) if block.kind == "sh" and section in (None, block.section)]


def rows(page):
    """{heading: [[cell, …], …]} of all tables, without their heads."""
    found = {}
    for section, match in _walk(read(page)):
        if match["row"]:
            found.setdefault(section, []).append([cell.strip() for cell in match["row"].split("|")])
    return {section: [row for n, row in enumerate(table) if not is_head(table, n)] for section, table in found.items()}


def is_head(table, n):
    """True for a line of dashes and the line above it."""
    def dashes(row):
        return all(re.fullmatch(r":?-+:?", cell) for cell in row)
    return dashes(table[n]) or (n + 1 < len(table) and dashes(table[n + 1]))


def anchors(text):
    """The anchors of all headings, as forges derive them."""
    return {re.sub(r"[^\w\- ]", "", match["heading"].lower()).strip().replace(" ", "-") for _, match in _walk(text) if match["heading"]}


def dead_links(pages, outside=lambda path: path.exists()):
    """Yields each link to a file that does not exist, or to a heading that the page does not have."""
    for page in pages:
        text = page.read_text()
        for link in LINK.findall(re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            to = (page.parent / path).resolve() if path else page
            if not (to.exists() if to.suffix == ".md" else outside(to)):
                yield f"{page.name}: {link}: there is no such file"
            elif anchor and anchor not in anchors(to.read_text()):
                yield f"{page.name}: {link}: there is no such heading"
