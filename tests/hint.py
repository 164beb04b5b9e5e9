"""A little help with what is next in the reader's own server: each call tells one thing more, and the last one where to
look at ours. What is next is a function that is still empty, or else the claim that failed."""
import re

from claims import ROOT, TUTORIAL, sources_of, text_of
from exercise import exercises_of
from practice import functions_in, lines_of, place_of, section, settings_of, still_empty
from terminal import painted, wrapped
from verdict import IN_WORDS

NOT_OURS = r"(?<![\w>.])::(\w+)\(|\b(FD_SET|FD_ISSET|FD_ZERO)\("  # calls of Windows in a stage


def body_of(stage, name):
    """The function in our file: the number of its first line, and what stands in it."""
    lines = lines_of(stage)
    function = next(function for function in functions_in(lines) if function.name == name)
    return function.first + 1, "\n".join(lines[function.first + 1:function.last])


def calls_in(stage, name):
    """What our function calls, each once and in order: Windows, other functions of the stage, the log."""
    _, body = body_of(stage, name)
    own = "|".join(piece for piece in settings_of(stage)["pieces"] if not piece.startswith("~"))
    found = re.findall(rf"{NOT_OURS}|\b((?:{own}|after_failed_accept)|log\.\w+)\(", body)
    return list(dict.fromkeys("".join(names) for names in found))


def hints_for_piece(stage, name):
    settings, file = settings_of(stage), f"stages/{stage}/echo_server.cpp"
    yield f"{settings['pieces'][name]}\n\nRead {section(stage, settings['sections'][name])}."
    yield settings["hints"][name]
    if calls := calls_in(stage, name):
        yield f"Ours calls these: {', '.join(calls)}.\n\ndocs/api_cards.md tells what each call of Windows promises."
    yield f"That was all. Ours begins in line {body_of(stage, name)[0]} of {file}."


def place_of_test(stage, claim):
    suite, test = claim.split(".")
    for source in (*sources_of(stage), ROOT / "tests/windows_only_test.cpp"):
        for number, line in enumerate(text_of(source).splitlines(), 1):
            if re.match(rf"TEST(_F)?\({suite}, {test}\)", line):
                return f"tests/{source.name}, line {number}"
    return None


def hints_for_claim(server, claim):
    places = settings_of(server.stage)["claims"]
    words = IN_WORDS.get(claim) or re.sub(r"(?<!^)(?=[A-Z])", " ", claim.split(".")[1]).lower() + "."
    yield f"It asks for this: {words}\n\nRead {section(server.stage, places[place_of(claim, places)])}."
    for exercise in exercises_of(server.stage):
        if claim in exercise.fails and len(exercise.fails) < 10:
            yield (f"The server of an exercise fails here too. Does yours do the same? {exercise.question}\n\n"
                   f"{TUTORIAL} exercise {int(server.stage[:2])} {exercise.name}")
            break
    if place := place_of_test(server.stage, claim):
        yield f"See what its client does, and on what it insists: {place}."
    yield f"That was all. What differs from ours: {TUTORIAL} diff {server.name}"


def next_in(server):
    """The function or the claim that is next, and its hints; no name if there is nothing to help with."""
    if empty := still_empty(server):
        name = server.empty if server.empty in empty else empty[0]
        return name, list(hints_for_piece(server.stage, name))
    if server.failed:
        return server.failed, list(hints_for_claim(server, server.failed))
    return "", []


def hint(server):
    name, hints = next_in(server)
    if not name and server.is_done:
        return print(f"All claims hold. Compare it with ours: {TUTORIAL} diff {server.name}")
    if not name:
        return print(f"All is written. See what the claims say: {TUTORIAL} check {server.name}")
    number = server.hints + 1 if server.hinted == name and server.hints < len(hints) else 1
    server.remember(hinted=name, hints=number)
    print(f"{painted(name, 'bold')}, hint {number} of {len(hints)}\n")
    print(*(wrapped(part, 2, "  ") for part in hints[number - 1].split("\n\n")), sep="\n\n")
    if number < len(hints):
        print(f"\nThe next hint: {TUTORIAL} hint {server.name}")
