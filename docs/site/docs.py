#!/usr/bin/env python3
"""Makes the site of the book in build/site, and shows it on this machine until Ctrl+C. `./tutorial docs` calls it."""
import argparse
import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "docs/site"
SITE = ROOT / "build/site"
REFERENCE = ROOT / "build/reference"
LAYOUT = ROOT / "build/reference_layout.xml"
STYLE = Path("/usr/share/doxygen-awesome-css/doxygen-awesome.css")  # how Debian's Doxygen Awesome makes the reference look
FOR_ROBOTS = "doxygen_crawl.html"  # a page of Doxygen that says nothing to a reader
# Of all the lists that Doxygen can make, a reader needs two.
MENU = """<navindex>
    <tab type="mainpage" visible="yes" title="The code"/>
    <tab type="filelist" visible="yes" title="Files"/>
    <tab type="classlist" visible="yes" title="Classes"/>
  </navindex>"""
# What Doxygen's pages lack: a way back to the book, a language, landmarks, a title, names of links that are a picture, and
# code that scrolls with the keyboard. They load nothing from other hosts.
MENDED = {
    r"<html[^>]*>": '<html lang="en">',
    r'<script type="module">.*?</script>': "",
    f'<a href="{FOR_ROBOTS}"></a>': "",
    "</head>": '<link rel="icon" href="../icon.svg"/></head>',
    "<div id=\"top\">(.*?)</div><!-- top -->": r'<header id="top">\1</header><main>',
    "</body>": "</main></body>",
    '(<div id="projectbrief">)(.*?)</div>': r'\1<a href="../index.html">\2</a></div>',
    '<div class="title">(.*?)</div>': r'<h1 class="title">\1</h1>',
    '<span class="icondoc">': '<span class="icondoc" role="img" aria-label="source">',
    '(<span class="icondoc"[^<]*(?:<div[^<]*</div>)?</span>)</a><b>(.*?)</b>': r"\1<b>\2</b></a>",
    '<div class="fragment">': '<div class="fragment" tabindex="0">',
}
OLDEST_NODE = 18
PORT = 8000
WAYS = {"node": "OpenJS.NodeJS.LTS", "npm": "OpenJS.NodeJS.LTS", "doxygen": "DimitriVanHeesch.Doxygen"}


def fail(complaint, code=1):
    print(f"tutorial: {complaint}", file=sys.stderr)
    sys.exit(code)


def tool(name):
    path = shutil.which(name)
    if not path:
        way = f'; get it with "winget install {WAYS[name]}", then open a new prompt' if os.name == "nt" else ""
        fail(f"no {name} here{way}")
    return path


def run(*command, folder, **environment):
    done = subprocess.run(command, cwd=folder, env=os.environ | environment)
    if done.returncode != 0:
        fail(f"{Path(command[0]).stem} failed, so there is no site")


def install_packages():
    """What package-lock.json names; but only when it has changed."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules/.package-lock.json"
    version = subprocess.run([tool("node"), "--version"], capture_output=True, text=True).stdout
    if int(re.match(r"v(\d+)", version)[1]) < OLDEST_NODE:
        fail(f"node {version.strip()} is too old for the site; it takes {OLDEST_NODE}")
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        run(tool("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error", folder=HERE)
        installed.touch()


def make_reference(doxygen):
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.parent.mkdir(exist_ok=True)
    run(doxygen, "-l", str(LAYOUT), folder=ROOT)
    layout = LAYOUT.read_text(encoding="utf-8")
    LAYOUT.write_text(re.sub("<navindex>.*?</navindex>", MENU, layout, flags=re.DOTALL), encoding="utf-8")
    run(doxygen, "docs/site/Doxyfile", folder=ROOT, REFERENCE_STYLE=str(STYLE) if STYLE.is_file() else "")


def build():
    doxygen = tool("doxygen")
    install_packages()
    make_reference(doxygen)
    run(tool("node"), "node_modules/vitepress/bin/vitepress.js", "build", folder=HERE)
    add_reference()
    shutil.copytree(ROOT / "docs/transcripts", SITE / "transcripts")


def add_reference():
    shutil.copytree(REFERENCE, SITE / "reference", ignore=shutil.ignore_patterns(FOR_ROBOTS))
    for page in (SITE / "reference").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for lacking, mended in MENDED.items():
            text = re.sub(lacking, mended, text, flags=re.DOTALL)
        page.write_text(text, encoding="utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(port, then_open):
    handler = functools.partial(Quiet, directory=SITE)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT if port is None else port), handler)
    except OSError as error:
        if port is not None:
            fail(f"cannot listen on port {port}: {error.strerror}")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    print(f"The book is at {address} (Ctrl+C ends this)", flush=True)
    if then_open:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


class Parser(argparse.ArgumentParser):
    def error(self, message):
        fail(f"docs: {message}", 2)


def main():
    parser = Parser(prog="tutorial docs", description=__doc__, allow_abbrev=False)
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument("--port", type=int, metavar="N", help=f"the port on 127.0.0.1; if not told, {PORT} or a free one")
    options = parser.parse_args()
    build()
    if os.environ.get("CI") == "true":
        print(f"The book is in {SITE}")
    else:
        serve(options.port, options.open)


if __name__ == "__main__":
    main()
