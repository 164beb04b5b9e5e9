"""Describes the build to CMake, builds, and runs CTest, each behind one line that moves. Their words are for failures."""
import os
import re
import shutil
import subprocess
import sys

from claims import ON_WINDOWS, ROOT, RUNNER, WINES_LAST_WORDS, text_of
from terminal import Moving, give_up, is_terminal, tell

PRESET = os.environ.get("TUTORIAL_PRESET", "") if ON_WINDOWS else "wine"  # tutorial.cmd knows which compiler there is
BUILD = ROOT / "build" / PRESET
NO_COMPILER_YET = 99  # tells tutorial.cmd to look for one, and then to come back
A_TEST_WITHOUT_A_WORD = r"Output:\n-+\n<end of output>\nTest time = .*\n-+\nTest Failed"


class NotBuilt(Exception):
    """Has the compiler's words."""


def bring(*groups):
    """Sees to it that the programs are here which such a verb takes."""
    if not ON_WINDOWS:
        if code := subprocess.run([ROOT / "tests/install-packages", *groups]).returncode:
            sys.exit(code)
    elif groups and not PRESET:
        sys.exit(NO_COMPILER_YET)


def run_behind_a_line(command, doing):
    """Gives the exit code and all that was said. A line of ninja begins with [how far it is/of how many steps]."""
    said = []
    with Moving(doing) as moving, subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace") as program:
        for line in program.stdout:
            said.append(line)
            if step := re.match(r"\[([1-9]\d*)/(\d+)\] ", line):
                moving.says(f"{doing}, step {step[1]} of {step[2]}")
    return program.returncode, "".join(said)


def configured_here():
    """In a folder that was moved since, all that CMake has written names the old place."""
    cache = text_of(BUILD / "CMakeCache.txt")
    for entry, here in ("CMAKE_HOME_DIRECTORY", ROOT), ("CMAKE_CACHEFILE_DIR", BUILD):
        made = re.search(rf"^{entry}:INTERNAL=(.+)$", cache, re.M)
        if not made or not os.path.isdir(made[1]) or not os.path.samefile(made[1], here):
            return False
    return (BUILD / "build.ninja").is_file()


def configure():
    if configured_here():
        return
    for folder in BUILD.glob("_deps/*-subbuild"):
        shutil.rmtree(folder)
    code, said = run_behind_a_line(["cmake", "--fresh", "--preset", PRESET], "looking at the compiler and the libraries")
    if code:
        print(said, file=sys.stderr)
        give_up("CMake could not describe the build; its words stand above")


def build(folder, *targets):
    """Builds without a word, or throws what the compiler said."""
    code, said = run_behind_a_line(["cmake", "--build", folder, "--target", *targets], "compiling")
    if code:
        raise NotBuilt(words_of_the_compiler(said))


def words_of_the_compiler(said):
    """Without the steps of ninja, the command lines, and the part of each path that is always the same."""
    lines = iter(said.splitlines())
    kept = []
    for line in lines:
        if line.startswith("FAILED: "):
            next(lines, None)  # the command line
        elif not re.match(r"\[\d+/\d+\] |ninja: ", line):
            kept.append(line.replace(f"{ROOT}{os.sep}", "").replace(f"{ROOT.as_posix()}/", ""))
    return "\n".join(kept).strip() or said


def build_here(*targets):
    configure()
    try:
        build(BUILD, *targets)
    except NotBuilt as why:
        print(why, file=sys.stderr)
        give_up("it does not compile; the compiler's words stand above")


def ctest(options, each):
    command = ["ctest", "--preset", PRESET, *options]
    if not is_terminal(sys.stdout):
        return subprocess.run(command, cwd=ROOT).returncode
    with Moving("starting the tests") as moving, subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", errors="replace") as program:
        for line in program.stdout:
            done = re.match(r" *(\d+)/(\d+) Test ", line)
            if done:
                moving.says(f"{each} {done[1]} of {done[2]}")
            if line.strip() and not re.match(r" *Start +\d+: |Test project ", line) and not (done and " Passed " in line):
                moving.print(line.rstrip("\n"))
    return program.returncode


def run_tests(*options, each="claim"):
    """Many broken connections at once can break an assertion in Wine's own server, and every test that runs then fails
    with it. And of some thousand programs Wine does not start one, without a word. Only where one of these has happened,
    what failed is tried once more."""
    before = text_of(WINES_LAST_WORDS).count("Assertion")
    code = ctest(options, each)
    if code and not ON_WINDOWS and (text_of(WINES_LAST_WORDS).count("Assertion") > before or a_failed_test_said_nothing()):
        tell(f"Wine failed while the tests ran (see {WINES_LAST_WORDS}); what failed is run once more.")
        code = ctest([*options, "--rerun-failed"], each)
    sys.exit(code)


def a_failed_test_said_nothing():  # all of them say something
    return re.search(A_TEST_WITHOUT_A_WORD, text_of(BUILD / "Testing/Temporary/LastTest.log")) is not None


def exit_code(program):
    """Windows has 32 bits for it, and sys.exit takes what is larger than a signed number for an error."""
    return program.returncode - (1 << 32) if program.returncode >= 1 << 31 else program.returncode


def become(program, words):
    """The program goes on in our place."""
    if not ON_WINDOWS:
        sys.stdout.flush()
        os.execv(RUNNER[0], [*RUNNER, str(program), *words])
    sys.exit(run(program, words))


def run(program, words):
    """Gives its exit code. Ctrl+C is for the program."""
    with subprocess.Popen([*RUNNER, str(program), *words]) as running:
        while running.returncode is None:
            try:
                running.wait()
            except KeyboardInterrupt:
                pass
    return exit_code(running)
