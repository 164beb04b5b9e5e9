"""How the tutorial's commands speak: the width, the colours, one line that moves, and a problem in one sentence."""
import difflib
import os
import shutil
import sys
import textwrap
import threading
import time

WIDEST = 100
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="replace")  # a pipe of Windows cannot take every letter
if os.name == "nt" and sys.stdout.isatty():
    os.system("")  # from here on the console of Windows takes the signs for colours as such
COLOURS = {"red": 31, "green": 32, "cyan": 36, "bold": 1, "dim": 2}
CHANGES = {"+": "green", "-": "red", "@": "cyan"}


def width():
    return min(shutil.get_terminal_size((80, 24)).columns, WIDEST)


def is_terminal(stream):
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painted(text, colour):
    if not is_terminal(sys.stdout) or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"


def painted_change(line):
    """A line of a diff."""
    return painted(line, CHANGES[line[0]]) if line[:1] in CHANGES else line


def wrapped(text, indent=0, first=None):
    """Folds a text to the width; `first` stands before its first line, in the place of the indent."""
    return textwrap.fill(" ".join(text.split()), width(), initial_indent=" " * indent if first is None else first,
                         subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False)


def tell(text):
    """One sentence on standard error: one line, or folded on a terminal."""
    print(wrapped(text, 2, "") if is_terminal(sys.stderr) else text, file=sys.stderr, flush=True)


def give_up(text, code=1):
    tell(f"tutorial: {text}")
    sys.exit(code)


def complain(text):
    """What was typed is wrong."""
    give_up(text, 2)


def unknown(problem, word, known, names=None):
    """Complains of a word, with the nearest of those that are known, and all of them. `names`: {what is near: a known}."""
    names = names or {name: name for name in known}
    near = difflib.get_close_matches(word.lower(), names, 1, 0.5)
    nearest = f"; do you mean {names[near[0]]}?" if near else "."
    complain(f"{problem}{nearest} There {'are' if len(known) > 1 else 'is'}: {', '.join(known)}")


class Moving:
    """Says what goes on, and for how long: in one line that moves and is gone at the end. Where there is no terminal, it
    says so after two seconds, and then now and then."""
    SOON, OFTEN, SELDOM = 2, 0.2, 30  # seconds

    def __init__(self, text):
        self.text, self.started, self.stopped = text, time.monotonic(), threading.Event()
        self.lock, self.moves = threading.Lock(), is_terminal(sys.stderr)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.clear()

    def run(self):
        while not self.stopped.wait(self.OFTEN if self.moves else self.SOON):
            self.show()
            if not self.moves and self.stopped.wait(self.SELDOM - self.SOON):
                return

    def show(self):
        with self.lock:
            seconds = int(time.monotonic() - self.started)
            line = f"{self.text} … {seconds} s"[:width() - 1]
            print(f"\r{line}\033[K" if self.moves else line, end="" if self.moves else "\n", file=sys.stderr, flush=True)

    def clear(self):
        if self.moves:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def says(self, text):
        self.text = text
        if self.moves:
            self.show()

    def print(self, *words):
        """A line that stays, above the one that moves."""
        with self.lock:
            self.clear()
            print(*words, flush=True)
