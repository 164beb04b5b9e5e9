#!/usr/bin/env python3
"""Exercises: servers that are broken on purpose. `./tutorial exercise` is the way in.

An exercise is a diff in stages/NN_name/exercises/. Above the change it has a question for the reader, and the claims
that the changed server no longer keeps; or "nothing", and why no test can tell. What only one system shows says so:

    Question: The server forgets to ... Who notices?
    Fails: HalfClose.EndsAConversationInWhichNothingWasSaid
    Fails: Echo.ReturnsEveryByteToAClientThatReadsLate (Wine 8)
    Fails: nothing (under Wine, ...)
"""
import argparse
import functools
import re
import subprocess
import sys
from pathlib import Path

from building import NotBuilt, build
from claims import ON_WINDOWS, ROOT, STAGES, TUTORIAL, claims_of, hold, text_of
from terminal import Moving, give_up, painted, painted_change, unknown, wrapped

# What surprises is tried again, alone: a broken server may win a race once, and Wine's own server can fail (it has an
# assertion that many broken connections at once can break), which ends every test that runs at that moment.
TRIES = 3
NOT_BUILT = ("it does not build. If you changed a stage, put it back: git checkout stages. If there is no such target, CMake has "
             "found no patch: install it, and remove the folder build")


@functools.cache
def this_system():
    if ON_WINDOWS:
        return "Windows"
    version = subprocess.run(["wine", "--version"], capture_output=True, text=True).stdout  # wine-8.0 (Debian 8.0~repack-4)
    return f"Wine {re.search(r'[0-9]+|$', version)[0]}"


class Exercise:
    def __init__(self, diff):
        self.diff, self.name = diff, diff.stem
        self.stage = next(part for part in diff.parts if part in STAGES)
        header, self.change = re.fullmatch(r"(.*?)^(--- .*)", text_of(diff), re.M | re.S).groups()
        self.question = " ".join(re.search(r"^Question:(.*?)(?=^Fails:)", header, re.M | re.S)[1].split())
        fails = re.findall(r"^Fails: (.+)$", header, re.M)
        self.why_nothing = next((fail for fail in fails if fail.startswith("nothing")), None)
        self.only_on = {} if self.why_nothing else {  # claim: the one system on which it fails, or None
            claim: system for claim, system in (re.fullmatch(r"(\S+)(?: \((.+)\))?", fail).groups() for fail in fails)}
        self.fails = [*self.only_on]
        self.fails_here = [claim for claim in self.fails if self.only_on[claim] in (None, this_system())]
        if ON_WINDOWS and "Stop.HeedsCtrlC" in self.fails:  # on Windows the same claim is made with the other key too
            self.fails_here.append("Stop.HeedsCtrlBreak")

    def answer(self):
        """The folded answer in the chapter, without the marks that only a browser needs."""
        chapter = text_of(ROOT / f"docs/{self.stage}.md")
        folded = re.search(rf"^\*\*`{re.escape(self.name)}`\*\*.*?</summary>\n(.*?)</details>", chapter, re.M | re.S)
        text = folded[1].strip() if folded else "The chapter has no answer to this one yet."
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "").replace("**", "").replace("*", "")


def exercises_of(stage):
    return [Exercise(diff) for diff in sorted((ROOT / "stages" / stage / "exercises").glob("*.diff"))]


def exercise_named(stage, name):
    """Ends this program if there is none."""
    exercises = {exercise.name: exercise for exercise in exercises_of(stage)}
    if name not in exercises:
        unknown(f"stage {int(stage[:2])} has no exercise '{name}'", name, exercises)
    return exercises[name]


def paragraphs(text, indent=2):
    return "\n\n".join(wrapped(part, indent) for part in text.split("\n\n"))


def list_exercises(stages):
    for stage in stages:
        print(painted(f"Stage {stage}", "bold"))
        for exercise in exercises_of(stage):
            print(f"  {exercise.name}\n{paragraphs(exercise.question, 6)}")
        print()
    print(f"Play one: {TUTORIAL} exercise {int(stages[0][:2])} {exercises_of(stages[0])[0].name}")


def ask_for_prediction(claims):
    """The claims that the reader expects to fail; None without a terminal or without an idea."""
    if not sys.stdin.isatty():
        return None
    print("\nThe claims of this stage:\n")
    for number, claim in enumerate(claims, 1):
        print(f"  {number:3} {claim}")
    print("\n" + wrapped('Which of them will fail? Numbers or parts of names, with spaces between; "none"; or only Enter, '
                         'to see.'))
    try:
        words = input("> ").replace(",", " ").split()
    except EOFError:
        words = []
    chosen = {claim for number, claim in enumerate(claims, 1) for word in words
              if word == str(number) or not word.isdigit() and word.lower() in claim.lower()}
    return chosen if words else None


def failed_in(results):
    return {claim for claim, reason in results.items() if reason}


def judge(exercise, folder, say=lambda text: None, claims=None):
    """Gives {claim: what went wrong, or None}, and what of it the diff does not say."""
    server = folder / "stages" / f"{exercise.stage}.{exercise.name}.exe"
    expected, results = set(exercise.fails_here), {}
    # What fails often waits for its time limit, so it begins first.
    claims = sorted(claims or claims_of(exercise.stage), key=lambda claim: claim not in expected)
    for claim, reason in hold(server, folder, claims, alone=len(expected)):
        results[claim] = reason
        say(f"claim {len(results)} of {len(claims)}")
    for _ in range(TRIES):
        surprising = sorted(failed_in(results) ^ expected)
        if surprising:
            say("what surprises, once more")
            results |= hold(server, folder, surprising, at_once=1)
    failed = failed_in(results)
    surprises = [f"{claim} fails, which it does not say: {results[claim][:300]}" for claim in sorted(failed - expected)]
    surprises += [f"{claim} passes, and it says that it fails" for claim in sorted(expected - failed)]
    if not results:
        surprises.append("no test ran")
    return results, surprises


def play(exercise, folder):
    print(f"Stage {exercise.stage}, exercise {exercise.name}\n\n{paragraphs(exercise.question)}\n")
    for line in re.sub(r"\A---.*\n\+\+\+.*\n", "", exercise.change).splitlines():
        print(f"    {painted_change(line)}")
    predicted = ask_for_prediction(claims_of(exercise.stage))
    print("\nBuilding the changed server, and running the claims of the stage against it ...\n", flush=True)
    try:
        server = f"{exercise.stage}.{exercise.name}"
        build(folder, f"{exercise.stage}_test", server, f"{server}.watched")
    except NotBuilt as why:
        print(why, file=sys.stderr)
        give_up(NOT_BUILT)
    with Moving("starting the tests") as moving:
        results, surprises = judge(exercise, folder, moving.says)

    failed = [claim for claim, reason in results.items() if reason]
    print(f"{len(failed)} of {len(results)} claims fail{':' if failed else '.'}")
    for claim in failed:
        mark = "" if predicted is None else " (predicted)" if claim in predicted else " (not predicted)"
        print(f"  {claim}{mark}\n{wrapped(results[claim][:300], 6)}")
    if predicted is not None:
        right = predicted & set(failed)
        print("\n" + wrapped(f"You predicted {len(predicted)}; {len(right)} of them failed. "
                             f"{len(failed) - len(right)} failed that you did not predict."))
        for claim in sorted(predicted - right):
            print(f"  passes all the same: {claim}")
    for claim in sorted(set(exercise.fails) - set(exercise.fails_here)):
        print("\n" + wrapped(f"Only {exercise.only_on[claim]} makes {claim} fail; this is {this_system()}."))
    if exercise.why_nothing:
        print("\n" + wrapped(f"The book expects {exercise.why_nothing}."))
    print(f"\nWhy (docs/{exercise.stage}.md):\n\n{paragraphs(exercise.answer())}\n")
    return surprises


def told(surprises):
    return "This is not what the exercise says:\n  " + "\n  ".join(surprises)


def apply_change(stage, diff, patch, output):
    diff, output = Path(diff), Path(output)
    stage = f"stages/{stage}/echo_server.cpp"
    done = subprocess.run(
        [patch, "--quiet", "--fuzz=0", "--binary", "--reject-file=-", f"--output={output}", ROOT / stage, diff],
        capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        output.unlink(missing_ok=True)
        sys.exit(f"{diff.relative_to(ROOT).as_posix()} no longer applies to {stage}:\n{done.stdout}{done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("judge", "apply"))
    parser.add_argument("words", nargs="*", help="judge STAGE NAME, apply STAGE DIFF PATCH OUTPUT")
    parser.add_argument("--build", type=lambda path: Path(path).resolve(), help="the folder of the build")
    options = parser.parse_args()

    if options.verb == "apply":
        return apply_change(*options.words)
    results, surprises = judge(exercise_named(*options.words), options.build)
    print(f"{len(results)} claims, {len(failed_in(results))} fail:")
    print(*(f"  {claim}: {reason[:300]}" for claim, reason in results.items() if reason), sep="\n")
    if surprises:
        sys.exit(told(surprises))


if __name__ == "__main__":
    main()
