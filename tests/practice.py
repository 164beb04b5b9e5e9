#!/usr/bin/env python3
"""Servers that the reader writes: `./tutorial start` makes a skeleton of a stage, `check` and `watch` test it.

The skeleton is the stage's own file. Each function between the markers of the book loses its body, and gets a comment
that says what it must do. These comments, and the order of the claims, are in stages/NN_name/practice.ini.
"""
import configparser
import re
import sys
import textwrap
import time

from building import BUILD, NotBuilt, build
from claims import ROOT, TUTORIAL, claims_of, hold, text_of
from progress import PRACTICE, Server, servers
from terminal import Moving, complain, give_up, painted, unknown, wrapped

WIDTH = 100  # of a comment in a skeleton
MARKER = r" *//! \[(.+)\]"  # of a piece that the book quotes
LOOKS = 0.2  # seconds from one look at a file that is watched to the next
NO_FUNCTION = r"(for|if|while|switch|return|struct|class|enum|namespace|//|std::erase_if)\b"


class Function:
    """Where a function of a stage is: `lines[first]` opens it and `lines[last]` closes it."""
    def __init__(self, lines, first, owner):
        head = lines[first]
        self.indent = head[:len(head) - len(head.lstrip())]
        self.name = re.search(r"~?\w+(?=\()", head)[0]
        self.full_name = f"{owner}::{self.name}" if owner else self.name
        self.is_special = self.name.lstrip("~") == owner  # a constructor or destructor: it should not throw
        self.first, self.last = first, lines.index(self.indent + "}", first)


def lines_of(stage):
    return text_of(ROOT / f"stages/{stage}/echo_server.cpp").split("\n")


def functions_in(lines):
    """The functions with a body of lines of their own, in a file that clang-format has seen."""
    functions = []
    owner = None  # the struct or class around
    for number, line in enumerate(lines):
        if opening := re.match(r"(?:template <.*> )?(?:struct|class) (?:\[\[\w+\]\] )?(\w+)", line):
            owner = opening[1]
        elif line == "};":
            owner = None
        indent = "    " if owner else ""
        if re.match(rf"{indent}(?!{NO_FUNCTION})\S.*\(.*\{{$", line) and "operator()" not in line:
            functions.append(Function(lines, number, owner))
    names = [function.name for function in functions]
    for function in functions:
        if names.count(function.name) > 1:
            function.name = function.full_name
    return functions


def marked_functions_in(lines):
    marked, around = set(), set()  # the lines in a piece, and the pieces around the line
    for number, line in enumerate(lines):
        if marker := re.match(MARKER, line):
            around ^= {marker[1]}
        elif around:
            marked.add(number)
    return [function for function in functions_in(lines) if function.first in marked]


def without_markers(text):
    return re.sub(rf"^{MARKER}\n", "", text, flags=re.M)


def with_bodies(lines, bodies):
    """The same file with other bodies; `bodies` has a list of lines for a function's name."""
    result, end = [], 0
    for function in functions_in(lines):
        if function.name in bodies:
            result += lines[end:function.first + 1] + bodies[function.name]
            end = function.last
    return result + lines[end:]


def settings_of(stage):
    settings = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    settings.optionxform = str
    settings.read_string(text_of(ROOT / f"stages/{stage}/practice.ini"))
    return settings


def skeleton_of(stage):
    lines = lines_of(stage)
    tasks = settings_of(stage)["pieces"]
    bodies = {}
    for function in marked_functions_in(lines):
        indent = function.indent + "    "
        task = textwrap.wrap("Write this: " + " ".join(tasks[function.name].split()), WIDTH,
                             initial_indent=indent + "// ", subsequent_indent=indent + "// ")
        if not function.is_special:
            task.append(f'{indent}throw std::logic_error("{function.name} is still to be written");')
        bodies[function.name] = task
    return without_markers("\n".join(with_bodies(lines, bodies)))


def put_back(practice, stage):
    """The reader's file with the stage's own bodies in the place of the reader's."""
    lines = lines_of(stage)
    bodies = {function.name: lines[function.first + 1:function.last] for function in marked_functions_in(lines)}
    return "\n".join(with_bodies(practice.split("\n"), bodies))


def place_of(claim, places):
    """A claim stands in its own place, or else in that of its suite."""
    return next((name for name in (claim, claim.split(".")[0]) if name in places), None)


def claims_in_order(stage):
    """Each claim with the part of the chapter that helps when it fails, from the first to the hardest."""
    places = settings_of(stage)["claims"]
    order = list(places)
    claims = sorted(claims_of(stage), key=lambda claim: order.index(place_of(claim, places)))
    return [(claim, places[place_of(claim, places)]) for claim in claims]


def heading_at(anchor, stage):
    return re.search(rf'<a id="{anchor}"></a>\n+#+ (.*)', text_of(ROOT / f"docs/{stage}.md"))[1]


def section(stage, anchor):
    heading = heading_at(anchor, stage)
    return f'"{heading}" (docs/{stage}.md#{anchor})'


def server_named(name):
    """Ends this program if there is none."""
    known = {server.name: server for server in servers()}
    if name not in known and not known:
        complain(f"there is no server '{name}'; begin one: {TUTORIAL} start 1 {name}")
    if name not in known:
        unknown(f"there is no server '{name}' in practice", name, known)
    return known[name]


def still_empty(server):
    """The functions that the reader has not written, in the order in which a server comes to them."""
    text = text_of(server.file)
    empty = re.findall(r'"([\w:]+) is still to be written"', text)
    empty += re.findall(r"^ *(~?\w+)\(.*\{\n(?: *//.*\n)+ *\}", text, re.M)  # a constructor or destructor should not throw
    return [piece for piece in settings_of(server.stage)["sections"] if piece in empty]


def start(stage, name):
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.A):
        complain(f"'{name}' cannot be the name of a program here; take letters, digits and _")
    if taken := [server for server in servers() if server.name == name]:
        give_up(f"there is a {taken[0].path} already; take another name")
    file = PRACTICE / stage / f"{name}.cpp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"// Yours to write. `{TUTORIAL} check {name}` says how far you are.\n{skeleton_of(stage)}",
                    encoding="utf-8", newline="\n")
    print(wrapped(f"{Server(file).path} is yours. Write {', '.join(settings_of(stage)['sections'])}. "
                  "A comment in each says what it must do."))
    print(f"\n  {TUTORIAL} check {name}    how far you are\n  {TUTORIAL} watch {name}    the same after each save\n"
          f"  {TUTORIAL} hint {name}     a little help with what is next")


def compiled(server):
    """Builds the server, or says why that cannot be done."""
    program = f"practice.{server.stage}.{server.name}"
    try:
        build(BUILD, f"{server.stage}_test", program, f"{program}.watched")
    except NotBuilt as why:
        line = re.search(rf"{re.escape(server.path)}[:(](\d+)", str(why).replace("\\", "/"))
        begin = f"line {line[1]} of {server.path}" if line else "the first of these words"
        print(f"{why}\n\n{painted('It does not compile.', 'red')} Begin with {begin}.")
        return None
    return BUILD / "stages" / f"{program}.exe"


def check(server, first=""):
    """Gives None if all claims hold, else the claim that a reader wants to see first the next time."""
    program = compiled(server)
    if not program:
        return first
    in_order = claims_in_order(server.stage)
    claims = sorted(in_order, key=lambda claim: claim[0] != first)
    print(f"{server.path} and its {len(claims)} claims, the hardest last:")
    results = hold(program, BUILD, [claim for claim, _ in claims])
    with Moving("starting the tests") as moving:
        for number, (claim, anchor) in enumerate(claims, 1):
            moving.says(f"claim {number} of {len(claims)}")
            _, reason = next(results)
            if reason and number > 1:  # several at a time may disturb each other: once more, alone
                [(_, reason)] = hold(program, BUILD, [claim], at_once=1)
            moving.print(f"  {painted('FAILED', 'red') if reason else painted('ok    ', 'green')} {claim}")
            if reason:
                break
    results.close()
    if not reason:
        server.remember(held=len(claims), failed="", empty="")
        print(f"\n{painted('All hold.', 'green')} Compare it with ours: {TUTORIAL} diff {server.name}")
        return None
    tell_what_failed(server, claim, anchor, reason, in_order.index((claim, anchor)), len(claims))
    return claim


def tell_what_failed(server, claim, anchor, reason, held, of):
    """A function that threw because it is empty says more than the claim that met it."""
    thrown = re.search(r"([\w:]+) is still to be written", reason)
    sections = settings_of(server.stage)["sections"]
    empty = thrown[1] if thrown and thrown[1] in sections else ""
    server.remember(held=held, failed=claim, empty=empty)
    print(wrapped(f"{empty} was called, and is still to be written." if empty else reason[:400], 9))
    print(f"\n{held} of {of} so far.")
    print(wrapped(f"Read again: {section(server.stage, sections[empty] if empty else anchor)}"))
    if left := still_empty(server):
        print(wrapped(f"Still to be written: {', '.join(left)}"))
    print(f"A little help: {TUTORIAL} hint {server.name}")


def written_at(server):
    return server.file.stat().st_mtime_ns if server.file.exists() else 0


def watch(server):
    """Checks again whenever the file was saved, the claim that failed first."""
    seen, failed = written_at(server), check(server)
    while failed is not None:
        print(painted(f"\nWaiting until {server.path} is saved; Ctrl+C ends this.", "dim"), flush=True)
        while written_at(server) in (seen, 0):  # an editor may take the file away for a moment
            time.sleep(LOOKS)
        print()
        seen, failed = written_at(server), check(server, failed)


def main():
    """For the test of the skeletons: put-back NAME."""
    server = server_named(sys.argv[2])
    server.file.write_text(put_back(text_of(server.file), server.stage), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
