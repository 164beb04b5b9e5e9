#!/usr/bin/env python3
"""Is the verdict of `tutorial test --server` right? For servers that are right, and for those in tests/faults and some of
the exercises, which are broken on purpose: their diffs say which claims must fail. No other claim may."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from building import build
from claims import ROOT, STAGES, tests_of, text_of
from exercise import Exercise, judge
from verdict import in_plain_words

FOLDER = ROOT / "build/wine"
CAPACITY = {"01_blocking": "1", "02_select": "64", "03_overlapped_events": "63"}
ASYNCIO = f"'{sys.executable}' '{ROOT}/tests/peers/asyncio_echo.py' {{port}}"
WRONG_COMMANDS = {"no_such_program {port}": "no_such_program here, and no such program on the PATH",
                  "missing.exe": "no file missing.exe here",
                  "./missing.exe": "there is no file ./missing.exe\n", "'": "does not end", "": "empty command",
                  f"'{ROOT}/README.md' {{port}}": "cannot start",
                  "true {port}": "ended with exit code 0", "sleep 60 {port}": "did not listen within 10 s"}
IN_PLAIN_WORDS = {
    'Expected equality of these values: good.echo("still there?") Which is: "no \\" more\\0" "still there?"':
        'expected "still there?", got "no \\" more\\0"',
    'Expected equality of these values: client.receive(1) Which is: "\\0" std::string(1, byte) Which is: "W"':
        'expected "W", got "\\0"',
    "Value of: client.echo(payload) == payload Actual: false Expected: true 1023 bytes":
        "other bytes came back than were sent. 1023 bytes",
    "Value of: client.hears_the_end() Actual: false Expected: true": "more bytes came where the stream should end",
    "send failed: WSAECONNRESET (10054)": "send failed: WSAECONNRESET (10054)"}
failures = 0


def expect(claim, wrong):
    global failures
    failures += bool(wrong)
    print(f"FAILED {claim}: {wrong}" if wrong else f"ok {claim}", flush=True)


def verdict(server, *options):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        done = subprocess.run([ROOT / "tests/verdict.py", "--build", FOLDER, "--server", str(server), "--json", report, *options],
                              capture_output=True, text=True)
        claims = json.loads(text_of(report))["claims"] if report.exists() else []
    return done, {claim["claim"]: claim for claim in claims if not claim["holds"]}


def judged(name, server, fails, *options):
    done, failed = verdict(server, *options)
    wrong = [f"{claim} holds" for claim in fails - {*failed}]
    wrong += [f"{claim} fails: {failed[claim]['came']}" for claim in {*failed} - fails]
    if done.returncode != (1 if fails else 0):
        wrong.append(f"exit code {done.returncode}: {done.stdout[-300:]}{done.stderr}")
    expect(name, "; ".join(wrong))
    return done.stdout, failed


def program(name):
    return f"'{FOLDER}/stages/{name}.exe'"


def main():
    ends_with_a_client = "01_blocking.let-a-vanished-client-end-the-server"
    ends_with_the_first = "02_select.forget-to-empty-the-sets"
    build(FOLDER, "faults", ends_with_a_client, ends_with_the_first)

    for stage in STAGES:
        judged(f"{stage} is right", program(stage), set(), "--capacity", CAPACITY.get(stage, "unlimited"))
    judged("a server that is no Windows program is right", ASYNCIO, set(), "--capacity", "unlimited")
    inside = tests_of(ROOT / "tests/inside_test.cpp")
    for diff in sorted(ROOT.glob("tests/faults/*/*.diff")):
        fault = Exercise(diff)
        name, fails = f"{fault.stage}.{fault.name}", {*fault.fails}
        of_the_stage = tests_of(ROOT / f"tests/{fault.stage}_test.cpp")
        # What no client of any server can see, the stage's own tests do.
        if claims := next((own for own in (inside, of_the_stage) if fails & {*own}), None):
            expect(f"{name} is caught", "; ".join(judge(fault, FOLDER, claims=claims)[1]))
        else:
            judged(f"{name} is caught", program(name), fails)

    _, failed = judged("a wrong capacity is one claim", program("03_overlapped_events"), {"Capacity.IsWhatTheServerClaims"},
                       "--capacity", "64")
    came = failed.get("Capacity.IsWhatTheServerClaims", {}).get("came", "")
    expect("it says both numbers", "" if "64" in came and "63" in came else came)

    vanished = {f"RudeClients.{claim}" for claim in ("VanishBeforeTheyAreAccepted", "VanishWhileTheServerWaitsForThem",
                                                     "VanishWithTheirEchoUnread", "VanishWhileTheServerCannotSend")}
    said, _ = judged("a server that is dead is started anew", program(ends_with_a_client),
                     vanished | {"Leaks.RudeClientsCostNothing"})
    expect("and that is said", "" if said.count("was started anew") == len(vanished) + 1 else said)
    judged("one that no client reaches has one fault", program(ends_with_the_first), {"RudeClients.ComeAndGoWithoutAWord"})

    for googletest, ours in IN_PLAIN_WORDS.items():
        expect(f"it says '{ours}'", "" if in_plain_words(googletest) == ours else in_plain_words(googletest))

    for command, words in WRONG_COMMANDS.items():
        done, _ = verdict(command)
        *waiting, said = done.stderr.splitlines(keepends=True)
        right = done.returncode == 2 and words in said and all(line.startswith("starting the server") for line in waiting)
        expect(f"{command} is told in one line", "" if right else f"exit code {done.returncode}: {done.stderr}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
