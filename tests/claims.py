"""The claims of a stage: their names, and what a server makes of them."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
STAGES = sorted(path.parent.name for path in ROOT.glob("stages/*/echo_server.cpp"))
AT_ONCE = 5  # tests that run at the same time: most of them wait, most of the time


def text_of(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def tests_of(source):
    return [".".join(names) for names in re.findall(r"^TEST(?:_F)?\(\s*(\w+),\s*(\w+)\)", text_of(source), re.M)]


def claims_of(stage):
    """Suite.Claim for each test that any server of this stage is held to, in the order of the sources."""
    in_cmake = re.findall(r"add_test\(NAME \$\{stage\}\.([^\s)]+)", text_of(ROOT / "tests/CMakeLists.txt"))
    return [*tests_of(ROOT / "tests/echo_contract_test.cpp"), *tests_of(ROOT / f"tests/{stage}_test.cpp"),
            *(name for name in in_cmake if not name.startswith("Book."))]  # what the book shows is no claim of theirs


def build(folder, *targets, hint=""):
    """Builds without a word, or ends this program with what the build said."""
    done = subprocess.run(["cmake", "--build", folder, "--target", *targets], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{done.stderr}{hint}")


def hold(server, stage, folder, claims=None, at_once=AT_ONCE):
    """Runs the tests of a stage against another server. Gives {claim: what went wrong, or None}."""
    names = "|".join(map(re.escape, claims or claims_of(stage)))
    with tempfile.TemporaryDirectory() as records:  # CTest keeps its records here, so two of them can run side by side
        Path(records, "CTestTestfile.cmake").write_text(f'subdirs("{(folder / "tests").as_posix()}")\n')
        subprocess.run(
            ["ctest", "--test-dir", records, "--tests-regex", rf"^{stage}\.({names})$", "--parallel", str(at_once),
             "--output-junit", "results.xml"],
            env={**os.environ, "SERVER_UNDER_TEST": str(server)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        results = ElementTree.parse(Path(records, "results.xml")).getroot()
    return {test.get("name").removeprefix(f"{stage}."): None if test.get("status") == "run" else reason_in(test)
            for test in results.iter("testcase")}


def reason_in(test):
    """The test's own words for what it missed, in one line."""
    output = (test.findtext("system-out") or "").strip()
    output = re.sub(r"\[NON-[^]]*]", "?", output)  # CTest's words for a strange byte
    thrown = re.search(r'C\+\+ exception with description "(.*?)" thrown in', output, re.S)
    failure = re.search(r": (?:Failure\n|error: )(.*?)(?=\n\n|\n\[|\n\S+: (?:Failure|error)|\Z)", output, re.S)
    said = thrown or failure
    return " ".join(said[1].split()) if said else output.split("\n")[-1] or "it did not end in time"
