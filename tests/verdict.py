#!/usr/bin/env python3
"""A verdict on any echo server: `./tutorial test --server COMMAND` is the way in.

The server is started, watched and stopped from outside. It need not know anything of this tutorial: it is ready when its
port takes a connection, and what it prints is nobody's business. What a client can see is claimed by the test program
`claims`, one claim after the other; what can be seen of the process is claimed here.
"""
import argparse
import contextlib
import json
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import processes
from claims import ON_WINDOWS, ROOT, RUNNER, TUTORIAL, Trial, tests_of
from practice import place_of, settings_of
from terminal import Moving, complain, painted, wrapped

READY = 10  # seconds until the port must take a connection: a first start can be slow
ANSWER = 1  # seconds without an echo: this client is not served now
MANY = 200  # clients that a server without a limit must serve together
VISITS = 500
FEW = 5  # handles, and
SOME = 1 << 18  # bytes of memory, that a process may take without a reason that we can see

# What each claim asks for, in the owner's words.
IN_WORDS = {
    "Echo.AnswersWithTheSameBytes": "What a client sends comes back.",
    "Echo.ReturnsEverySizeAroundItsBuffers": "All bytes come back, whatever their number is: 1 KiB, 8 KiB, 64 KiB, one more, one less.",
    "Echo.Returns16MiBThatAreReadWhileTheyAreWritten": "16 MiB come back to a client that reads while it writes.",
    "Echo.ReturnsEveryByteToAClientThatReadsLate": "A client that first sends all it can, and reads later, gets every byte.",
    "Echo.KeepsEveryByteValue": "Each of the 256 values of a byte comes back, also zero.",
    "Echo.Answers2000SingleBytesOneByOne": "Single bytes are answered one by one, each at once.",
    "Echo.KeepsTheOrderOfMessagesSentWithoutWaiting": "Messages that are sent without waiting come back in their order.",
    "HalfClose.GetsEverythingBackAndThenTheEnd": "A client that ends its half of the conversation still gets its echo, and then the end.",
    "HalfClose.GetsMegabytesBackAndThenTheEnd": "The same with 4 MiB.",
    "HalfClose.EndsAConversationInWhichNothingWasSaid": "A client that says nothing and ends its half hears the end.",
    "RudeClients.ComeAndGoWithoutAWord": "A client that comes and goes without a word does no harm.",
    "RudeClients.VanishBeforeTheyAreAccepted": "Clients that are reset at once do no harm to the others.",
    "RudeClients.VanishWhileTheServerWaitsForThem": "Clients that are reset while the server waits for them do no harm to the others.",
    "RudeClients.VanishWithTheirEchoUnread": "Clients that are reset with their echo unread do no harm to the others.",
    "RudeClients.VanishWhileTheServerCannotSend": "A client that is reset while the server cannot send to it does no harm to the others.",
    "Fairness.AClientThatReadsNothingDelaysNobody": "A client that sends and never reads does not delay another.",
    "Fairness.ClientsThatFloodStarveNobody": "Three clients that send as fast as they can keep nobody waiting, be he there already or new.",
    "Capacity.IsWhatTheServerClaims": "As many clients are served together as the owner says.",
    "Waiting.CostsNoProcessorTime": "A server whose only client is silent uses no processor time.",
    "Leaks.PoliteClientsCostNothing": "Clients that come and go cost no sockets, and less than half a KiB of memory each.",
    "Leaks.RudeClientsCostNothing": "Clients that are reset cost no sockets, and less than half a KiB of memory each.",
    "Stop.LetsTheSamePortBeUsedAgain": "After its end a server can be started on the same port again.",
}
PAGES = {"Capacity": "ch1-claims", "Leaks": "ch1-wrong", "Fairness": "ch2-claims"}


def page_for(claim):
    places = settings_of("01_blocking")["claims"]
    anchor = PAGES.get(claim.split(".")[0]) or places[place_of(claim, places) or "Echo"]
    return f"docs/{'02_select' if anchor.startswith('ch2') else '01_blocking'}.md#{anchor}"


# GoogleTest's words for what came, in ours.
VALUE = r'("(?:[^"\\]|\\.)*(?:"|$)|\S+)'
PLAIN = ((r"Value of: \S+\((?:[^()]|\(\))*\) == .*?Actual: false Expected: true ?", "other bytes came back than were sent. "),
         (r"Value of: \w+\.hears_the_end\(\).*", "more bytes came where the stream should end"),
         (rf"Expected equality of these values: .*? Which is: {VALUE} (?:\S+\(.*?\) Which is: )?{VALUE}.*",
          lambda words: f"expected {words[2][:40]}, got {words[1][:40]}"))


def in_plain_words(reason):
    for pattern, words in PLAIN:
        reason = re.sub(pattern, words, reason, flags=re.S)
    return reason.strip()


class NoServer(Exception):
    """There is nothing that could be judged, and this is why."""


def words_of(command):
    try:
        return [word.strip('"') if ON_WINDOWS else word for word in shlex.split(command, posix=not ON_WINDOWS)] or [""]
    except ValueError as problem:
        complain(f"--server has a command that does not end: {problem}")


def complain_of_a_program_that_is_not_here(command):
    program = words_of(command)[0]
    if not program:
        complain("--server has an empty command")
    if not Path(program).exists() and not shutil.which(program):
        where = "" if re.search(r"[/\\]", program) else " here, and no such program on the PATH"
        complain(f"there is no file {program}{where}")


class Server:
    """A process that is started with a port, and started anew if it did not survive a claim."""
    def __init__(self, options):
        self.options = options
        self.port = options.server_port or self.free_port()
        self.process = None

    def free_port(self):
        with socket.socket() as probe:
            probe.bind((self.options.address, 0))
            return probe.getsockname()[1]

    def command(self):
        text = self.options.server
        if "{port}" not in text and not self.options.server_port:
            text += " --port {port}"  # as the programs of this tutorial have it
        text = text.replace("{port}", str(self.port)).replace("{address}", self.options.address)
        words = words_of(text)
        if not ON_WINDOWS and words[0].lower().endswith(".exe"):
            return [*RUNNER, *words]
        return text if ON_WINDOWS else words

    def start(self):
        with contextlib.suppress(OSError):
            self.connect().close()
            raise NoServer(f"port {self.port} is taken by another program")
        own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if ON_WINDOWS else {"start_new_session": True}
        self.said = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.said,
                                            stderr=subprocess.STDOUT, **own_group)
        except OSError as problem:
            raise NoServer(f"cannot start {self.options.server}: {problem.strerror}") from None
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline and self.runs():
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.05)
        words = self.last_words()
        how = f"ended with exit code {self.process.poll()}" if not self.runs() else f"did not listen within {READY} s"
        self.end()
        raise NoServer(f"the server {how}, and port {self.port} takes no connection" + (f"; it said: {words}" if words else ""))

    def runs(self):
        return self.process.poll() is None

    def connect(self):
        client = socket.create_connection((self.options.address, self.port), timeout=ANSWER)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def answers(self, patience=ANSWER):
        """Does a new client get its echo?"""
        try:
            with self.connect() as guest:
                guest.settimeout(patience)
                guest.sendall(b"well?")
                return receive(guest, 5) == b"well?"
        except OSError:
            return False

    def stop(self):
        """Asks for the end as a person does, and says what it took."""
        key, event = ("Ctrl+Break", signal.CTRL_BREAK_EVENT) if ON_WINDOWS else ("Ctrl+C", signal.SIGINT)
        started = time.monotonic()
        self.process.send_signal(event)
        try:
            code = self.process.wait(2)
            return f"{key} ended it in {time.monotonic() - started:.1f} s, exit code {code}"
        except subprocess.TimeoutExpired:
            self.end()
            return f"it did not end within 2 s of {key}, so it was ended by force"

    def end(self):
        if self.process:
            processes.end(self.process)
            self.process.wait()
            self.said.close()

    def start_anew_if_it_must(self):
        """After a claim that failed: the next one gets a server that can be blamed for its own faults only."""
        if self.runs() and self.answers():
            return ""
        why = "no longer answered" if self.runs() else f"ended with exit code {self.process.poll()}"
        words = self.last_words()
        self.end()
        if not self.options.server_port:
            self.port = self.free_port()  # the old one may not be free yet
        self.start()
        return f"After this the server {why}, and was started anew." + (f" It had said: {words}" if words else "")

    def last_words(self):
        self.said.seek(0)
        return self.said.read().decode("utf-8", "replace").strip().split("\n")[-1]


def receive(client, count):
    got = b""
    while len(got) < count:
        piece = client.recv(count - len(got))
        if not piece:
            break
        got += piece
    return got


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if ON_WINDOWS else "ii", 1, 0))
    client.close()


# The claims about the process. Each gives nothing if it holds, or what came instead; None: it cannot be judged here.

def capacity_of(server, most):
    """How many clients are served together: the first that gets no answer is one too many."""
    served, clients = 0, []
    with contextlib.suppress(OSError):
        while served < most:
            clients.append(server.connect())
            clients[-1].sendall(b"well?")
            if receive(clients[-1], 5) != b"well?":
                break
            served += 1
    for client in clients:
        client.close()
    return served


def cost_of(server, visit):
    """What VISITS more visits cost a server that has had as many already: sockets or handles, and bytes."""
    def visits():
        for _ in range(VISITS):
            visit(server.connect())
        server.answers(patience=5)  # it has come to the end of them
        time.sleep(0.5)
        return processes.handles(server.process.pid), processes.memory(server.process.pid)
    before = visits()
    for _ in range(2):  # a leak goes on; what a process takes once, it may need
        after = visits()
        if not server.runs():
            return "the server ended"
        if None in before + after:
            return None
        handles, memory = after[0] - before[0], after[1] - before[1]
        problems = [f"{handles} more handles or sockets"] * (handles > FEW) + [f"{memory >> 10} KiB more"] * (memory > SOME)
        if not problems:
            return ""
        before = after
    return f"{VISITS} visits cost {' and '.join(problems)}"


def polite_visit(client):
    client.sendall(b"hello")
    receive(client, 5)
    client.close()


def rude_visit(client):
    client.sendall(b"hello")
    receive(client, 5)
    time.sleep(0.002)  # until the server waits for more; what comes earlier, Wine takes for a goodbye
    reset(client)


def processor_time(server):
    with server.connect():
        time.sleep(0.2)
        before = processes.processor_time(server.process.pid)
        time.sleep(1)
        after = processes.processor_time(server.process.pid)
    if before is None:
        return None
    return f"it used {after - before:.2f} s in one second" if after - before > 0.1 else ""


def the_same_port(server):
    server.stop()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:  # a connection of the old server may need a moment to be gone
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0 if ON_WINDOWS else 1)
                probe.bind((server.options.address, server.port))
                break
        except OSError:
            time.sleep(0.1)
    else:
        return f"port {server.port} was not free 5 s after the end"
    server.start()
    return "" if server.answers() else "the second server does not answer"


class Report:
    def __init__(self, moving):
        self.rows, self.not_judged, self.moving = [], [], moving

    def begin(self, claim):
        self.moving.says(f"claim {len(self.rows) + 1}: {IN_WORDS[claim]}")

    def add(self, claim, problem, remark=""):
        words = IN_WORDS.get(claim, claim)
        self.rows.append({"claim": claim, "asks": words, "holds": not problem, "came": problem or "", "remark": remark,
                          "page": page_for(claim)})
        mark, colour = ("FAILED", "red") if problem else ("ok    ", "green")
        self.moving.print(wrapped(words, 9, f"  {mark} ").replace(mark, painted(mark, colour), 1))
        for line in [problem, remark, f"{claim}: {page_for(claim)}"] if problem else []:
            if line:
                self.moving.print(wrapped(line[:300], 9))

    def leave_out(self, what, why):
        self.not_judged.append({"what": what, "why": why})


def judge(server, report, folder, claimed):
    # To see that the port takes connections, one was made and closed. A server that cannot bear that is at its end here.
    time.sleep(0.3)
    if not server.runs():
        report.add("RudeClients.ComeAndGoWithoutAWord", f"it ended with exit code {server.process.poll()}")
        report.leave_out("all other claims", "no client reaches a server that ends with its first one")
        return
    report.add("RudeClients.ComeAndGoWithoutAWord", "")
    most = int(claimed) + 1 if claimed.isdigit() else MANY
    measured = capacity_of(server, most)
    number = f"{'at least ' if measured == most else ''}{measured}"
    report.moving.print(f"  It serves {number} client{'' if measured == 1 else 's'} together.")
    if claimed != "find":
        wanted = int(claimed) if claimed.isdigit() else MANY
        report.add("Capacity.IsWhatTheServerClaims",
                   "" if measured == wanted else f"expected {claimed}, but it serves {number}")
    sets = ["echo_contract"] + ["fairness"] * (measured >= 5)
    if measured < 5:
        report.leave_out("fairness", f"it needs five clients together, and this server serves {number}")
    server.start_anew_if_it_must()
    for claim in [test for name in sets for test in tests_of(ROOT / f"tests/{name}_test.cpp")]:
        report.begin(claim)
        where = ["--server-port", server.port, "--address", server.options.address]
        problem = in_plain_words(Trial(where, folder).hold([claim])[claim] or "")
        report.add(claim, problem, server.start_anew_if_it_must() if problem else "")
    for claim, check in (("Waiting.CostsNoProcessorTime", processor_time),
                         ("Leaks.PoliteClientsCostNothing", lambda tested: cost_of(tested, polite_visit)),
                         ("Leaks.RudeClientsCostNothing", lambda tested: cost_of(tested, rude_visit)),
                         ("Stop.LetsTheSamePortBeUsedAgain", the_same_port)):
        report.begin(claim)
        try:
            problem = check(server)
        except OSError as trouble:
            problem = f"a client had trouble: {trouble}"
        except NoServer as trouble:
            problem = str(trouble)
        if problem is None:
            report.leave_out(IN_WORDS[claim], "this system does not tell it of that process")
        else:
            report.add(claim, problem, server.start_anew_if_it_must() if problem else "")
    report.leave_out("how it stops", server.stop() if server.runs() else "it ran no more")
    report.leave_out("options, lines and exit codes", "they are promises of this tutorial's own programs")


def options_from(words):
    parser = argparse.ArgumentParser(prog=f"{TUTORIAL} test", description="Holds any echo server to what its clients can see.")
    parser.add_argument("--server", required=True, metavar="COMMAND",
                        help='how to start it, such as "my_server -p {port}"; without {port}, --port and a number follow')
    parser.add_argument("--server-port", type=int, metavar="N", help="the port that it always listens on")
    parser.add_argument("--address", default="127.0.0.1", help="where it listens, instead of 127.0.0.1")
    parser.add_argument("--capacity", default="find", metavar="N|unlimited|find", help="how many clients it serves together")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    parser.add_argument("--build", type=lambda path: Path(path).resolve(), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if not re.fullmatch(r"unlimited|find|[1-9][0-9]*", options.capacity):
        complain(f"--capacity takes a number, 'unlimited' or 'find', and not '{options.capacity}'")
    complain_of_a_program_that_is_not_here(options.server)
    return options


def verdict_on(options, folder):
    started = time.monotonic()
    server = Server(options)
    print(f"{options.server}, on {options.address}:{server.port}\n", flush=True)
    with Moving("starting the server") as moving:
        report = Report(moving)
        try:
            server.start()
            try:
                judge(server, report, folder, options.capacity)
            except NoServer as why:
                report.leave_out("all that would follow", f"it could not be started anew: {why}")
        except NoServer as why:
            moving.clear()
            complain(why)
        finally:
            server.end()
    failed = [row for row in report.rows if not row["holds"]]
    print("\n                held   failed")
    for suite in dict.fromkeys(row["claim"].split(".")[0] for row in report.rows):
        held = [row["holds"] for row in report.rows if row["claim"].startswith(f"{suite}.")]
        print(f"  {suite:14}{sum(held):4}{len(held) - sum(held) or '-':>9}")
    print(f"\n{len(report.rows) - len(failed)} claims hold, {len(failed)} fail, in {time.monotonic() - started:.0f} s. "
          "Not judged:")
    for left in report.not_judged:
        print(wrapped(f"{left['what']}: {left['why']}", 4, "  "))
    if options.json:
        options.json.write_text(json.dumps({"server": options.server, "claims": report.rows,
                                            "not_judged": report.not_judged}, indent=2), encoding="utf-8")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    asked = options_from(sys.argv[1:])
    verdict_on(asked, asked.build)
