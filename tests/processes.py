"""What the system tells of another process: its handles or sockets, its memory, its processor time; and its end.

On Linux a program under Wine is a process like any other, and /proc tells all of it. On Windows three calls do.
Each gives None where the system does not tell.
"""
import contextlib
import os
import re
import signal
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.OpenProcess.restype = wintypes.HANDLE
    QUERY_LIMITED_INFORMATION = 0x1000

    @contextlib.contextmanager
    def opened(process_id):
        handle = wintypes.HANDLE(kernel32.OpenProcess(QUERY_LIMITED_INFORMATION, False, process_id))
        yield handle
        kernel32.CloseHandle(handle)

    class MemoryCounters(ctypes.Structure):
        _fields_ = [("size", wintypes.DWORD), ("faults", wintypes.DWORD),
                    *((name, ctypes.c_size_t) for name in ("peak", "working_set", "paged_peak", "paged", "nonpaged_peak",
                                                           "nonpaged", "pagefile", "pagefile_peak"))]

    def handles(process_id):
        count = wintypes.DWORD()
        with opened(process_id) as process:
            return count.value if kernel32.GetProcessHandleCount(process, ctypes.byref(count)) else None

    def memory(process_id):
        counters = MemoryCounters(size=ctypes.sizeof(MemoryCounters))
        with opened(process_id) as process:
            done = kernel32.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size)
        return counters.pagefile if done else None

    def processor_time(process_id):
        times = [ctypes.c_uint64() for _ in range(4)]  # created, ended, in Windows, in the program: in 100 ns
        with opened(process_id) as process:
            done = kernel32.GetProcessTimes(process, *map(ctypes.byref, times))
        return (times[2].value + times[3].value) / 1e7 if done else None

    def end(process):
        process.kill()

else:
    def handles(process_id):
        """Under Wine the sockets of all programs are with Wine's server; so nothing else should run there meanwhile."""
        with contextlib.suppress(OSError):
            holders = [process_id]
            if "wine" in os.readlink(f"/proc/{process_id}/exe"):
                holders += wines_servers(process_id)
            return sum(len(os.listdir(f"/proc/{holder}/fd")) for holder in holders)
        return None

    def wines_servers(process_id):
        """The one of the same prefix: it stands in a folder that is named after that."""
        prefix = os.stat(re.search(rb"(?:^|\0)WINEPREFIX=(.*?)\0", Path(f"/proc/{process_id}/environ").read_bytes())[1])
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(process / "cwd").endswith(f"/server-{prefix.st_dev:x}-{prefix.st_ino:x}"):
                    yield process.name

    def memory(process_id):
        with contextlib.suppress(OSError):
            return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return None

    def processor_time(process_id):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(") ", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return None

    def end(process):
        """Ends it, and whatever it has started: it was started in a session of its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
