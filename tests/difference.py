"""What changed between two stages, or between the reader's server and its stage."""
import difflib

from claims import text_of
from practice import lines_of, without_markers
from terminal import painted_change


def of_stage(stage):
    return f"stages/{stage}/echo_server.cpp", without_markers("\n".join(lines_of(stage)))


def of_server(server):
    """Without the first line, in which `start` says whose it is."""
    lines = text_of(server.file).split("\n")
    return server.path, "\n".join(lines[1:] if lines[0].startswith("// Yours to write.") else lines)


def tell(before, after):
    """Each is a path and a text."""
    (old_path, old), (new_path, new) = before, after
    lines = list(difflib.unified_diff(old.split("\n"), new.split("\n"), old_path, new_path, lineterm=""))
    print("\n".join(map(painted_change, lines)) or f"{old_path} and {new_path} are the same.")
