#!/usr/bin/env python3
"""Is the verdict of `tutorial test --server` right? For servers that are right, and for those in tests/faults and some of
the exercises, which are broken on purpose: their diffs say which claims must fail. No other claim may."""
import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from building import build
from claims import ROOT, RUNNER, STAGES, WINES_LAST_WORDS, sources_of, tests_of, text_of
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
AT_ONCE = 2  # verdicts: they wait for more than half of their time
wines = queue.SimpleQueue()  # each verdict borrows one
ENDS_WITH_A_CLIENT = "01_blocking.let-a-vanished-client-end-the-server"
ENDS_WITH_THE_FIRST = "02_select.forget-to-empty-the-sets"
failures = []


@contextlib.contextmanager
def own_wine():
    """An XDG_CACHE_HOME for one verdict at a time: it counts the sockets in Wine's server, which has those of all programs.
    Drive C: is the reader's, because it is large."""
    first = WINES_LAST_WORDS.parent
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        prefix = Path(cache, "iocp-tutorial/wine")
        shutil.copytree(first, prefix, symlinks=True, ignore=lambda *_: ["drive_c", WINES_LAST_WORDS.name])
        Path(prefix, "drive_c").symlink_to(first / "drive_c")
        try:
            yield cache
        finally:
            subprocess.run(["wineserver", "--kill"], env={**os.environ, "WINEPREFIX": str(prefix)})


def expect(claim, wrong):
    if wrong:
        failures.append(claim)
    print(f"FAILED {claim}: {wrong}" if wrong else f"ok {claim}", flush=True)


def verdict(server, *options):
    with tempfile.TemporaryDirectory() as folder:
        report, wine = Path(folder, "report.json"), wines.get()
        done = subprocess.run([ROOT / "tests/verdict.py", "--build", FOLDER, "--server", str(server), "--json", report, *options],
                              capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": wine})
        wines.put(wine)
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


def claims_that_see(fault):
    """Those of the stage's own tests, for what no client of any server can see, in the suites that the fault names; or none."""
    own = [claim for source in sources_of(fault.stage) if source.stem[:2].isdigit() or "inside" in source.stem
           for claim in tests_of(source)]
    suites = {claim.split(".")[0] for claim in fault.fails}
    return [claim for claim in own if claim.split(".")[0] in suites] if {*fault.fails} & {*own} else []


def is_caught(name, fault):
    """By the stage's own tests, in the Wine that all of these share."""
    expect(f"{name} is caught", "; ".join(judge(fault, FOLDER, claims=claims_that_see(fault))[1]))


def a_wrong_capacity_is_one_claim():
    _, failed = judged("a wrong capacity is one claim", program("03_overlapped_events"), {"Capacity.IsWhatTheServerClaims"},
                       "--capacity", "64")
    came = failed.get("Capacity.IsWhatTheServerClaims", {}).get("came", "")
    expect("it says both numbers", "" if "64" in came and "63" in came else came)


def a_dead_server_is_started_anew():
    vanished = {f"RudeClients.{claim}" for claim in ("VanishBeforeTheyAreAccepted", "VanishWhileTheServerWaitsForThem",
                                                     "VanishWithTheirEchoUnread", "VanishWhileTheServerCannotSend")}
    said, _ = judged("a server that is dead is started anew", program(ENDS_WITH_A_CLIENT),
                     vanished | {"Leaks.RudeClientsCostNothing"})
    expect("and that is said", "" if said.count("was started anew") == len(vanished) + 1 else said)


def is_told_in_one_line(command, words):
    done, _ = verdict(command)
    *waiting, said = done.stderr.splitlines(keepends=True)
    right = done.returncode == 2 and words in said and all(line.startswith("starting the server") for line in waiting)
    expect(f"{command} is told in one line", "" if right else f"exit code {done.returncode}: {done.stderr}")


def main():
    faults = {f"{fault.stage}.{fault.name}": fault for fault in map(Exercise, sorted(ROOT.glob("tests/faults/*/*.diff")))}
    checks = [*((judged, f"{stage} is right", program(stage), set(), "--capacity", CAPACITY.get(stage, "unlimited"))
                for stage in STAGES),
              (judged, "a server that is no Windows program is right", ASYNCIO, set(), "--capacity", "unlimited"),
              (judged, "one that no client reaches has one fault", program(ENDS_WITH_THE_FIRST),
               {"RudeClients.ComeAndGoWithoutAWord"}),
              (a_wrong_capacity_is_one_claim,), (a_dead_server_is_started_anew,),
              *((is_told_in_one_line, *wrong) for wrong in WRONG_COMMANDS.items()),
              *((judged, f"{name} is caught", program(name), {*fault.fails})
                for name, fault in faults.items() if not claims_that_see(fault))]
    build(FOLDER, "faults", ENDS_WITH_A_CLIENT, ENDS_WITH_THE_FIRST)
    subprocess.run([*RUNNER, "cmd", "/c", "exit"], check=True)  # from now on there is a Wine
    for googletest, ours in IN_PLAIN_WORDS.items():
        expect(f"it says '{ours}'", "" if in_plain_words(googletest) == ours else in_plain_words(googletest))
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(AT_ONCE) as others:
        for _ in range(AT_ONCE):
            wines.put(stack.enter_context(own_wine()))
        verdicts = [pool.submit(*check) for check in checks]
        judgements = [others.submit(is_caught, name, fault) for name, fault in faults.items() if claims_that_see(fault)]
        for check in [*verdicts, *judgements]:
            check.result()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
