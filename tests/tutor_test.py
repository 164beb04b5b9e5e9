#!/usr/bin/env python3
"""What the tutorial's verbs say, and what they call. They are played in a copy, with stand-ins for CMake, CTest, Wine and
the programs; a few lines of Python in front of a verb make it a Windows, or a check without servers."""
import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace

import building
import practice
from claims import ROOT, STAGES, claims_of
from exercise import exercises_of
from hint import calls_in, hints_for_piece, place_of_test

STAND_IN = """#!/bin/sh
name=$(basename "$0" .exe)
{ printf '%s' "$name"; for word; do printf '\\037%s' "$word"; done; printf '\\036'; } >>"$CALLS"
case $name in
cmake)
    printf '%s' "${SAY_cmake-}"
    sleep "${SLEEP_cmake-0}"
    if [ "$1" = --fresh ]; then
        mkdir -p "build/$3" && touch "build/$3/build.ninja"
        echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$3/CMakeCache.txt"
        echo "CMAKE_CACHEFILE_DIR:INTERNAL=$PWD/build/$3" >>"build/$3/CMakeCache.txt"
    fi
    exit "${END_cmake-0}" ;;
ctest) printf '%s' "${SAY_ctest-}"; exit "${END_ctest-0}" ;;
install-packages) ;;
*) exit "${END_program-0}" ;;
esac
"""
START = """
import sys
sys.path.insert(0, {tests!r})
sys.argv[0] = {tests!r} + "/tutor.py"
{before}
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""
WINDOWS = 'import claims; claims.ON_WINDOWS, claims.TUTORIAL, claims.RUNNER = True, "tutorial", []'
A_FAKE_CHECK = """
import practice
def hold(server, folder, claims, at_once=10):
    text = practice.text_of(next(practice.PRACTICE.glob("*/mine.cpp")))
    for claim in claims:
        yield claim, next((line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("// breaks " + claim)), None)
practice.hold = hold
"""
A_COMPILE_ERROR = """[0/2] Re-checking globbed directories...
[1/2] Building CXX object x.obj
FAILED: stages/CMakeFiles/practice.02_select.mine.dir/mine.cpp.obj
/usr/bin/g++ -DTHE_COMMAND_LINE -c {root}/practice/02_select/mine.cpp
{root}/practice/02_select/mine.cpp:31:5: error: 'x' was not declared in this scope
   31 |     x;
ninja: build stopped: subcommand failed.
"""
CTEST_SAYS = """Test project somewhere
      Start  1: 01_blocking.Echo.A
 1/2 Test  #1: 01_blocking.Echo.A ......   Passed    0.40 sec
      Start  2: 01_blocking.Echo.B
 2/2 Test  #2: 01_blocking.Echo.B ......***Failed    0.40 sec
what it missed

50% tests passed, 1 tests failed out of 2
"""
OF_STAGE_2 = len(claims_of("02_select"))
BUILD_IS_THERE = "build/wine/tests/demo.exe"


class Verbs(unittest.TestCase):
    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.root, self.bin, self.calls = self.top / "a tutorial & more", self.top / "bin", self.top / "calls"
        for folder in ("tests", "stages", "docs"):
            shutil.copytree(ROOT / folder, self.root / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        stand_in = self.program(self.bin / "cmake")
        for path in (self.bin / "ctest", self.root / "common/cmake/run-with-wine", self.root / "tests/install-packages"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            shutil.copy(stand_in, path)

    def program(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN)
        path.chmod(0o755)
        return path

    def command(self, words, before):
        return [sys.executable, "-c", START.format(tests=str(self.root / "tests"), before=before), *words]

    def environment(self, env):
        return {"PATH": f"{self.bin}:/usr/bin:/bin", "CALLS": str(self.calls), "HOME": str(self.top), "COLUMNS": "80",
                "TERM": "xterm", **{name: str(value) for name, value in env.items()}}

    def play(self, *words, before="", **env):
        self.calls.write_text("")
        done = subprocess.run(self.command(words, before), env=self.environment(env), cwd=self.top, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        calls = [call.split("\x1f") for call in self.calls.read_text().split("\x1e")[:-1]]
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr,
                               calls=[call for call in calls if call[0] != "install-packages"])

    def on_a_terminal(self, *words, before="", act=None, **env):
        """Plays it on a terminal, and calls `act` with the process once and again until that gives True."""
        self.calls.write_text("")
        process, terminal = pty.fork()
        if process == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(self.top)
            os.execvpe(sys.executable, self.command(words, before), self.environment(env))
        said, deadline = b"", time.monotonic() + 30
        with contextlib.suppress(OSError):  # the end of a terminal
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.05)[0]:
                    said += os.read(terminal, 65536)
                if act and act(said.decode(errors="replace"), terminal):
                    act = None
        os.close(terminal)
        if time.monotonic() >= deadline:
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        return SimpleNamespace(code=os.waitstatus_to_exitcode(status), said=said.decode(errors="replace").replace("\r\n", "\n"))

    def own_server(self, stage, before=""):
        self.play("start", str(int(stage[:2])), "mine", before=before)
        return self.root / "practice" / stage / "mine.cpp"

    def progress(self):
        return json.loads((self.root / "practice/progress.json").read_text())

    def assertFits(self, text, columns=80):
        for line in re.sub(r"\033\[[0-9;]*[mK]", "", text).split("\n"):
            self.assertLessEqual(len(line), columns, line)


class Windows(Verbs):
    """The other half of tutorial_cmd_test: what comes of the words."""
    def setUp(self):
        super().setUp()
        self.build = self.root / "build/windows"
        self.play("test", before=WINDOWS, TUTORIAL_PRESET="windows")  # configures
        for program in ("tests/demo", "common/echo_client", *(f"stages/{stage}" for stage in STAGES)):
            self.program(self.build / f"{program}.exe")

    def test_each_verb_calls_what_it_is_made_of(self):
        stages = [str(self.build / "stages" / stage) for stage in STAGES]
        words = ["two words", "", "*", '"', "a & b", "100%", "-x", "--", "grüße 日本"]
        for typed, targets, calls in (
                (["demo"], ["demo", *STAGES], [["demo", *stages]]),
                (["test"], ["all"], [["ctest", "--preset", "windows"]]),
                (["test", "4"], ["04_iocp_test"], [["ctest", "--preset", "windows", "--tests-regex", r"^04_iocp\."]]),
                (["run", "04", *words], ["04_iocp"], [["04_iocp", *words]]),
                (["client", *words], ["echo_client"], [["echo_client", *words]]),
                (["exercise", "all"], ["exercises"], [["ctest", "--preset", "windows", "--build-config", "exercises",
                                                       "--tests-regex", r"^exercise\.", "--parallel", "2"]])):
            with self.subTest(typed):
                done = self.play(*typed, before=WINDOWS, TUTORIAL_PRESET="windows")
                self.assertEqual(done.calls, [["cmake", "--build", str(self.build), "--target", *targets], *calls])
                self.assertEqual(done.code, 0)
                failing = {"END_program": 7, "END_ctest": 7}
                self.assertEqual(self.play(*typed, before=WINDOWS, TUTORIAL_PRESET="windows", **failing).code, 7)

    def test_the_site_takes_the_words_and_no_compiler(self):
        (self.root / "docs/site/docs.py").write_text("import sys; print(sys.argv[1:]); sys.exit(9)")
        done = self.play("docs", "--port", "8001", before=WINDOWS)
        self.assertEqual((done.code, done.out, done.calls), (9, "['--port', '8001']\n", []))

    def test_without_a_compiler_what_is_typed_is_looked_at_and_nothing_is_built(self):
        self.own_server(STAGES[0], WINDOWS)
        builds = ("demo", "test 4", "test --server python3", "run 4", "client x", "exercise 1 take-zero-for-an-error",
                  "exercise all", "check mine", "watch mine")
        needs_none = ("", "help", "/?", "exercise", "hint mine", "diff mine", "diff 1 2", "start 1 other")
        wrong = ("demo x", "run 9", "exercise 1 nothing", "check nothing", "test --server missing.exe")
        for typed in builds + needs_none + wrong:
            with self.subTest(typed):
                code = 99 if typed in builds else 2 if typed in wrong else 0
                done = self.play(*typed.split(), before=WINDOWS)
                self.assertEqual((done.code, done.calls), (code, []))
                self.assertEqual(done.err.count("\n"), 1 if code == 2 else 0, done.err)

    def test_exit_codes_have_32_bits(self):
        for code in (0, 1, 99, 1 << 31, 0xC0000005):
            given = building.exit_code(SimpleNamespace(returncode=code))
            self.assertTrue(-(1 << 31) <= given < 1 << 31)
            self.assertEqual(given % (1 << 32), code)


class WhereTheReaderIs(Verbs):
    def next(self):
        done = self.play()
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertFits(done.out)
        return re.search(r"^Next: \./tutorial (.*)", done.out, re.M)[1]

    def test_the_next_step_goes_with_the_reader(self):
        first, second, *_ = sorted(exercise.name for exercise in exercises_of(STAGES[0]))
        self.assertEqual(self.next(), "demo")
        self.program(self.root / BUILD_IS_THERE)
        self.assertEqual(self.next(), f"exercise 1 {first}")
        self.write(exercises={f"{STAGES[0]}/{first}": True, f"{STAGES[0]}/no-longer-there": True})
        self.assertEqual(self.next(), f"exercise 1 {second}")
        self.assertIn("1 of 6 ", self.play().out)
        self.own_server(STAGES[1])
        self.assertEqual(self.next(), "check mine")
        self.assertIn(f"mine: 0 of {len(claims_of(STAGES[1]))} claims", self.play().out)
        done = {f"{STAGES[1]}/mine": {"held": len(claims_of(STAGES[1]))}}
        self.write(servers=done)
        self.assertRegex(self.next(), "exercise 2 ")
        all_of_them = {f"{stage}/{exercise.name}": True for stage in STAGES for exercise in exercises_of(stage)}
        self.write(servers=done, exercises={name: True for name in all_of_them if name[:2] < "03"})
        self.assertRegex(self.next(), "exercise 3 ")
        self.write(servers=done, exercises=all_of_them)
        self.assertEqual(self.next(), f"start {len(STAGES)} my_server{len(STAGES)}")

    def write(self, **everything):
        (self.root / "practice").mkdir(exist_ok=True)
        (self.root / "practice/progress.json").write_text(json.dumps(everything))

    def test_a_damaged_file_is_a_new_beginning(self):
        file = self.root / "practice/progress.json"
        self.own_server(STAGES[0])
        for damaged in (b"", b"{", b"[]", b"3", b"\xff\xfe\0", b"[" * 100_000, b'{"exercises": 3, "servers": []}',
                        b'{"servers": {"01_blocking/mine": 7}}',
                        b'{"servers": {"01_blocking/mine": {"held": "x", "failed": 1}}}'):
            with self.subTest(damaged[:40]):
                file.write_bytes(damaged)
                self.assertEqual(self.next(), "check mine")
                hinted = self.play("hint", "mine")
                self.assertEqual((hinted.code, hinted.err), (0, ""))
                self.assertEqual(self.progress()["servers"]["01_blocking/mine"]["hints"], 1)
        file.unlink()
        file.mkdir()  # it cannot even be written
        self.assertEqual(self.next(), "check mine")
        self.assertEqual(self.play("hint", "mine").code, 0)

    def test_an_exercise_that_was_played_is_remembered(self):
        name = "forget-to-end-the-process"
        fake = "import exercise; exercise.hold = lambda server, folder, claims, **how: ((claim, None) for claim in claims)"
        self.play("exercise", "1", name, before=fake)
        self.assertEqual(self.progress()["exercises"], {f"{STAGES[0]}/{name}": True})


class AWrongWord(Verbs):
    def test_leads_to_the_nearest_and_to_all_of_them(self):
        self.own_server("02_select")
        for typed, near, also in (
                ("tets", "test", "demo, test, run"), ("exercises", "exercise", "watch, hint, diff"), ("DEMO", "demo", "test"),
                ("run iocp", "4", "2 (select)"), ("run 04_iopc", "4", "1 (blocking)"), ("test seelct", "2", "4 (iocp)"),
                ("diff 1 blokcing", "1", "2 (select)"),
                ("exercise 1 take-zero-for-error", "take-zero-for-an-error", "never-close-the-socket"),
                ("check mime", "mine", ""), ("watch mine.cpp", "mine", ""), ("hint min", "mine", ""), ("diff Mine", "mine", "")):
            with self.subTest(typed):
                done = self.play(*typed.split())
                self.assertEqual((done.code, done.out, done.calls), (2, "", []))
                self.assertIn(f"; do you mean {near}? There ", done.err)
                self.assertIn(also, done.err)
                self.assertEqual(done.err.count("\n"), 1)
                self.assertFits(self.on_a_terminal(*typed.split()).said)

    def test_that_is_like_none_leads_to_all_of_them(self):
        self.assertIn("there is no verb 'xyzzy'. There are: demo, ", self.play("xyzzy").err)
        self.assertIn("begin one: ./tutorial start 1 x", self.play("check", "x").err)

    def test_in_a_command_for_a_server_is_told_before_anything_is_built(self):
        for command, words in (("missing.exe", "there is no file missing.exe here, and no such program on the PATH"),
                               ("./missing.exe --port {port}", "there is no file ./missing.exe\n"),
                               ("'", "does not end"), ("", "empty")):
            with self.subTest(command):
                done = self.play("test", "--server", command)
                self.assertEqual((done.code, done.calls, done.err.count("\n")), (2, [], 1))
                self.assertIn(words, done.err)


class OwnServer(Verbs):
    def test_a_claim_that_meets_an_empty_function_leads_to_its_section(self):
        file = self.own_server("02_select")
        done = self.break_and_check(file, "Echo.AnswersWithTheSameBytes: got ''; the server said: "
                                          "'make_non_blocking is still to be written '")
        self.assertEqual(done.code, 1)
        self.assertIn("make_non_blocking was called, and is still to be written.", done.out)
        self.assertIn(f"0 of {OF_STAGE_2} so far.", done.out)
        self.assertIn("(docs/02_select.md#ch2-accept)", done.out)
        self.assertNotIn("#ch2-serve", done.out)
        self.assertIn("Still to be written: make_non_blocking, serve, wait_until_ready, if_any,\naccept_client,", done.out)
        self.assertFits(done.out)
        self.assertIn("make_non_blocking, hint 1 of ", self.play("hint", "mine").out)
        self.break_and_check(file, "Echo.AnswersWithTheSameBytes: 'if_any is still to be written '")
        self.assertIn("if_any, hint 1 of ", self.play("hint", "mine").out)

    def break_and_check(self, file, broken, verb="check"):
        file.write_text(f"// breaks {broken}\n{file.read_text()}")
        return self.play(verb, "mine", before=A_FAKE_CHECK)

    def test_another_failure_leads_to_the_section_of_its_claim(self):
        file = self.own_server("02_select")
        done = self.break_and_check(file, "Echo.Answers2000SingleBytesOneByOne: too late")
        self.assertIn("  ok     Echo.AnswersWithTheSameBytes\n  FAILED Echo.Answers2000SingleBytesOneByOne\n"
                      "         too late\n", done.out)
        self.assertIn(f"1 of {OF_STAGE_2} so far.", done.out)
        self.assertIn("(docs/02_select.md#ch2-select)", done.out)
        self.assertIn(f"mine: 1 of {OF_STAGE_2} claims", self.play().out)

    def test_all_claims_hold(self):
        self.own_server("02_select")
        done = self.play("check", "mine", before=A_FAKE_CHECK)
        self.assertEqual((done.code, done.out.count("  ok     ")), (0, OF_STAGE_2))
        self.assertIn("All hold. Compare it with ours: ./tutorial diff mine", done.out)
        self.assertIn(f"mine: {OF_STAGE_2} of {OF_STAGE_2} claims", self.play().out)

    def test_a_compile_error_shows_the_compilers_words_only(self):
        self.own_server("02_select")
        self.play("check", "mine", before=A_FAKE_CHECK)
        done = self.play("check", "mine", END_cmake=1, SAY_cmake=A_COMPILE_ERROR.format(root=self.root))
        self.assertEqual(done.code, 1)
        self.assertTrue(done.out.startswith("practice/02_select/mine.cpp:31:5: error: 'x' was not declared in this scope\n"
                                            "   31 |     x;\n"))
        self.assertIn("It does not compile. Begin with line 31 of practice/02_select/mine.cpp.", done.out)
        for word in ("THE_COMMAND_LINE", "FAILED", "ninja", "[1/2]"):
            self.assertNotIn(word, done.out + done.err)

    def test_other_words_of_a_failed_build_are_all_shown(self):
        self.own_server("02_select")
        self.play("check", "mine", before=A_FAKE_CHECK)
        done = self.play("check", "mine", END_cmake=1, SAY_cmake="ninja: error: unknown target\n")
        self.assertIn("ninja: error: unknown target", done.out)

    def test_watch_checks_again_after_a_save_the_failed_claim_first(self):
        file = self.own_server("02_select")
        skeleton = file.read_text()
        file.write_text(f"// breaks Echo.Answers2000SingleBytesOneByOne: too late\n{skeleton}")
        saves = [f"// breaks Echo.Answers2000SingleBytesOneByOne: still\n{skeleton}", f"// breaks HalfClose: x\n{skeleton}"]

        def save_when_it_waits(said, _):
            if saves and said.count("Waiting until") == 3 - len(saves):
                file.unlink()  # some editors do it so
                time.sleep(1)
                file.with_suffix(".new").write_text(saves.pop(0))
                os.replace(file.with_suffix(".new"), file)
            return not saves

        watched = self.on_a_terminal("watch", "mine", before=A_FAKE_CHECK, act=save_when_it_waits, NO_COLOR=1)
        self.assertEqual(watched.code, 0, watched.said)
        _, second, third = re.split("Waiting until practice/02_select/mine.cpp is saved; Ctrl.C ends this.", watched.said)
        self.assertIn("FAILED Echo.Answers2000SingleBytesOneByOne", second)
        self.assertNotIn("ok ", second)
        self.assertIn(f"1 of {OF_STAGE_2} so far", second)
        self.assertRegex(third, r"(?s)ok     Echo.Answers2000SingleBytesOneByOne.*ok     Echo.AnswersWithTheSameBytes")
        self.assertIn("All hold.", third)

    def test_ctrl_c_ends_watch_without_a_fuss(self):
        file = self.own_server("02_select")
        file.write_text(f"// breaks Echo.Answers2000SingleBytesOneByOne: too late\n{file.read_text()}")
        watched = self.on_a_terminal("watch", "mine", before=A_FAKE_CHECK,
                                     act=lambda said, terminal: "Waiting" in said and os.write(terminal, b"\x03"))
        self.assertEqual(watched.code, 0)
        self.assertNotIn("Traceback", watched.said)

    def test_all_that_a_skeleton_leaves_out_is_known_to_be_empty(self):
        for stage in STAGES:
            file = self.own_server(stage)
            server = SimpleNamespace(file=file, stage=stage)
            self.assertEqual(practice.still_empty(server), [*practice.settings_of(stage)["sections"]])
            file.write_text(practice.put_back(file.read_text(), stage))
            self.assertEqual(practice.still_empty(server), [])
            file.unlink()

    def test_a_name_that_cannot_be_or_is_taken_is_told(self):
        self.own_server("02_select")
        for name, code in (("mine", 1), ("../x", 2), ("a b", 2), ("1x", 2), ("größe", 2)):
            done = self.play("start", "1", name)
            self.assertEqual((done.code, done.err.count("\n")), (code, 1), name)


class Hints(Verbs):
    def test_each_piece_has_some_and_they_do_not_give_all_away(self):
        for stage in STAGES:
            lines = {line.strip() for line in practice.lines_of(stage)}
            lines = {line for line in lines if len(line) > 25 and not line.startswith("//")}
            for piece in practice.settings_of(stage)["pieces"]:
                hints = list(hints_for_piece(stage, piece))
                self.assertGreaterEqual(len(hints), 3, piece)
                self.assertEqual([line for line in lines if any(line in hint for hint in hints)], [], piece)

    def test_every_claim_has_a_place_where_its_test_stands(self):
        self.assertEqual([claim for stage in STAGES for claim in claims_of(stage) if not place_of_test(stage, claim)], [])

    def test_the_calls_of_a_piece_are_told(self):
        self.assertEqual(calls_in("04_iocp", "accept_client"), [
            "accept", "after_failed_accept", "WSAGetLastError", "log.opened", "CreateIoCompletionPort", "close", "GetLastError",
            "start_receive"])
        self.assertEqual(calls_in("02_select", "wait_until_ready"), ["FD_ZERO", "FD_SET", "select", "if_any", "WSAGetLastError"])

    def test_one_after_the_other_for_the_first_piece_that_is_empty_and_then_the_next(self):
        file = self.own_server("02_select")
        said = [self.play("hint", "mine").out for _ in range(5)]
        self.assertEqual([text.split("\n")[0] for text in said], [f"make_non_blocking, hint {n} of 4" for n in (1, 2, 3, 4, 1)])
        for text in said:
            self.assertFits(text)
        file.write_text(file.read_text().replace('throw std::logic_error("make_non_blocking is still to be written");', ""))
        self.assertIn("serve, hint 1 of 4", self.play("hint", "mine").out)

    def test_for_a_claim_when_all_is_written(self):
        file = self.own_server("02_select")
        file.write_text(practice.put_back(file.read_text(), "02_select"))
        self.assertIn("All is written. See what the claims say: ./tutorial check mine", self.play("hint", "mine").out)
        file.write_text(f"// breaks Fairness.AClientThatReadsNothingDelaysNobody: late\n{file.read_text()}")
        self.play("check", "mine", before=A_FAKE_CHECK)
        said = "".join(self.play("hint", "mine").out for _ in range(4))
        for words in ("A client that sends and never reads does not delay another.", "docs/02_select.md#ch2-send",
                      "./tutorial exercise 2 ", "tests/fairness_test.cpp", "./tutorial diff mine"):
            self.assertIn(words, said)
        file.write_text(file.read_text().split("\n", 1)[1])
        self.play("check", "mine", before=A_FAKE_CHECK)
        self.assertIn("All claims hold.", self.play("hint", "mine").out)


class Differences(Verbs):
    def test_between_two_stages_leave_out_the_marks_of_the_book(self):
        done = self.play("diff", "3", "4")
        self.assertTrue(done.out.startswith("--- stages/03_overlapped_events/echo_server.cpp\n"
                                            "+++ stages/04_iocp/echo_server.cpp\n@@ "))
        self.assertIn("\n+        const BOOL succeeded = ::GetQueuedCompletionStatus(", done.out)
        self.assertNotIn("//! [", done.out)

    def test_between_the_readers_server_and_its_stage(self):
        file = self.own_server("02_select")
        self.assertIn('+    throw std::logic_error("serve is still to be written");', self.play("diff", "mine").out)
        file.write_text(practice.put_back(file.read_text(), "02_select"))
        self.assertIn("are the same.", self.play("diff", "mine").out)

    def test_may_be_read_by_somebody_who_leaves(self):
        done = subprocess.run(["bash", "-c", '"$@" | :', "bash", *self.command(["diff", "3", "4"], "")],
                              capture_output=True, text=True, env=self.environment({}))
        self.assertEqual(done.stderr, "")


class Talk(Verbs):
    """What is seen while something takes its time."""
    def test_a_line_moves_on_a_terminal_and_leaves_nothing(self):
        shown = self.on_a_terminal("client", "x", SAY_cmake="[1/2] x\n", SLEEP_cmake=0.5).said
        self.assertRegex(shown, r"\rcompiling, step 1 of 2 … \d s\033\[K")
        self.assertNotIn("[1/2]", shown)
        self.assertTrue(shown.endswith("\r\033[K"), shown)

    def test_plain_lines_elsewhere_and_only_if_it_takes_long(self):
        set_to = "import terminal; terminal.Moving.SOON, terminal.Moving.SELDOM = {}, {}"
        self.assertEqual(self.play("client", "x", before=set_to.format(20, 30), SAY_cmake="[1/2] x\n", SLEEP_cmake=0.3).err, "")
        done = self.play("client", "x", before=set_to.format(0.2, 0.4), SLEEP_cmake=1.5)
        self.assertRegex(done.err, r"\A(compiling … \d s\n){3,}\Z")

    def test_a_long_line_is_cut_to_a_narrow_terminal(self):
        shown = self.on_a_terminal("client", "x", SLEEP_cmake=0.3, COLUMNS=20).said
        self.assertFits(shown.replace("\r", "\n"), 19)

    def test_ctest_tells_how_far_it_is_and_what_failed(self):
        shown = self.on_a_terminal("test", "1", SAY_ctest=CTEST_SAYS, END_ctest=8)
        self.assertEqual(shown.code, 8)
        self.assertRegex(shown.said, r"\rclaim 1 of 2 … \d s")
        for words in ("***Failed", "what it missed", "50% tests passed"):
            self.assertEqual(shown.said.count(words), 1, words)
        for words in ("Passed", "Start", "Test project"):
            self.assertNotIn(words, shown.said)
        self.assertEqual(self.play("test", "1", SAY_ctest=CTEST_SAYS).out, CTEST_SAYS)

    def test_colours_are_for_terminals_whose_owner_wants_them(self):
        self.assertIn("\033[32m+", self.on_a_terminal("diff", "3", "4").said)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.on_a_terminal("diff", "3", "4", **env).said)
        self.assertNotIn("\033", self.play("diff", "3", "4").out)

    def test_everything_fits_the_terminal(self):
        self.own_server("04_iocp")
        for typed in ("", "help", "exercise", "hint mine", "hint mine", "hint mine", "start 4 more"):
            for columns in (80, 60):
                shown = self.on_a_terminal(*typed.split(), COLUMNS=columns)
                self.assertEqual(shown.code, 0) if columns == 80 else None
                if columns == 80 or typed.startswith("hint"):
                    self.assertFits(shown.said, columns)

    def test_ctrl_c_in_a_build_leaves_no_traceback(self):
        shown = self.on_a_terminal("client", "x", SLEEP_cmake=20,
                                   act=lambda said, terminal: "compiling … " in said and os.write(terminal, b"\x03"))
        self.assertEqual(shown.code, 130)
        self.assertNotIn("Traceback", shown.said)

    def test_a_client_whom_nobody_hears_learns_how_to_start_a_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            self.assertEqual(self.play("client", "--port", str(port), "x", END_program=1).err, "")
        for words in (["--port", str(port)], [f"--port={port}"]):
            done = self.play("client", *words, "x", END_program=1, before="import building; building.run = lambda *words: 1")
            self.assertEqual((done.code, done.err), (1, "tutorial: no server listens there. Start one in another terminal: "
                                                        f"./tutorial run 4 --port {port}\n"))
        self.assertEqual(self.play("client", "--port", str(port), "x").err, "")
        self.assertEqual(self.play("client", "--port", "none", "x", END_program=2).err, "")


class ABuildFolder(unittest.TestCase):
    """With the real CMake: does it belong to this checkout?"""
    def test_is_known_by_its_place(self):
        with tempfile.TemporaryDirectory() as top:
            here, there, link = Path(top, "here; (1) é"), Path(top, "there"), Path(top, "link")
            here.mkdir()
            (here / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(x NONE)\n")
            self.assertFalse(self.is_built(here))
            self.configure(here)
            self.assertTrue(self.is_built(here))
            link.symlink_to(here)
            self.assertTrue(self.is_built(link))
            shutil.copytree(here, there)
            self.assertFalse(self.is_built(there))
            self.assertFalse(self.is_built(here, there / "build"))
            shutil.rmtree(there)
            here.rename(there)
            self.assertFalse(self.is_built(there))
            self.configure(there)
            self.assertTrue(self.is_built(there))

    def configure(self, folder):
        subprocess.run(["cmake", "-G", "Ninja", "--fresh", "-S", folder, "-B", folder / "build"], check=True, capture_output=True)

    def is_built(self, root, build=None):
        before = building.ROOT, building.BUILD
        try:
            building.ROOT, building.BUILD = root, build or root / "build"
            return building.configured_here()
        finally:
            building.ROOT, building.BUILD = before


if __name__ == "__main__":
    unittest.main()
