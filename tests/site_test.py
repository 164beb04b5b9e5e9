#!/usr/bin/python3
"""Opens the built site of the book in Chromium and looks at it as a reader does.

Usage: tests/site_test.py [--site build/site] [--base /] [--screenshots FOLDER] [PAGE ...]
Needs the Debian packages chromium, chromium-driver and python3-selenium, and what `./tutorial docs` has installed.
"""
import argparse
import base64
import functools
import http.server
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "docs/site/node_modules/axe-core/axe.min.js"
WIDTHS = (390, 820, 1024, 1440)
SHADES = ("light", "dark")
BROWSERS = 2  # side by side
REFERENCE_CODE = "reference/04__iocp_2echo__server_8cpp_source.html"
# One page of each kind that Doxygen makes is held to all widths, and the others to the narrowest. One list of members is
# enough: each says only what its class says already.
REFERENCE_AT_ALL_WIDTHS = {REFERENCE_CODE, "reference/index.html", "reference/files.html", "reference/annotated.html",
                           "reference/handle_8hpp.html", "reference/classEchoClient.html",
                           "reference/classCommandLine-members.html"}
PAPER = 718  # px: A4 between its margins

# What a reader may type, and the places of which one must be among the first five. More words: docs/site/search_words.json.
SEARCHES = {
    "997": ("03_overlapped_events.html#ch3-three-outcomes", "api_cards.html#card-wsarecv", "when_it_does_not_work.html"),
    "10054": ("04_iocp.html#ch4-reset", "glossary.html#term-reset", "when_it_does_not_work.html"),
    "half close": ("glossary.html#term-half-close",),
    "partial send": ("questions.html#q-partial-send", "glossary.html#term-partial-send"),
    "why two times CreateIoCompletionPort": ("questions.html#q-first-call-creates",),
    "thread count": ("questions.html#q-two-per-processor", "04_iocp.html#ch4-concurrency"),
    "memory leak": ("classic_faults.html#fault-13", "03_overlapped_events.html#ch3-ownership", "when_it_does_not_work.html"),
    "timeout": ("06_coroutines.html#ch6-deadline", "questions.html#q-time-out", "classic_faults.html#fault-22"),
    "server hangs": ("questions.html#q-stops-answering", "when_it_does_not_work.html"),
    "which thread coroutine": ("06_coroutines.html#ch6-thread", "questions.html#q-coroutine-thread"),
    "await suspend false": ("questions.html#q-await-suspend-result",),
    "deadlock": ("glossary.html#term-lock", "questions.html#q-no-lock", "when_it_does_not_work.html"),
    "WSARecv": ("api_cards.html#card-wsarecv",),
}

# Text that a reader cannot get at: outside of the window, or outside of a box that hides what does not fit. Code, and a
# picture, may be wider than the window if their own box scrolls; a box of code shows it by a shadow.
FIND_CUT_TEXT = r"""
const cut = [];
const says = node => node.data.trim().slice(0, 60);
if (document.documentElement.scrollWidth > innerWidth + 1)
    cut.push(`the page is ${document.documentElement.scrollWidth} px wide, the window ${innerWidth}`);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode() && cut.length < 5) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest('script, style, .visually-hidden, .VPSkipLink, .copy')
        || !parent.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    for (let around = parent; around; around = around.parentElement) {
        if (around === document.body || around === document.documentElement) {
            if (box.right > innerWidth + 1 || box.left < -1) cut.push(`outside of the window: ${says(node)}`);
            break;
        }
        const style = getComputedStyle(around), edge = around.getBoundingClientRect();
        const outside = box.right > edge.right + 1 || box.left < edge.left - 1;
        if (style.position === 'fixed' && !outside) break;
        if (/auto|scroll/.test(style.overflowX) && around.matches('pre, .fragment, .figure')) {
            if (outside && around.matches('pre') && !style.backgroundImage.includes('gradient'))
                cut.push(`scrolls, and does not show it: ${says(node)}`);
            break;
        }
        if (style.overflowX !== 'visible' && outside) {
            cut.push(`cut by ${around.tagName} ${around.className}: ${says(node)}`);
            break;
        }
    }
}
return cut;
"""

FIND_PLAIN_FAULTS = r"""
const faults = [];
for (const image of document.images) {
    if (!(image.complete && image.naturalWidth > 0)) faults.push(`an empty picture: ${image.src}`);
    if (!image.alt) faults.push(`a picture without words: ${image.src}`);
}
for (const heading of document.querySelectorAll('.vp-doc :is(h2, h3)'))
    if (!heading.id) faults.push(`a heading without a name: ${heading.textContent}`);
for (const block of document.querySelectorAll('.vp-doc [class*="language-"]'))
    if (!block.querySelector('button.copy')) faults.push('a box of code without a button that copies it');
for (const code of document.querySelectorAll('.vp-doc pre'))
    if (code.clientWidth && code.scrollWidth > code.clientWidth + 1
        && Math.max(...code.innerText.split('\n').map(line => line.length)) <= 120)
        faults.push(`120 columns of code do not fit: ${code.innerText.slice(0, 60)}`);
if (document.querySelector('tt')) faults.push('has <tt>');
const walker = document.createTreeWalker(document.querySelector('.vp-doc'), NodeFilter.SHOW_TEXT);
while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest('code, pre, script, .change')
        && /`|\*|\]\(|^\s*\\\w|\{#|&\w+;/.test(walker.currentNode.data))
        faults.push(`Markdown in the text: ${walker.currentNode.data.trim().slice(0, 80)}`);
return faults;
"""

# On a phone each cell of a table stands on its own line and says what it is.
FIND_POOR_TABLES = r"""
return [...document.querySelectorAll('.vp-doc td')].filter(cell => cell.checkVisibility() && !cell.closest('.change')
    && (cell.getBoundingClientRect().width < innerWidth * 0.6
        || cell.dataset.label !== '' && getComputedStyle(cell, '::before').content === 'none'))
    .map(cell => cell.textContent.slice(0, 60)).slice(0, 3);
"""

FIND_ON_PAPER = r"""
const faults = [...document.querySelectorAll('details:not([open])')].map(() => 'an answer stays folded');
for (const code of document.querySelectorAll('.vp-doc pre'))
    if (code.scrollWidth > code.clientWidth + 1) faults.push(`a line of code is cut: ${code.textContent.slice(0, 60)}`);
for (const part of document.querySelectorAll('.VPNav, .VPSidebar, .VPDocAside, button.copy'))
    if (part.checkVisibility()) faults.push(`is printed: ${part.className}`);
return [...new Set(faults)];
"""

# What axe has to say of colours. A page that is light and one that is dark differ in nothing else.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]

LIGHT_OF_THE_PAGE = r"""
const [red, green, blue, alpha = 1] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
const light = alpha ? (red + green + blue) / 3 : 255;
"""

RUN_AXE = r"""
const [rules, done] = arguments;
axe.run(document, {resultTypes: ['violations'], ...rules && {runOnly: rules}}).then(found => done(found.violations.map(
    ({id, help, nodes}) => `${id}: ${help}: ${nodes.length} times, first ${nodes[0].html.slice(0, 160)}`)));
"""


class Results:
    def __init__(self):
        self.passed, self.failed = 0, 0
        self.lock = threading.Lock()

    def expect(self, what, wrong):
        """`wrong` is what is not as it should be: nothing, if all is well."""
        with self.lock:
            self.passed += not wrong
            self.failed += bool(wrong)
            if wrong:
                lines = wrong if isinstance(wrong, (list, tuple, set)) else [wrong]
                print(f"FAILED: {what}", *(f"    {line}" for line in lines), sep="\n", flush=True)


class Handler(http.server.SimpleHTTPRequestHandler):
    base = "/"

    def translate_path(self, path):
        return super().translate_path("/" + path.removeprefix(self.base) if path.startswith(self.base) else "/nowhere")

    def log_message(self, *_):
        pass


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}{Handler.base}"


class Browser:
    def __init__(self, address, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(60)
        self.address = address
        self.look(1440, "light")

    def look(self, width, shade, height=900, media=""):
        """The window from here on."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": shade},
                                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def open(self, page):
        self.driver.get("about:blank")  # so that a new anchor on the same page is a new visit as well
        self.driver.get_log("browser")
        self.driver.get(self.address + page)
        self.wait("return document.readyState === 'complete' && (!document.querySelector('#app') || '__vue_app__' in window.app)")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, *arguments, seconds=5):
        """Whether the script gives something true in time."""
        try:
            patience = WebDriverWait(self.driver, seconds, 0.05, [JavascriptException])  # a page that is not there yet
            return patience.until(lambda _: self.run(script, *arguments))
        except TimeoutException:  # a result like any other
            return None

    def axe(self, rules=None):
        """What axe finds on the page, into which it was loaded; with all of its rules, or with these."""
        return self.driver.execute_async_script(RUN_AXE, rules)

    def press(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def console(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, file, width, shade):
        """The whole page, or its first 12,000 px."""
        self.look(width, shade, min(self.run("return document.documentElement.scrollHeight"), 12000))
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        file.write_bytes(base64.b64decode(shot["data"]))


def links_of(text):
    return {unescape(link) for link in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"', text)}


def check_links(results, site):
    """Every link inside the site leads to a page that exists, and to a place on it."""
    texts = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    places = {name: {unescape(place) for place in re.findall(r'\b(?:id|name)="([^"]+)"', text)} for name, text in texts.items()}
    for name, text in sorted(texts.items()):
        wrong = []
        for link in links_of(text):
            there = urlsplit(urljoin(f"http://site{Handler.base}{name}", link))
            target, place = unquote(there.path).removeprefix(Handler.base) or "index.html", unquote(there.fragment)
            if there.hostname != "site" or there.scheme != "http":
                continue
            if target.startswith("/") or not (site / target).is_file():
                wrong.append(f"{link}: no such page")
            elif place and place not in places.get(target, ()):
                wrong.append(f"{link}: no such place")
        results.expect(f"{name}: links", sorted(wrong))


def check_whole(results, site, pages):
    """Nothing of the book is lost on its way to the site."""
    for source in sorted((ROOT / "docs").glob("*.md")):
        page = "index.html" if source.stem == "README" else f"{source.stem}.html"
        text = (site / page).read_text(encoding="utf-8") if page in pages else ""
        written = source.read_text(encoding="utf-8")
        lost = [name for name in re.findall(r'<a id="([^"]+)">', written) if f'id="{name}"' not in text]
        results.expect(f"{page}: names of its places", lost)
        folded = [text.count("<details>"), written.count("<details>")]
        results.expect(f"{page}: folded parts", None if folded[0] == folded[1] else f"{folded[0]}, and not {folded[1]}")
        way = dict(re.findall(r"\[(Previous|Next): .*?\]\((\w+)\.md\)", written.rstrip().rsplit("\n", 1)[1]))
        shown = dict(re.findall(r'class="VPLink link pager-link (prev|next)" href="(.*?)"', text))
        for kind, target in way.items():
            target = Handler.base + ("" if target == "README" else f"{target}.html")
            results.expect(f"{page}: {kind}", None if shown.get(kind.lower()[:4]) == target else f"{shown}")


def check_shades(results, browser, page, widths, pictures):
    """The open page in light and in dark: it can be read, with and without eyes, and nothing of it is cut off."""
    browser.run(AXE.read_text(encoding="utf-8"))
    for shade in SHADES:
        for width in widths:
            browser.look(width, shade)
            where = f"{page}, {width} px, {shade}"
            right = browser.wait(f"{LIGHT_OF_THE_PAGE} return light > 150 === (arguments[0] === 'light')", shade)
            results.expect(f"{where}: shade", None if right else "is not so")
            results.expect(f"{where}: axe", browser.axe(COLOUR_RULES if shade == "dark" else None))
            if shade == "light":  # where things are does not depend on it
                results.expect(f"{where}: text cut off", browser.run(FIND_CUT_TEXT))
            if pictures:
                browser.picture(pictures / f"{page.replace('/', '-').removesuffix('.html')}-{width}-{shade}.png", width, shade)


def check_page(results, browser, page, pictures):
    """A page of the book: all widths, light and dark, in one visit."""
    browser.look(WIDTHS[-1], SHADES[0])
    browser.open(page)
    browser.run("document.querySelectorAll('.vp-doc details').forEach(part => part.open = true)")  # answers are text as well
    browser.wait("return [...document.images].every(image => image.complete)")
    results.expect(f"{page}: the page", browser.run(FIND_PLAIN_FAULTS))
    check_shades(results, browser, page, WIDTHS, pictures)
    browser.look(WIDTHS[0], "light")
    results.expect(f"{page}: tables", browser.run(FIND_POOR_TABLES))
    browser.run("document.querySelectorAll('.vp-doc details').forEach(part => part.open = false);"
                "dispatchEvent(new Event('beforeprint'))")
    browser.look(PAPER, "light", media="print")
    results.expect(f"{page}: on paper", browser.run(FIND_ON_PAPER))
    results.expect(f"{page}: console", browser.console())


def check_reference(results, browser, page, pictures):
    """A page that Doxygen made."""
    browser.look(WIDTHS[0], SHADES[0])
    browser.open(page)
    check_shades(results, browser, page, WIDTHS if page in REFERENCE_AT_ALL_WIDTHS else WIDTHS[:1], pictures)
    results.expect(f"{page}: console", browser.console())


def check_keyboard(results, browser, page):
    """What a reader without a mouse does, from the skip link to the copied line."""
    said = lambda what, right: results.expect(f"keyboard: {what}", None if right else "it does not")
    active = "return document.activeElement"
    browser.look(1440, "light")
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    browser.open(page)
    browser.press(Keys.TAB)
    said("the first stop is the link to the text, and it can be seen", browser.run(
        "const link = document.activeElement; return link.matches('.VPSkipLink') && link.getBoundingClientRect().width > 20"))
    browser.press(Keys.ENTER)
    said("the skip link leads to the text", browser.wait(f"{active}.id === 'VPContent'"))

    browser.run("document.querySelector('.vp-doc summary').focus()")
    browser.press(Keys.ENTER)
    said("a folded part opens", browser.run("return document.querySelector('.vp-doc details').open"))

    browser.run("document.querySelector('.vp-doc button.copy').focus()")
    said("the button that copies is seen when it has the focus", browser.wait(
        f"{active}.matches('button.copy') && getComputedStyle(document.activeElement).opacity === '1'"))
    browser.press(Keys.ENTER)
    said("the button copies the code", browser.wait(
        "return document.querySelector('.vp-doc button.copy').classList.contains('copied')"))
    copied = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], () => arguments[0](''))")
    code = browser.run("return document.querySelector('.vp-doc button.copy').parentElement.querySelector('code').innerText")
    said("the clipboard has the code", copied.strip() == code.strip() and code.strip())

    shown = ("const link = [...document.querySelectorAll('.vp-doc a')].filter(link => link.matches('.call'))[0]; const card ="
             " document.getElementById('call-card'); return card.checkVisibility() && card.textContent.includes('The trap')"
             " && link.getAttribute('aria-describedby') === card.id")
    browser.press(Keys.TAB)
    browser.run("document.querySelector('.vp-doc a.call').focus({focusVisible: true})")
    said("the name of a call shows its card", browser.wait(shown))
    browser.press(Keys.ESCAPE)
    said("Escape hides the card", browser.wait("return !document.getElementById('call-card').checkVisibility()"))
    ActionChains(browser.driver).move_to_element(browser.run("return document.querySelector('.vp-doc a.call')")).perform()
    said("the mouse shows the card too", browser.wait(shown))

    tab = "return document.querySelector('.shells input:checked').labels[0].innerText"
    shell = f"{tab} + document.querySelector('.shells .active code').innerText[0]"
    said("commands are those of the reader's system", browser.wait(f"{tab} === 'Linux'"))
    browser.run("document.querySelector('.shells input:checked').focus()")
    browser.press(Keys.ARROW_LEFT)
    said("an arrow changes the tab", browser.run(shell) == "Windowst")
    browser.open("index.html")
    said("the choice holds on the next page", browser.wait(f"{tab} === 'Windows'") and browser.run(shell) == "Windowst")
    browser.press(Keys.ARROW_RIGHT)
    said("the arrow to the right is the next page", browser.wait("return location.pathname.endsWith('01_blocking.html')"))

    browser.look(WIDTHS[0], "light")
    for page, box in ((page, ".vp-doc pre"), (REFERENCE_CODE, ".fragment")):
        browser.open(page)
        browser.run("const wide = [...document.querySelectorAll(arguments[0])].find(box => box.scrollWidth > box.clientWidth);"
                    "const before = document.createElement('button'); wide.before(before); before.focus()", box)
        browser.press(Keys.TAB, Keys.ARROW_RIGHT)
        said(f"what is wider than a phone can be reached and scrolled: {page}",
             browser.wait(f"{active}.matches(arguments[0]) && document.activeElement.scrollLeft > 0", box))
    results.expect("keyboard: console", browser.console())


def first_hits(browser, words):
    field = "document.querySelector('#localsearch-input')"
    browser.run(f"{field}.value = arguments[0]; {field}.dispatchEvent(new Event('input'))", "")
    browser.wait("return !document.querySelector('.VPLocalSearchBox .result')")
    browser.run(f"{field}.focus()")
    browser.press(words)
    browser.wait("return document.querySelector('.VPLocalSearchBox .result')")
    hits = browser.run("return [...document.querySelectorAll('.VPLocalSearchBox .result')].map(hit => hit.getAttribute('href'))")
    return [hit.removeprefix(Handler.base) for hit in hits[:5]]


def check_search(results, browser, pictures):
    browser.look(1440, "light")
    browser.open("index.html")
    browser.press("/")
    opened = browser.wait("return document.activeElement.id === 'localsearch-input'")
    results.expect("search: a slash opens it", None if opened else "it does not")
    for words, places in SEARCHES.items():
        hits = first_hits(browser, words)
        found = any(hit == place or hit.split("#")[0] == place for hit in hits for place in places)
        results.expect(f"search: {words}", None if found else f"found {hits}, and none of {places}")
    browser.run(AXE.read_text(encoding="utf-8"))
    for width in WIDTHS:
        browser.look(width, "light")
        results.expect(f"search, {width} px: axe", browser.axe())
        if pictures:
            browser.driver.save_screenshot(str(pictures / f"search-{width}.png"))
    browser.press(Keys.ENTER)  # the first hit of the last words
    there = browser.wait("return location.href.endsWith('#card-wsarecv')")
    results.expect("search: Enter leads to the first hit", None if there else browser.run("return location.href"))
    seen = browser.wait("const top = document.getElementById('card-wsarecv').getBoundingClientRect().top;"
                        "return top >= 0 && top < innerHeight / 2")
    results.expect("search: the place is on the screen", None if seen else "it is not")
    browser.look(1440, "light")
    browser.press("/")
    results.expect("search: says when it finds nothing", None if not first_hits(browser, "xyzzyplugh") and browser.wait(
        "return /No results/.test(document.querySelector('.VPLocalSearchBox').innerText)") else "it does not")
    browser.press(Keys.ESCAPE)
    closed = browser.wait("return !document.querySelector('.VPLocalSearchBox')")
    results.expect("search: Escape closes it", None if closed else "it does not")
    results.expect("search: console", browser.console())


def check_memory(results, browser):
    """What the site remembers: which pages were read, and the shade that was chosen by hand."""
    browser.look(1440, "light")
    browser.open("where_next.html")
    browser.run("localStorage.clear()")
    browser.open("where_next.html")
    tick = "return document.querySelector('.VPSidebar a[href$=\"/where_next.html\"]').dataset.read !== undefined"
    results.expect("an unread page has no tick", "it has one" if browser.run(tick) else None)
    browser.run("scrollTo(0, document.documentElement.scrollHeight)")
    results.expect("a page that was read has a tick", None if browser.wait(tick) else "it has none")
    browser.open("index.html")
    results.expect("the tick stays", None if browser.wait(tick) else "it is gone")
    minutes = browser.run("return document.querySelector('.reading-time').innerText")
    results.expect("a page says how long it takes", None if re.fullmatch(r"\d+ minutes? to read", minutes) else minutes)
    shade = lambda: pixel(browser, ".figure img")
    light = shade()
    browser.run("document.querySelector('.VPNavBarAppearance button').click()")
    browser.wait("return document.documentElement.classList.contains('dark')")
    time.sleep(0.3)
    dark = shade()
    right = light > 200 and dark < 80
    results.expect("a picture is dark where the page was made dark by hand", None if right else f"{light}, {dark}")
    browser.open("01_blocking.html")
    still = browser.wait("return document.documentElement.classList.contains('dark')")
    results.expect("the next page stays dark", None if still else "it is light")
    browser.run("localStorage.clear()")


def pixel(browser, selector):
    """How light a picture is, near its upper left corner: 0 to 255."""
    box = browser.run("const box = document.querySelector(arguments[0]).getBoundingClientRect();"
                      "return {x: box.x + scrollX + 20, y: box.y + scrollY + 20, width: 2, height: 2, scale: 1}", selector)
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": box})
    return browser.driver.execute_async_script("""
const done = arguments[1], image = new Image();
image.onload = () => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.drawImage(image, 0, 0);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    done((red + green + blue) / 3);
};
image.src = 'data:image/png;base64,' + arguments[0];""", shot["data"])


def check_command(results):
    """docs.py says in one line what it does not understand."""
    for words in (["now"], ["--port"], ["--port", "x"]):
        done = subprocess.run([sys.executable, ROOT / "docs/site/docs.py", *words], capture_output=True, text=True)
        right = done.returncode == 2 and re.fullmatch(r"tutorial: docs: .*\n", done.stderr) and not done.stdout
        results.expect(f"docs {' '.join(words)}", None if right else f"{done.returncode} {done.stderr}{done.stdout}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--site", type=Path, default=ROOT / "build/site", help="the folder with index.html")
    arguments.add_argument("--base", default="/", help="where the site lies on its host; what SITE_BASE was when it was built")
    arguments.add_argument("--screenshots", type=Path, help="a folder for pictures of every page")
    arguments.add_argument("pages", nargs="*", help="only these, as 01_blocking.html")
    options = arguments.parse_args()
    if not (options.site / "index.html").is_file():
        sys.exit(f"site_test: {options.site} has no site yet; CI=true ./tutorial docs builds it")
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)

    Handler.base = options.base
    results = Results()
    book = sorted(path.name for path in options.site.glob("*.html") if path.name != "404.html")
    reference = sorted(f"reference/{path.name}" for path in (options.site / "reference").glob("*.html"))
    reference = [page for page in reference if page in REFERENCE_AT_ALL_WIDTHS or not page.endswith("-members.html")]
    jobs = [functools.partial(check_page, page=page, pictures=options.screenshots)
            for page in sorted(options.pages or book, key=lambda page: -(options.site / page).stat().st_size)]
    if not options.pages:
        results.expect("the reference has a page of each kind", REFERENCE_AT_ALL_WIDTHS.difference(reference))
        jobs += [functools.partial(check_reference, page=page, pictures=options.screenshots) for page in reference]
        jobs += [functools.partial(check_search, pictures=options.screenshots),
                 functools.partial(check_keyboard, page="01_blocking.html"), check_memory]
        check_links(results, options.site)
        check_whole(results, options.site, book)
        check_command(results)
    address = serve(options.site)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profiles, ThreadPoolExecutor(BROWSERS) as threads:
        def work(number):
            browser = Browser(address, f"{profiles}/{number}")
            try:
                while jobs:
                    jobs.pop(0)(results, browser)
            finally:
                browser.driver.quit()
        for done in [threads.submit(work, number) for number in range(BROWSERS)]:
            done.result()
    print(f"{results.passed} passed, {results.failed} failed")
    sys.exit(1 if results.failed else 0)


if __name__ == "__main__":
    main()
