#!/usr/bin/python3
"""Opens the built site of the book in Chromium and looks at it as a reader does.

Usage: tests/site_test.py [--site build/wine/docs/html] [--screenshots FOLDER]
Needs the Debian packages chromium, chromium-driver and python3-selenium.
"""
import argparse
import base64
import functools
import http.server
import re
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (1400, 400)
SEARCHED = "WSARecv"
CARD = "card-wsarecv"

# Text that a reader cannot get at: outside of the window, or outside of a box that hides what does not fit.
# Code and tables may be wider than the window if their own box scrolls.
FIND_CUT_TEXT = r"""
const scrolls = style => /auto|scroll/.test(style.overflowX);
const cut = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode() && cut.length < 5) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest('script, style, .ttc') || !parent.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width === 0 || box.height === 0)
        continue;
    for (let around = parent; ; around = around.parentElement) {
        if (around === null || around === document.body) {
            if (box.right > innerWidth + 1 || box.left < -1)
                cut.push(`outside of the window: ${node.data.trim().slice(0, 60)}`);
            break;
        }
        const style = getComputedStyle(around);
        if (scrolls(style) && around.matches('pre, .fragment, table, .memproto, .scrolls'))
            break;
        const edge = around.getBoundingClientRect();
        const hides = style.overflowX !== 'visible';
        if (hides && (box.right > edge.right + 1 || box.left < edge.left - 1)) {
            cut.push(`cut by ${around.tagName} ${around.id || around.className}: ${node.data.trim().slice(0, 60)}`);
            break;
        }
        if (/hidden|clip/.test(style.overflowY) && (box.bottom > edge.bottom + 2 || box.top < edge.top - 2)) {
            cut.push(`cut in height by ${around.tagName} ${around.id || around.className}: ${node.data.trim().slice(0, 60)}`);
            break;
        }
    }
}
return cut;
"""

FIND_WIDE = r"""
const wide = [];
for (const box of [document.documentElement, document.body, document.getElementById('doc-content')])
    if (box.scrollWidth > innerWidth || box.scrollWidth > box.clientWidth + 1)
        wide.push(`${box.tagName} ${box.id} is ${box.scrollWidth} wide, has ${box.clientWidth}`);
return wide;
"""

FIND_EMPTY_PICTURES = r"""
return [...document.images].filter(image => !(image.complete && image.naturalWidth > 0) && image.checkVisibility()).map(image => image.src);
"""

FIND_SILENT_PICTURES = r"""
return [...document.querySelectorAll('.contents img')].filter(image => !image.alt).map(image => image.src);
"""


# Each heading with a place of its own has one link to it, by a name that stays the same when the book grows.
FIND_POOR_HEADING_LINKS = r"""
return [...document.querySelectorAll('.contents :is(h1, h2, h3):has(> a.anchor[id])')].filter(heading => {
    const links = heading.querySelectorAll('a.anchorlink');
    if (links.length !== 1) return true;
    const name = decodeURIComponent(links[0].hash.slice(1));
    return name.startsWith('autotoc') || document.getElementById(name) === null;
}).map(heading => heading.textContent.trim());
"""


# Markdown that Doxygen did not understand stands in the text as it was written.
FIND_RAW_MARKDOWN = r"""
const raw = [];
const walker = document.createTreeWalker(document.querySelector('.contents') ?? document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest('code, pre, .fragment, script, .memproto, .memItemRight')
        && /\*\*|\]\(|```|\\(snippet|include|htmlonly|endhtmlonly)|\{#/.test(walker.currentNode.data))
        raw.push(walker.currentNode.data.trim().slice(0, 80));
return raw;
"""


class Results:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def expect(self, what, wrong):
        """`wrong` is what is not as it should be: nothing, if all is well."""
        if not wrong:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED: {what}")
        for line in wrong if isinstance(wrong, (list, tuple, set)) else [wrong]:
            print(f"    {line}")


class Server(http.server.ThreadingHTTPServer):
    """Serves the site, and remembers what was asked for and is not there."""

    daemon_threads = True

    def __init__(self, folder):
        self.missing = []
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send_error(self, code, *rest, **more):
        self.server.missing.append(self.path)
        super().send_error(code, *rest, **more)


class Browser:
    def __init__(self, address, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.address = address

    def resize(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def open(self, page):
        if "#" in page:  # from another page, so that a new anchor on the same page is a new visit as well
            self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{self.address}/{page}")
        self.wait(lambda: self.run("return document.readyState") == "complete")
        self.wait(lambda: self.run("return document.querySelector('#nav-tree-contents ul') !== null"))

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition, seconds=10):
        try:
            WebDriverWait(self.driver, seconds, 0.05).until(lambda _: condition())
            return True
        except Exception:  # a timeout is a result like any other
            return False

    def console_errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, file, width):
        """The whole page, not only what fits the window."""
        self.resize(width)
        height = self.run("return Math.max(document.documentElement.scrollHeight, 900)")
        self.resize(width, min(height, 12000))
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        file.write_bytes(base64.b64decode(shot["data"]))
        self.resize(width)


def reading_order(site):
    """The pages of the book, as the tree lists them: from the start to the entry that has no page of its own."""
    tree = (site / "navtreedata.js").read_text(encoding="utf-8")
    pages = re.findall(r'^    \[ ".*?", (null|"[^"#]+")', tree, re.MULTILINE)
    book = pages[: pages.index("null")] if "null" in pages else pages
    return [page.strip('"') for page in book]


def check_chain(results, site, pages):
    written = sorted(p.name for p in (ROOT / "docs").glob("*.md"))
    if len(pages) != len(written):
        results.expect("the tree has every page of docs/", [f"tree: {pages}", f"docs/: {written}"])
    else:
        results.expect("the tree has every page of docs/", None)
    for i, page in enumerate(pages):
        text = (site / page).read_text(encoding="utf-8")
        way = re.search(r'<div class="way-on">(.*?)</div>', text, re.DOTALL)
        links = re.findall(r'href="([^"#]+)[^"]*">(Previous|Next|Start)', way.group(1)) if way else []
        found = {word: href for href, word in links}
        wanted = {}
        if i > 0:
            wanted |= {"Previous": pages[i - 1], "Start": pages[0]}
        if i + 1 < len(pages):
            wanted |= {"Next": pages[i + 1]}
        found.pop("Start", None) if i == 0 else None
        results.expect(f"{page}: previous and next", [] if found == wanted else [f"has {found}", f"should have {wanted}"])


def check_links(results, site):
    """Every link inside the site leads to a page that exists, and to a place on it."""
    texts = {p.name: p.read_text(encoding="utf-8") for p in site.glob("*.html")}
    places = {name: set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for name, text in texts.items()}
    for name, text in sorted(texts.items()):
        wrong = []
        for href in re.findall(r'<a [^>]*?href="([^"]*)"', text):
            if re.match(r"https?:|javascript:|mailto:", href):
                continue
            page, _, place = urllib.parse.unquote(href).partition("#")
            page = page or name
            if page not in texts:
                wrong.append(f"{href}: no such page")
            elif place and place not in places[page]:
                wrong.append(f"{href}: no such place")
        results.expect(f"{name}: links", sorted(set(wrong)))


def check_page(results, browser, server, page):
    browser.resize(WIDTHS[0])
    server.missing.clear()
    browser.open(page)
    browser.wait(lambda: not browser.run(FIND_EMPTY_PICTURES), 2)
    results.expect(f"{page}: pictures", browser.run(FIND_EMPTY_PICTURES))
    results.expect(f"{page}: pictures have a text", browser.run(FIND_SILENT_PICTURES))
    results.expect(f"{page}: files", server.missing[:])
    # Folded answers are text as well.
    browser.run("document.querySelectorAll('details').forEach(answer => answer.open = true)")
    for width in WIDTHS:
        browser.resize(width)
        results.expect(f"{page} at {width} px: width", browser.run(FIND_WIDE))
        results.expect(f"{page} at {width} px: text cut off", browser.run(FIND_CUT_TEXT))
    results.expect(f"{page}: console", browser.console_errors())
    results.expect(f"{page}: raw Markdown", browser.run(FIND_RAW_MARKDOWN))
    results.expect(f"{page}: heading links", browser.run(FIND_POOR_HEADING_LINKS))
    copies = browser.run("return [document.querySelectorAll('.contents .fragment').length, "
                         "document.querySelectorAll('.contents doxygen-awesome-fragment-copy-button').length]")
    results.expect(f"{page}: copy buttons", [] if copies[0] == copies[1] else f"{copies[0]} boxes, {copies[1]} buttons")


def check_card(results, browser, page):
    for width in WIDTHS:
        browser.resize(width)
        browser.open(f"{page}#{CARD}")
        seen = ("const place = document.getElementById(arguments[0]);"
                "return place !== null && place.getBoundingClientRect().top >= -2"
                " && place.getBoundingClientRect().top < innerHeight / 2;")
        ok = browser.wait(lambda: browser.run(seen, CARD), 3)
        results.expect(f"{page}#{CARD} at {width} px shows the card", None if ok else "the card is not on the screen")


def check_search(results, browser, start, folder):
    for width in WIDTHS:
        browser.resize(width)
        browser.open(start)
        field = browser.driver.find_element(By.CSS_SELECTOR, "#MSearchBox input")
        field.send_keys(SEARCHED)
        first = "#book-results a:first-child"
        ok = browser.wait(lambda: browser.driver.find_elements(By.CSS_SELECTOR, first), 5)
        heading = browser.run(f"return document.querySelector('{first} b')?.textContent")
        results.expect(f"search at {width} px finds {SEARCHED}", None if ok and heading == SEARCHED else f"the first result is {heading}")
        if folder:
            browser.driver.save_screenshot(str(folder / f"search-{width}.png"))
        results.expect(f"search at {width} px: console", browser.console_errors())
        outside = browser.run("const box = document.getElementById('book-results').getBoundingClientRect();"
                              "return box.left < 0 || box.right > innerWidth || box.bottom > innerHeight")
        results.expect(f"search at {width} px fits", "the list of results leaves the window" if outside else None)
        field.send_keys(Keys.ENTER)
        there = browser.wait(lambda: browser.driver.current_url.endswith(f"#{CARD}"), 3)
        results.expect(f"search at {width} px leads to the card", None if there else browser.driver.current_url)
        browser.open(start)
        field = browser.driver.find_element(By.CSS_SELECTOR, "#MSearchBox input")
        field.send_keys("xyzzyplugh")
        none = browser.wait(lambda: "Nothing is found" in browser.run("return document.getElementById('book-results').textContent"), 3)
        results.expect(f"search at {width} px says when it finds nothing", None if none else "it does not")


def check_dark_mode(results, browser, pages):
    background = ("const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);"
                  "return (red + green + blue) / 3;")
    toggle = "document.querySelector('doxygen-awesome-dark-mode-toggle').click()"
    browser.resize(WIDTHS[0])
    browser.open(pages[0])
    results.expect("the site starts light where the system is light", None if browser.run(background) > 200 else "it is dark")
    browser.run(toggle)
    results.expect("the toggle makes it dark", None if browser.run(background) < 80 else "it is light")
    browser.open(pages[1])
    results.expect("the next page stays dark", None if browser.run(background) < 80 else "it is light")
    browser.run(toggle)
    results.expect("the toggle makes it light again", None if browser.run(background) > 200 else "it is dark")


def take_pictures(browser, pages, folder):
    for shade in ("light", "dark"):
        for page in pages:
            browser.open(page)
            for width in WIDTHS:
                browser.picture(folder / f"{Path(page).stem}-{width}-{shade}.png", width)
        browser.resize(WIDTHS[0])
        browser.run("document.querySelector('doxygen-awesome-dark-mode-toggle').click()")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--site", type=Path, default=ROOT / "build/wine/docs/html", help="the folder with index.html")
    arguments.add_argument("--screenshots", type=Path, help="a folder for pictures of every page, light and dark")
    options = arguments.parse_args()
    if not (options.site / "index.html").is_file():
        sys.exit(f"site_test: {options.site} has no site yet; ./tutorial docs builds it")
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)

    results = Results()
    pages = reading_order(options.site)
    check_chain(results, options.site, pages)
    check_links(results, options.site)
    server = Server(options.site)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(f"http://127.0.0.1:{server.server_port}", profile)
        try:
            others = sorted(p.name for p in options.site.glob("*.html") if p.name not in pages)
            for page in pages + others:
                check_page(results, browser, server, page)
            check_card(results, browser, next(page for page in pages if "api_cards" in page))
            check_search(results, browser, pages[0], options.screenshots)
            check_dark_mode(results, browser, pages)
            if options.screenshots:
                take_pictures(browser, pages, options.screenshots)
        finally:
            browser.driver.quit()
            server.shutdown()
    print(f"{results.passed} passed, {results.failed} failed")
    sys.exit(1 if results.failed else 0)


if __name__ == "__main__":
    main()
