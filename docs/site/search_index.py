"""Writes search_index.js into the finished site: every section of every page, for the search in book.js.

Doxygen's own search in the browser knows the names of pages and of C++ symbols only.
Usage: search_index.py HTML_FOLDER
"""
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

HEADINGS = {"h1", "h2", "h3", "h4"}
VOID = {"br", "img", "hr", "input", "link", "meta", "area", "wbr"}
# Tool tips, "Definition at ...", repeated summaries and the contents list would only be found twice.
SKIPPED = {"ttc", "toc", "memberdecls", "way-on", "summary", "permalink"}


class Page(HTMLParser):
    """Cuts a page into sections: [address, heading, text]."""

    def __init__(self, file_name):
        super().__init__()
        self.file_name = file_name
        self.title = ""
        self.sections = []
        self.open = []  # the tags around the current place, each with what it is for
        self.anchor = None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        classes = set((attributes.get("class") or "").split())
        purpose = None
        if classes & SKIPPED or tag in ("script", "style"):
            purpose = "skip"
        elif "title" in classes:
            purpose = "title"
        elif "contents" in classes:
            purpose = "contents"
            self.sections.append([self.file_name, "", ""])
        elif tag in HEADINGS and self.within("contents"):
            purpose = "heading"
            address = f"{self.file_name}#{self.anchor}" if self.anchor else self.file_name
            self.sections.append([address, "", ""])
        elif tag == "a" and attributes.get("id"):
            self.anchor = attributes["id"]
            if self.within("heading"):
                self.sections[-1][0] = f"{self.file_name}#{self.anchor}"
        if tag not in VOID:
            self.open.append((tag, purpose))

    def handle_endtag(self, tag):
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == tag:
                del self.open[depth:]
                break
        if tag in {"p", "li", "td", "th", "pre", "div", "summary"}:
            self.handle_data(" ")

    def handle_data(self, data):
        if self.within("skip"):
            return
        if self.within("title"):
            self.title += data
        elif self.within("heading"):
            self.sections[-1][1] += data
        elif self.within("contents"):
            self.sections[-1][2] += data

    def within(self, purpose):
        return any(p == purpose for _, p in self.open)


def clean(text):
    return re.sub(r"\s+", " ", text.replace("◆", " ").replace("\u200d", "")).strip()


def main():
    folder = Path(sys.argv[1])
    # The book and the pages of classes and files; not Doxygen's lists of them.
    files = [folder / "index.html", *sorted(folder.glob("md_*.html"))]
    files += [f for f in sorted(folder.glob("*.html")) if re.match(r"class[A-Z]|struct[A-Z]|.*_8hpp", f.name)]
    pages, sections = [], []
    for file in files:
        if file.name.endswith("-members.html"):
            continue
        page = Page(file.name)
        page.feed(file.read_text(encoding="utf-8"))
        pages.append(clean(page.title))
        for address, heading, text in page.sections:
            heading, text = clean(heading), clean(text)
            if heading or text:
                sections.append([len(pages) - 1, address, heading, text])
    index = json.dumps({"pages": pages, "sections": sections}, ensure_ascii=False, separators=(",", ":"))
    (folder / "search_index.js").write_text(f"const bookIndex = {index};\n", encoding="utf-8")


if __name__ == "__main__":
    main()
