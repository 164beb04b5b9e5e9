#!/usr/bin/env python3
"""Writes the code that the book quotes: docs/quote.py. With --check it writes nothing, and says what has drifted.

A page names a file, or a piece of it, between two comments. What stands between them is written by this script:

    <!-- code: stages/01_blocking/echo_server.cpp serve -->
    <!-- end -->

A piece is all that stands between two lines `//! [serve]` of that file. A function may have several, one after the
other or one in the other: the lines of markers are never shown. A file without a piece is shown whole, and folded.
"""
import argparse
import os
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".txt": "text"}
BLOCK = re.compile(r"(?ms)^<!-- code: (\S+)(?: (\S+))? -->\n((?:(?!<!-- code: ).)*?)^<!-- end -->$")
MARKER = re.compile(r"\s*//! \[(.+)\]\s*")


class Missing(Exception):
    """A page quotes what is not there."""


def lines_of(file):
    path = ROOT / file
    if not path.is_file():
        raise Missing(f"there is no file {file}")
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def piece_of(lines, file, marker):
    """The numbers of the first and of the last line of a piece, counted from 1."""
    found = [number for number, line in enumerate(lines, 1) if MARKER.fullmatch(line) and MARKER.fullmatch(line)[1] == marker]
    if len(found) != 2:
        raise Missing(f"{file} has {len(found)} lines //! [{marker}], and not two")
    first, last = found[0] + 1, found[1] - 1
    while first < last and MARKER.fullmatch(lines[first - 1]):
        first += 1
    while first < last and MARKER.fullmatch(lines[last - 1]):
        last -= 1
    return first, last


def quotation(page, file, marker):
    """What a reader sees between the two comments."""
    lines = lines_of(file)
    first, last = piece_of(lines, file, marker) if marker else (1, len(lines))
    code = [line for line in lines[first - 1:last] if not MARKER.fullmatch(line)]
    address = Path(os.path.relpath(ROOT / file, page.parent)).as_posix()
    fence = f"```{LANGUAGES[Path(file).suffix]}\n{textwrap.dedent(chr(10).join(code))}\n```\n"
    if marker:
        return f"\n{fence}\n[{file}, lines {first} to {last}]({address}#L{first}-L{last})\n\n"
    return (f"\n<details>\n<summary>{file}, {len(code)} lines</summary>\n\n{fence}\n[{file}]({address})\n\n</details>\n\n")


def rewrite(page, text):
    """The text with its quotations made anew, and what is wrong with it, as "page:line: what"."""
    wrong = []

    def anew(match):
        file, marker, old = match.groups()
        comment = match[0].split("\n", 1)[0]
        where = f"{page.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}"
        try:
            new = quotation(page, file, marker)
        except Missing as missing:
            wrong.append(f"{where}: {missing}")
            return match[0]
        if new != old:
            wrong.append(f"{where}: is not what {file} says now; type docs/quote.py")
        return f"{comment}\n{new}<!-- end -->"

    return BLOCK.sub(anew, text), wrong


def check():
    """Yields what has drifted."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        yield from rewrite(page, text)[1]
        left = BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
        for comment in re.finditer(r"^ *<!-- *(code:|end -->)", left, re.M):
            where = f"{page.relative_to(ROOT).as_posix()}:{left.count(chr(10), 0, comment.start()) + 1}"
            yield f"{where}: is no whole quotation; it is <!-- code: FILE PIECE --> and later <!-- end -->"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; say what has drifted")
    if not parser.parse_args().check:
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            new, _ = rewrite(page, text)
            if new != text:
                page.write_text(new, encoding="utf-8", newline="\n")
                print(f"written: {page.relative_to(ROOT).as_posix()}")
    sys.exit("\n".join(check()) or 0)


if __name__ == "__main__":
    main()
