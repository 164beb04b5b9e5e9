#!/usr/bin/env python3
"""Checks that the book (docs/*.md and README.md) fits the code, the tests and itself. It needs nothing that is built."""
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "docs"))
import quote
from claims import ROOT, STAGES, claims_of, tests_of, text_of
from exercise import exercises_of
from practice import lines_of, marked_functions_in, place_of, settings_of
from verdict import IN_WORDS, page_for

THIS = Path(__file__).resolve()
DOCS = ROOT / "docs"
PROGRAMS = {stage: ROOT / f"stages/{stage}/echo_server.cpp" for stage in STAGES}
CHAPTERS = {stage: DOCS / f"{stage}.md" for stage in STAGES}
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
AFTER_THE_CHAPTERS = ("common", "api_cards", "classic_faults", "when_it_does_not_work", "questions", "windows_and_wine",
                      "glossary", "where_next")
MOST_PIECES = 17  # of a stage, for its chapter; stage 6 has them, because it brings its own library
FEWEST_ANSWERS = 5  # under 'Check yourself'
EXERCISES = range(4, 7)  # of a stage
FEWEST_WORDS = 10  # of the answer to an exercise

# The second half of a chapter: the headings, in this order. There is nothing that the first stage could have changed.
PARTS = {"Watch it": r"Watch it", "The claims": r"The claims( of this chapter)?", "What changed": r"What changed since stage \d+",
         "Try it": r"Try it", "Check yourself": r"Check yourself", "The full listing": r"The (full listing|whole program)"}


def prose_of(page):
    """The text without code: fences and `code` are made blank, so that every line keeps its number."""
    blank = lambda code: re.sub(r"[^\n]", " ", code[0])
    without_fences = re.sub(r"^ *(```+|~~~+)[^\n]*\n.*?^ *\1 *$", blank, text_of(page), flags=re.M | re.S)
    return re.sub(r"(?<!`)(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)", blank, without_fences, flags=re.S)


def find(pattern, path, text):
    """Yields the place of each match, as docs/page.md:12, and the match."""
    for match in re.finditer(pattern, text, re.M):
        yield f"{path.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}", match


def quotations():
    """Yields (page, place, file, marker) for each piece of code that a page quotes; a whole file has no marker."""
    for page in PAGES:
        for where, match in find(quote.BLOCK.pattern, page, text_of(page)):
            yield page, where, match[1], match[2] or ""


def quoted_in(page):
    return {(file, marker) for quoting, _, file, marker in quotations() if quoting == page}


def markers_of(source):
    return re.findall(rf"^{quote.MARKER.pattern}$", text_of(source), re.M)


def names_in_ctest():
    names = {f"common.{test}" for test in tests_of(ROOT / "tests/common_test.cpp")}
    for stage in STAGES:
        names.update(f"{stage}.{test}" for test in [*claims_of(stage), *tests_of(ROOT / "tests/windows_only_test.cpp")])
    for name in re.findall(r"add_test\(NAME ([^\s)]+)", text_of(ROOT / "tests/CMakeLists.txt")):
        names.update(name.replace("${stage}", stage) for stage in STAGES)
    return names


def anchors():
    """Yields (page, place, name) for each anchor of the book."""
    for page in PAGES:
        for where, match in find(r'<a\s+(?:id|name)="([^"]*)"', page, prose_of(page)):
            yield page, where, match[1]


def title_of(page):
    return re.search(r"^# (.+)$|\Z", prose_of(page), re.M)[1]


# The checks: each yields what is wrong, as "where: what".

def every_test_named_in_a_page_exists():
    names = names_in_ctest()
    owners = "|".join(sorted({re.escape(name.split(".")[0]) for name in names}))
    in_backticks = rf"`((?:\w+\.)?[A-Z]\w*[a-z]\w*\.[A-Z]\w+|(?:{owners})(?:\.[A-Z]\w+)+)`"
    for page in PAGES:
        for where, match in find(in_backticks, page, text_of(page)):
            if not any(f".{match[1]}." in f".{name}." for name in names):
                yield f"{where}: there is no test {match[1]}"
        for where, match in find(r"\bctest\b[^\n`]* -R ([^\s`]+)", page, text_of(page)):
            if not any(match[1] in name for name in names):
                yield f"{where}: ctest -R {match[1]} finds no test"
    for _, where, file, marker in quotations():
        if file.startswith("tests/") and marker[:1].isupper() and f".{marker} " not in " ".join([*tests_of(ROOT / file), ""]):
            yield f"{where}: {file} has no test {marker}"


def every_test_of_a_stage_is_named_in_its_chapter_and_of_the_contract_in_common():
    told_in = {f"{stage}_test": chapter for stage, chapter in CHAPTERS.items()}
    told_in |= {f"{contract}_test": DOCS / "common.md" for contract in ("echo_contract", "program", "inside")}
    for source, page in told_in.items():
        file = f"tests/{source}.cpp"
        if not tests_of(ROOT / file):
            yield f"{file}: no test found"
        for test in tests_of(ROOT / file):
            named = any(f"`{name}`" in text_of(page) for name in (test, f"{source.removesuffix('_test')}.{test}"))
            if not named and (file, test.split(".")[1]) not in quoted_in(page):
                yield f"docs/{page.name}: does not name {test} of {file}"


def every_marked_piece_of_a_stage_is_quoted_in_its_chapter():
    for stage, program in PROGRAMS.items():
        source = f"stages/{stage}/{program.name}"
        markers = markers_of(program)
        if len(set(markers)) > MOST_PIECES:
            yield f"{source}: {len(set(markers))} marked pieces, at most {MOST_PIECES} are wanted"
        for marker in sorted(set(markers)):
            if markers.count(marker) != 2:
                yield f"{source}: the marker {marker} occurs {markers.count(marker)} times, and not twice"
            if (source, marker) not in quoted_in(CHAPTERS[stage]):
                yield f"docs/{stage}.md: does not quote {marker} of {source}"


def everything_that_a_page_quotes_is_what_its_file_says():
    yield from quote.check()


def every_term_of_the_glossary_stands_in_alphabetical_order():
    page = DOCS / "glossary.md"
    terms = [(where, match[1].replace("`", "").casefold()) for where, match in find(r"^### (.+)$", page, text_of(page))]
    for (_, before), (where, term) in zip(terms, terms[1:]):
        if term < before:
            yield f"{where}: '{term}' stands after '{before}'"


def no_report_is_without_its_link():
    for page in PAGES:
        for where, match in find(r"(?<!\*)\((?:[^()\n]*[,;] )?reported\b", page, prose_of(page)):
            yield f"{where}: {match[0]} is no link to the report: ([reported](https://...))"


def no_line_is_meant_for_one_generator_only():
    for page in PAGES:
        for where, match in find(r"^[ \t]*(\\\w+|\[\[toc\]\]|:::.*)|\{#[\w-]+\}", page, prose_of(page)):
            yield f"{where}: has {match[0].strip()}, which GitHub shows as it stands"


def every_windows_call_of_a_stage_has_a_card():
    cards = {name for page, _, name in anchors() if page.name == "api_cards.md"}
    for program in PROGRAMS.values():
        for where, match in find(r"(?<![\w>:])::(\w+)\(|\b(FD_SET|FD_ISSET|FD_ZERO)\(", program, text_of(program)):
            call = match[1] or match[2]
            if f"card-{call.lower()}" not in cards:
                yield f"{where}: {call} has no anchor card-{call.lower()} in docs/api_cards.md"


def every_card_has_a_heading_that_names_its_call():
    page = DOCS / "api_cards.md"
    for where, match in find(r'^.*<a id="card-([^"]*)".*\n+(.*)$', page, text_of(page)):
        if not match[2].startswith("##") or match[1] not in re.findall(r"\w+", match[2].lower()):
            yield f"{where}: below the anchor card-{match[1]} is no heading that names the call"


def every_anchor_is_unique_in_the_book():
    first = {}
    for _, where, name in anchors():
        if first.setdefault(name, where) != where:
            yield f"{where}: the anchor {name} is in {first[name]} already"


def line_in(source, anchor):
    """Whether GitHub has this place: line 12 of a file, or lines 12 to 15."""
    numbers = [int(number) for number in re.findall(r"(?:^|-)L(\d+)(?=-|$)", anchor)]
    return source.suffix != ".md" and 0 < len(numbers) and max(numbers) <= text_of(source).count("\n")


def every_link_and_picture_resolves():
    known = {(page, name) for page, _, name in anchors()}
    for page in PAGES:
        for where, match in find(r'\]\(\s*([^)\s]+)|^ *\[[^\]]+\]: *(\S+)|<[^>]*(?:src|href)="([^"]+)"', page, prose_of(page)):
            link = match[1] or match[2] or match[3]
            if re.match(r"(https?|mailto):", link):
                continue
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve()
            if not file:
                yield f"{where}: the link {link} names no file"
            elif not target.is_relative_to(ROOT) or not target.exists():
                yield f"{where}: the link {link} leads to no file"
            elif "#" in link and (target, anchor) not in known and not line_in(target, anchor):
                yield f"{where}: the link {link} leads to no anchor"


def no_page_has_c_or_cpp_code_typed_into_it():
    for page in PAGES:
        own = quote.BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text_of(page))
        for where, match in find(r"(?i)^[ >*+\-\d.]*(?:```+|~~~+) *\{?\.?(c|cpp|c\+\+|cc|cxx|h|hpp)(?![\w+#])", page, own):
            yield f"{where}: has a fence with {match[1]}"


def every_stage_has_a_chapter_with_its_parts_in_order():
    for page in DOCS.glob("[0-9][0-9]_*.md"):
        if page.stem not in STAGES:
            yield f"docs/{page.name}: there is no stage {page.stem}"
    for stage, chapter in CHAPTERS.items():
        headings = re.findall(r"^## (.+?) *$", prose_of(chapter), re.M)
        found = [part for heading in headings for part, name in PARTS.items() if re.fullmatch(name, heading)]
        wanted = [part for part in PARTS if part != "What changed" or stage != STAGES[0] or part in found]
        if found != wanted:
            yield f"docs/{stage}.md: has the parts {', '.join(found)}, and not {', '.join(wanted)}"
        if (f"stages/{stage}/echo_server.cpp", "") not in quoted_in(chapter):
            yield f"docs/{stage}.md: does not include its program as a whole"


def every_folded_answer_is_whole_and_chapters_have_enough():
    whole = ["<details>", "<summary>", "</summary>", "</details>"]
    for page in PAGES:
        tags = list(find(r"</?(?:details|summary)>", page, prose_of(page)))
        wrong = [where for number, (where, tag) in enumerate(tags) if tag[0] != whole[number % 4]]
        if wrong or len(tags) % 4:
            yield f"{wrong[0] if wrong else tags[-1][0]}: a folded answer is not {' '.join(whole)}"
    for stage, chapter in CHAPTERS.items():
        questions = re.search(r"^## Check yourself *$(.*?)(?=^## |\Z)|\Z", prose_of(chapter), re.M | re.S)[1] or ""
        if questions.count("<details>") < FEWEST_ANSWERS:
            yield f"docs/{stage}.md: fewer than {FEWEST_ANSWERS} folded answers under 'Check yourself'"


def every_exercise_is_in_its_chapter_with_its_question_and_an_answer():
    for stage, chapter in CHAPTERS.items():
        exercises = exercises_of(stage)
        if len(exercises) not in EXERCISES:
            yield f"stages/{stage}/exercises: has {len(exercises)} exercises"
        told = dict(re.findall(r"^\*\*`([\w-]+)`\*\* (.*?)\n\n<details>", text_of(chapter), re.M | re.S))
        for name in sorted({exercise.name for exercise in exercises} ^ set(told)):
            yield f"docs/{chapter.name}: the exercise {name} is not both here and in stages/{stage}/exercises"
        for exercise in exercises:
            where = f"stages/{stage}/exercises/{exercise.diff.name}"
            if exercise.question != " ".join(told.get(exercise.name, exercise.question).replace("`", "").split()):
                yield f"{where}: asks another question than docs/{chapter.name}"
            for claim in set(exercise.fails) - set(claims_of(stage)):
                yield f"{where}: there is no claim {claim} of stage {stage}"
            if len(exercise.answer().split()) < FEWEST_WORDS:
                yield f"docs/{chapter.name}: has no answer to {exercise.name}"


def every_piece_that_a_reader_may_write_has_a_task_and_every_claim_a_place():
    for stage in STAGES:
        where = f"stages/{stage}/practice.ini"
        pieces = {function.name for function in marked_functions_in(lines_of(stage))}
        for name in sorted(pieces ^ set(settings_of(stage)["pieces"])):
            yield f"{where}: {name} is not both a piece of the stage and a task"
        for part in ("sections", "hints"):
            for name in sorted({*settings_of(stage)["pieces"]} ^ {*settings_of(stage)[part]}):
                yield f"{where}: {name} is not both in [pieces] and in [{part}]"
        places = settings_of(stage)["claims"]
        for claim in claims_of(stage):
            if not place_of(claim, places):
                yield f"{where}: {claim} has no place"
        for place in sorted({*places} - {place_of(claim, places) for claim in claims_of(stage)}):
            yield f"{where}: there is no claim {place}"
        for anchor in sorted({*places.values(), *settings_of(stage)["sections"].values()} - {name for page, _, name in anchors() if page == CHAPTERS[stage]}):
            yield f"{where}: the chapter has no anchor {anchor}"


def every_answer_to_an_exercise_fits_its_diff():
    for exercise in [exercise for stage in STAGES for exercise in exercises_of(stage)]:
        where = f"docs/{exercise.stage}.md: the answer to {exercise.name}"
        sentences = re.split(r"(?<=[.!?])\s+", exercise.answer())
        if not exercise.fails and "No test fails." not in sentences:
            yield f"{where} does not say: No test fails."
        for claim in sorted(set(claims_of(exercise.stage)) - set(exercise.fails)):
            told = [sentence for sentence in sentences if re.search(rf"\b{re.escape(claim)}\b", sentence)]
            if not all(re.search(r"\bpass|^All fail but", sentence) for sentence in told):
                yield f"{where} names {claim}, and does not say that it passes"


def every_claim_for_any_server_is_told_in_words():
    for name in ("echo_contract", "fairness"):
        for claim in set(tests_of(ROOT / f"tests/{name}_test.cpp")) - {*IN_WORDS}:
            yield f"tests/verdict.py: has no words for {claim}"
    for claim in IN_WORDS:
        page, _, anchor = page_for(claim).partition("#")
        if (ROOT / page, anchor) not in {(page, name) for page, _, name in anchors()}:
            yield f"tests/verdict.py: sends the owner of {claim} to {page}#{anchor}, which is not there"


def every_page_ends_with_the_way_to_its_neighbours():
    order = ["README.md", *[f"{stage}.md" for stage in STAGES], *[f"{name}.md" for name in AFTER_THE_CHAPTERS]]
    for name in sorted({page.name for page in DOCS.glob("*.md")} - set(order)):
        yield f"docs/{name}: has no place in the reading order"
    for number, name in enumerate(order):
        way = ["[Start](README.md)"]
        if number > 0:
            way.insert(0, f"[Previous: {title_of(DOCS / order[number - 1])}]({order[number - 1]})")
        if number + 1 < len(order):
            way.append(f"[Next: {title_of(DOCS / order[number + 1])}]({order[number + 1]})")
        lines = text_of(DOCS / name).rstrip().split("\n")
        if lines[-1] != " | ".join(way):
            yield f"docs/{name}:{len(lines)}: the last line is not: {' | '.join(way)}"


def every_file_of_common_is_quoted_as_a_whole():
    for path in sorted([*ROOT.glob("common/*.hpp"), *ROOT.glob("common/*.cpp")]):
        if (f"common/{path.name}", "") not in quoted_in(DOCS / "common.md"):
            yield f"docs/common.md: does not include common/{path.name}"


def nothing_names_a_place_on_one_machine_or_is_left_to_do():
    unwanted = r"(?<![\w.])/(?:work|root|home)\b|/tmp/|\b[A-Z]:\\(?:work|root|tmp)\b|\b(?:TODO|FIXME|XXX)\b"
    inside = [path for folder in ("docs", "stages", "common", "tests") for path in sorted((ROOT / folder).rglob("*"))]
    for path in [ROOT / "README.md", *inside]:
        ours = not {"__pycache__", "node_modules"} & {*path.parts} and path != THIS  # this file has to name them
        if ours:
            for where, match in find(unwanted, path, text_of(path)):
                yield f"{where}: has {match[0]}"


def main():
    lines = []
    for name, check in globals().items():
        if name.startswith(("every", "no")):
            claim = name.replace("_", " ")
            lines += [f"FAILED {claim}: {wrong}" for wrong in check()] or [f"ok {claim}"]
    failed = sum(line.startswith("FAILED") for line in lines)
    print(*lines, f"{len(lines) - failed} passed, {failed} failed", sep="\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
