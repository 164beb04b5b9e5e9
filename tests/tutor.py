#!/usr/bin/env python3
"""The tutorial's one command: `./tutorial` and `tutorial.cmd` hand over what was typed. Each verb is a build, CTest, a
program, or a module beside this one."""
import subprocess
import sys

import progress
from building import BUILD, become, bring, build_here, configure, run, run_tests
from claims import ON_WINDOWS, ROOT, STAGES, TUTORIAL
from terminal import complain, tell, unknown, wrapped

USAGE = {
    "demo": "the same small scene on every stage: the difference",
    "test [N]": "run all tests [of stage N]",
    "test --server COMMAND": "hold any echo server to what its clients can see",
    "run N [OPTION ...]": "become the server of stage N; --help: its options",
    "client [--port P] [TEXT]": "send TEXT, or else standard input; print the echo",
    "exercise [N]": "list servers that are broken on purpose [of stage N]",
    "exercise N NAME": "play one: predict which tests fail, and see",
    "exercise all": "does each exercise break exactly what it says?",
    "start N NAME": "your own server: stage N with empty functions",
    "check NAME": "run its tests, up to the first that fails",
    "watch NAME": "check after each save, what failed first",
    "hint NAME": "a little help with what is next; more, if repeated",
    "diff N M": "what changed between two stages",
    "diff NAME": "what differs between your server and its stage",
    "docs [--open] [--port N]": "make the site of the book; show it until Ctrl+C",
}
COLUMN = 28


def stage_named(word):
    """4, 04 and 04_iocp all name the same stage."""
    for stage in STAGES:
        number, _, idea = stage.partition("_")
        if word in (stage, number, number.lstrip("0")):
            return stage
    near = {name: f"{int(stage[:2])}" for stage in STAGES for name in (stage, stage[3:], stage[:2], *stage[3:].split("_"))}
    unknown(f"there is no stage '{word}'", word, [f"{int(stage[:2])} ({stage[3:]})" for stage in STAGES], near)


def usage():
    print(f"Usage: {TUTORIAL} VERB ...\n")
    for verb, words in USAGE.items():
        print(wrapped(words, COLUMN, f"  {verb:{COLUMN - 2}}"))
    missing = "docs needs Node.js and Doxygen, exercises need patch." if ON_WINDOWS else \
        "What is missing on this machine is installed first."
    print("\n" + wrapped(f"N is the number of a stage, 1 to {len(STAGES)}. {missing}"))
    print(f'For example: {TUTORIAL} test --server "my_server --port {{port}}"')


def where():
    progress.tell_where_the_reader_is()
    usage()


def demo(*words):
    if words:
        complain("demo takes no arguments")
    bring("build")
    build_here("demo", *STAGES)
    become(BUILD / "tests/demo.exe", [str(BUILD / "stages" / stage) for stage in STAGES])


def test(*words):
    if words and words[0].startswith("-"):
        return test_a_server(words)
    if len(words) > 1:
        complain("test takes one stage")
    stage = stage_named(words[0]) if words else None
    bring("build")
    build_here(f"{stage}_test" if stage else "all")
    run_tests(*(["--tests-regex", rf"^{stage}\."] if stage else []))


def test_a_server(words):
    import verdict
    options = verdict.options_from(words)
    bring("build")
    build_here("claims")
    verdict.verdict_on(options, BUILD)


def run_stage(*words):
    if not words:
        complain(f"which stage? For example: {TUTORIAL} run 4")
    stage, options = stage_named(words[0]), words[1:]
    bring("build")
    build_here(stage)
    if not {"--help", "-h"} & {*options}:
        port = value_of("--port", options)
        there = f" --port {'N, the number that the server tells,' if port == '0' else port}" if port else ""
        tell(f'In another terminal: {TUTORIAL} client{there} "hello". Here, Ctrl+C stops the server.')
    become(BUILD / f"stages/{stage}.exe", options)


def value_of(option, words):
    """Of --port 1 or --port=1."""
    for word, after in zip(words, [*words[1:], ""]):
        if word == option:
            return after
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def client(*words):
    bring("build")
    build_here("echo_client")
    code = run(BUILD / "common/echo_client.exe", words)
    if code == 1 and nobody_listens(value_of("--address", words) or "127.0.0.1", value_of("--port", words) or "5150"):
        port = value_of("--port", words)
        server = f"{TUTORIAL} run 4{f' --port {port}' if port else ''}"
        tell(f"tutorial: no server listens there. Start one in another terminal: {server}")
    sys.exit(code)


def nobody_listens(address, port):
    import socket
    try:
        socket.create_connection((address, int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError, OverflowError):
        pass
    return False


def exercise(*words):
    import exercise as exercises
    if words == ("all",):
        bring("build", "exercises")
        build_here("exercises")
        run_tests("--build-config", "exercises", "--tests-regex", r"^exercise\.", "--parallel", "2", each="exercise")
    stage = stage_named(words[0]) if words else None
    if len(words) > 2:
        complain("exercise takes a stage and a name")
    if len(words) < 2:
        return exercises.list_exercises([stage] if stage else STAGES)
    played = exercises.exercise_named(stage, words[1])
    bring("build", "exercises")
    configure()
    surprises = exercises.play(played, BUILD)
    progress.exercise_was_played(stage, words[1])
    if surprises:
        sys.exit(exercises.told(surprises))


def start(*words):
    import practice
    if len(words) != 2:
        complain(f"which stage, and what name? For example: {TUTORIAL} start 4 my_server")
    stage = stage_named(words[0])
    bring()
    practice.start(stage, words[1])


def own_server(verb, words):
    import practice
    if len(words) != 1:
        example = next((server.name for server in progress.servers()), "my_server")
        complain(f"which server? For example: {TUTORIAL} {verb} {example}")
    return practice.server_named(words[0])


def check(*words):
    import practice
    server = own_server("check", words)
    bring("build")
    configure()
    sys.exit(0 if practice.check(server) is None else 1)


def watch(*words):
    import practice
    server = own_server("watch", words)
    bring("build")
    configure()
    try:
        practice.watch(server)
    except KeyboardInterrupt:  # how it is meant to end
        print()


def hint(*words):
    import hint as hints
    hints.hint(own_server("hint", words))


def diff(*words):
    import difference
    if not 1 <= len(words) <= 2 or len(words) == 1 and words[0].isdigit():
        complain(f"which two? For example: {TUTORIAL} diff {len(STAGES) - 1} {len(STAGES)}, or {TUTORIAL} diff my_server")
    if len(words) == 2:
        stages = [stage_named(word) for word in words]
        difference.tell(*map(difference.of_stage, stages))
    else:
        server = own_server("diff", words)
        difference.tell(difference.of_stage(server.stage), difference.of_server(server))


def docs(*words):
    if not ON_WINDOWS:
        bring("docs")
    sys.exit(subprocess.run([sys.executable, ROOT / "docs/site/docs.py", *words]).returncode)


VERBS = {"demo": demo, "test": test, "run": run_stage, "client": client, "exercise": exercise, "start": start, "check": check,
         "watch": watch, "hint": hint, "diff": diff, "docs": docs}


def main(words):
    verb, words = (words[0], words[1:]) if words else ("", [])
    if verb in ("help", "--help", "-h", "/?"):
        return usage()
    if not verb:
        return where()
    if verb not in VERBS:
        unknown(f"there is no verb '{verb}'", verb, VERBS)
    VERBS[verb](*words)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads the output has left
        sys.stderr.close()
        sys.exit(1)
