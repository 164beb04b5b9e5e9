"""What the reader has done, kept in practice/progress.json. It is a comfort: if the file is damaged or cannot be written,
the reader begins anew, and nothing else is lost."""
import contextlib
import json
import os

from claims import ROOT, STAGES, TUTORIAL, claims_of
from terminal import painted, wrapped

PRACTICE = ROOT / "practice"
FILE = PRACTICE / "progress.json"


def dictionary(value):
    return value if isinstance(value, dict) else {}


def read():
    try:
        return dictionary(json.loads(FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def write(kind, name, facts):
    everything = read()
    everything[kind] = dictionary(everything.get(kind)) | {name: facts}
    with contextlib.suppress(OSError):
        PRACTICE.mkdir(exist_ok=True)
        new = FILE.with_name("progress.new")
        new.write_text(json.dumps(everything, indent=2), encoding="utf-8")
        os.replace(new, FILE)


def exercise_was_played(stage, name):
    write("exercises", f"{stage}/{name}", True)


def played(stage):
    """The names of those that there still are."""
    done = dictionary(read().get("exercises"))
    return [name for name in exercises_of(stage) if f"{stage}/{name}" in done]


def exercises_of(stage):
    return sorted(file.stem for file in (ROOT / "stages" / stage / "exercises").glob("*.diff"))


class Server:
    """One of the reader's, in practice/NN_name/, and what its last check has found."""
    def __init__(self, file):
        self.file, self.name, self.stage = file, file.stem, file.parent.name
        facts = dictionary(dictionary(read().get("servers")).get(f"{self.stage}/{self.name}"))
        number = lambda key: facts[key] if isinstance(facts.get(key), int) else 0
        word = lambda key: facts[key] if isinstance(facts.get(key), str) else ""
        self.held, self.failed, self.empty = number("held"), word("failed"), word("empty")
        self.hinted, self.hints = word("hinted"), number("hints")

    @property
    def path(self):
        return self.file.relative_to(ROOT).as_posix()

    @property
    def is_done(self):
        return self.held >= len(claims_of(self.stage))

    def remember(self, **facts):
        """held: the claims that hold; failed: the first that does not; empty: the function that was called, and is still
        to be written; hinted: what the last hint was about; hints: how many there were."""
        vars(self).update(facts)
        write("servers", f"{self.stage}/{self.name}",
              {key: getattr(self, key) for key in ("held", "failed", "empty", "hinted", "hints")})


def servers():
    return [Server(file) for stage in STAGES for file in sorted((PRACTICE / stage).glob("*.cpp"))]


def servers_of(stage):
    return [server for server in servers() if server.stage == stage]


def number_of(stage):
    return int(stage.split("_")[0])


def next_step():
    """One thing to do, and what for."""
    begun = [stage for stage in STAGES if played(stage) or servers_of(stage)]
    if not begun and not list(ROOT.glob("build/*/tests/demo.exe")):
        return "demo", "See how the stages differ."
    for stage in [*STAGES[STAGES.index(begun[-1]) if begun else 0:], *begun]:
        n, own = number_of(stage), servers_of(stage)
        if unfinished := [server for server in own if not server.is_done]:
            return f"check {unfinished[-1].name}", f"How far is {unfinished[-1].path}?"
        if left := [name for name in exercises_of(stage) if name not in played(stage)]:
            return f"exercise {n} {left[0]}", f"Its server has a mistake: predict which tests fail. Read docs/{stage}.md first."
        if not own:
            return f"start {n} my_server{n if n > 1 else ''}", f"Write stage {n} yourself."
    return "docs", "You have done all of it. Where to go from here: docs/where_next.md"


def tell_where_the_reader_is():
    print(painted(f"{'stage':24}{'exercises':14}your own server", "dim"))
    for stage in STAGES:
        done, of = len(played(stage)), len(exercises_of(stage))
        exercises = f"{f'{done} of {of}':14}"
        own = [f"{server.name}: {server.held} of {len(claims_of(stage))} claims" for server in servers_of(stage)]
        print(f"{number_of(stage)} {stage[3:].replace('_', ' '):22}", painted(exercises, "green") if done == of else exercises,
              "; ".join(own) or "-", sep="")
    step, why = next_step()
    print(f"\n{painted('Next:', 'bold')} {painted(f'{TUTORIAL} {step}', 'cyan')}\n{wrapped(why, 6)}\n")
