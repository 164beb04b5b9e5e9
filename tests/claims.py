"""The claims of a stage: their names, and what a server makes of them."""
import os
import re
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import processes

ROOT = Path(__file__).resolve().parent.parent
STAGES = sorted(path.parent.name for path in ROOT.glob("stages/*/echo_server.cpp"))
ON_WINDOWS = os.name == "nt"
TUTORIAL = "tutorial" if ON_WINDOWS else "./tutorial"  # what a reader types
RUNNER = [] if ON_WINDOWS else [str(ROOT / "common/cmake/run-with-wine")]
# Claims that a Unix shell makes where Wine cannot; on Windows they are in windows_only_test.cpp.
SHELL_TESTS = {} if ON_WINDOWS else {"Stop.HeedsCtrlC": "ctrl_c_test", "Waiting.CostsNoProcessorTime": "idle_test"}
AT_ONCE = 10  # test programs that run at the same time: most of them wait, most of the time
IN_A_ROW = 3  # claims that one of them goes through: a start under Wine costs as much as a claim
LIMIT = 30  # seconds for a claim
TOO_LATE = "too late"
STARTS = 3  # for a program that says nothing at all: of some thousand Wine does not start one, without a word
# The server of Wine 8 has an assertion that many broken connections can break. It writes it here, and all programs hang.
WINES_LAST_WORDS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "iocp-tutorial/wine/wineserver.log")


def text_of(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def size_of(path):
    return path.stat().st_size if path.is_file() else 0


def tests_of(source):
    return [".".join(names) for names in re.findall(r"^TEST(?:_F)?\(\s*(\w+),\s*(\w+)\)", text_of(source), re.M)]


def sources_of(stage):
    """The files with the claims that any server of this stage is held to."""
    sets = ["echo_contract", "program", stage, "inside"] + ["fairness"] * (stage != STAGES[0]) + ["windows_only"] * ON_WINDOWS
    if stage == "06_coroutines":
        sets.append("05_acceptex")  # it promises all that stage 5 does
    return [ROOT / f"tests/{name}_test.cpp" for name in sets]


def claims_of(stage):
    """Suite.Claim for each test that any server of this stage is held to, in the order of the sources."""
    return [test for source in sources_of(stage) for test in tests_of(source)] + [*SHELL_TESTS]


class Trial:
    """Holds one server to claims, and can be given up while it does so."""
    def __init__(self, server, folder):
        """server: the program, or the options that tell `claims` where one runs."""
        self.options = [*map(str, server)] if isinstance(server, list) else ["--server", str(server)]
        self.folder = folder
        self.given_up = False

    def lines_from(self, command):
        """Yields what the program says, and at last its exit code, TOO_LATE, or None if Wine's server ended before it.
        It has LIMIT seconds for each claim that it begins."""
        words_before = size_of(WINES_LAST_WORDS)
        # Into a file, and not a pipe: a server that outlives its test would hold the pipe open for ever.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, \
                open(Path(folder, "said"), "wb") as writing, open(Path(folder, "said"), "rb") as reading:
            program = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=writing,
                                       stderr=subprocess.STDOUT, start_new_session=not ON_WINDOWS)
            rest, deadline, ended = b"", time.monotonic() + LIMIT, False
            while not ended:
                time.sleep(0.03)
                ended = program.poll() is not None
                *lines, rest = (rest + reading.read()).split(b"\n")
                for line in lines:
                    if line.startswith(b"[ RUN "):
                        deadline = time.monotonic() + LIMIT
                    yield line.decode("utf-8", "replace").rstrip("\r")
                wine_ended = size_of(WINES_LAST_WORDS) != words_before
                late = not ended and time.monotonic() > deadline
                if self.given_up or wine_ended or late:
                    break
            processes.end(program)  # and the server that it may have left behind
            yield None if wine_ended else TOO_LATE if late else program.wait()

    def hold(self, claims):
        """Gives {claim: what went wrong, or None}. A claim of the shell stands alone in its list."""
        results, left, starts = {}, list(claims), 0
        while left and not self.given_up:
            claim, said, begun = left[0], [], False
            for line in self.lines_from(self.command_for(left)):
                mark = re.match(r"\[ +(RUN|OK|FAILED) +\] (\w+\.\w+)", str(line))
                if not mark:
                    said.append(line)
                elif mark[1] == "RUN":
                    claim, said, begun = mark[2], [], True
                elif mark[2] in left:
                    results[mark[2]] = None if mark[1] == "OK" else reason_in(said)
                    left.remove(mark[2])
            *said, code = said
            starts += 1
            if not said and not begun and code not in (None, 0) and starts < STARTS:
                continue
            if claim in left and code is not None:  # the test program ended before its claim did, or it is the shell's
                if code == TOO_LATE:
                    results[claim] = f"this was not finished within {LIMIT} s"
                else:
                    of_the_shell = claim in SHELL_TESTS
                    results[claim] = None if of_the_shell and code == 0 else f"{reason_in(said)} (exit code {code})"
                left.remove(claim)
        return results

    def command_for(self, claims):
        if claims[0] in SHELL_TESTS:
            return [ROOT / "tests" / SHELL_TESTS[claims[0]], *RUNNER, self.options[-1]]
        return [*RUNNER, self.folder / "tests/claims.exe", *self.options, f"--gtest_filter={':'.join(claims)}"]


def hold(server, folder, claims, at_once=AT_ONCE, alone=1):
    """Runs tests against a server, and yields (claim, what went wrong, or None) in the order of the claims. So many of the
    first have a program of their own."""
    rows, trial = [], Trial(server, folder)
    for claim in claims:
        if (at_once == 1 or claim in SHELL_TESTS or len(rows) <= alone or rows[-1][0] in SHELL_TESTS
                or len(rows[-1]) == IN_A_ROW):
            rows.append([claim])
        else:
            rows[-1].append(claim)
    with ThreadPoolExecutor(at_once) as threads:
        try:
            for results in threads.map(trial.hold, rows):
                yield from results.items()
        finally:
            trial.given_up = True


def reason_in(lines):
    """The test's own words for what it missed, in one line."""
    output = "\n".join(lines)
    output = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in output)
    output = output.replace("\ufffd", "?").strip()
    thrown = re.search(r'C\+\+ exception with description "(.*?)" thrown in', output, re.S)
    failure = re.search(r": (?:Failure\n|error: )(.*?)(?=\n\n|\n\[|\n\S+: (?:Failure|error)|\Z)", output, re.S)
    said = thrown or failure
    reason = " ".join(said[1].split()) if said else output.split("\n")[-1] or "it did not end in time"
    last_words = re.search(r"^The server (?:ended, and )?said: (.*)", output, re.M)
    return f"{reason}; the server said: {last_words[1]}" if last_words and last_words[1] not in reason else reason
