#!/usr/bin/env python3
"""Servers that the reader writes. `./tutorial start` makes a skeleton of a stage, and `./tutorial check` tests it.

The skeleton is the stage's own file. Each function between the markers of the book loses its body, and gets a comment
that says what it must do. These comments, and the order of the claims, are in stages/NN_name/practice.ini.
"""
import argparse
import configparser
import re
import sys
import textwrap
from pathlib import Path

from claims import ROOT, TUTORIAL, build, claims_of, hold, text_of

PRACTICE = ROOT / "practice"
WIDTH = 120
MARKER = r" *//! \[(.+)\]"  # of a piece that the book quotes
NO_FUNCTION = r"(for|if|while|switch|return|struct|class|enum|namespace|//|std::erase_if)\b"


class Function:
    """Where a function of a stage is: `lines[first]` opens it and `lines[last]` closes it."""
    def __init__(self, lines, first, owner):
        head = lines[first]
        self.indent = head[:len(head) - len(head.lstrip())]
        self.name = re.search(r"~?\w+(?=\()", head)[0]
        self.is_special = self.name.lstrip("~") == owner  # a constructor or destructor: it should not throw
        self.first, self.last = first, lines.index(self.indent + "}", first)


def lines_of(stage):
    return text_of(ROOT / f"stages/{stage}/echo_server.cpp").split("\n")


def functions_in(lines):
    """The functions with a body of lines of their own, in a file that clang-format has seen."""
    owner = None  # the struct or class around
    for number, line in enumerate(lines):
        if opening := re.match(r"(?:struct|class) (\w+)", line):
            owner = opening[1]
        elif line == "};":
            owner = None
        indent = "    " if owner else ""
        if re.match(rf"{indent}(?!{NO_FUNCTION})\S.*\(.*\{{$", line):
            yield Function(lines, number, owner)


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


def server_named(name):
    found = list(PRACTICE.glob(f"*/{name}.cpp"))
    return found[0] if found else None


def start(stage, name):
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        sys.exit(f"tutorial: '{name}' cannot be the name of a program here; take letters, digits and _")
    if server_named(name):
        sys.exit(f"tutorial: there is a practice/{server_named(name).relative_to(PRACTICE).as_posix()} already")
    file = PRACTICE / stage / f"{name}.cpp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"// Yours to write. `./tutorial check {name}` says how far you are.\n{skeleton_of(stage)}",
                    encoding="utf-8", newline="\n")
    print(f"practice/{stage}/{name}.cpp is yours. Write {', '.join(settings_of(stage)['pieces'])}.\n"
          f"A comment in each says what it must do. Then see how far you are: {TUTORIAL} check {name}")


def check(name, folder):
    file = server_named(name)
    if not file:
        sys.exit(f"tutorial: there is no practice/*/{name}.cpp; make one: {TUTORIAL} start 1 {name}")
    stage = file.parent.name
    program = f"practice.{stage}.{name}"
    build(folder, f"{stage}_test", program, f"{program}.watched")
    claims = claims_in_order(stage)
    print(f"practice/{stage}/{name}.cpp against the {len(claims)} claims of stage {stage}, the hardest last:")
    server = folder / "stages" / f"{program}.exe"
    results = hold(server, folder, [claim for claim, _ in claims])
    for number, (claim, anchor) in enumerate(claims):
        _, reason = next(results)
        if reason and number > 0:  # several at a time may disturb each other: once more, alone
            [(_, reason)] = hold(server, folder, [claim], at_once=1)
        print(f"  {'FAILED' if reason else 'ok    '} {claim}", flush=True)
        if reason:
            print(textwrap.fill(reason[:400], WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9))
            print(f"\n{number} of {len(claims)} so far. "
                  f"Read again: {heading_at(anchor, stage)} (docs/{stage}.md#{anchor})")
            if empty := re.findall(r'"(\w+) is still to be written"', text_of(file)):
                print(f"Still to be written: {', '.join(empty)}")
            results.close()
            sys.exit(1)
    print("\nAll hold. Compare it with ours: "
          f"git diff --no-index stages/{stage}/echo_server.cpp practice/{stage}/{name}.cpp")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("start", "check", "put-back"))
    parser.add_argument("words", nargs="+", help="start STAGE NAME, check NAME, put-back NAME")
    parser.add_argument("--build", type=lambda path: Path(path).resolve(), help="the folder of the build")
    options = parser.parse_args()
    if options.verb == "start":
        start(*options.words)
    elif options.verb == "check":
        check(*options.words, options.build)
    else:  # for the test of the skeletons
        file = server_named(options.words[0])
        file.write_text(put_back(text_of(file), file.parent.name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
