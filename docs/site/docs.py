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
STYLE = Path("/usr/share/doxygen-awesome-css/doxygen-awesome.css")  # how Debian's Doxygen Awesome makes the reference look
WAY_BACK = "Back to the book"  # what the Doxyfile says below the title of each page
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


def build():
    doxygen = tool("doxygen")
    install_packages()
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.parent.mkdir(exist_ok=True)
    run(doxygen, "docs/site/Doxyfile", folder=ROOT, REFERENCE_STYLE=str(STYLE) if STYLE.is_file() else "")
    run(tool("node"), "node_modules/vitepress/bin/vitepress.js", "build", folder=HERE)
    shutil.copytree(REFERENCE, SITE / "reference")
    for page in (SITE / "reference").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = text.replace(WAY_BACK, f'<a href="../index.html">{WAY_BACK}</a>')
        page.write_text(text.replace("</head>", '<link rel="icon" href="../icon.svg"/></head>'), encoding="utf-8")
    shutil.copytree(ROOT / "docs/transcripts", SITE / "transcripts")


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
