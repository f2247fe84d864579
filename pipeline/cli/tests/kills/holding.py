"""Holding a process at a system call, by strace, and ending it there.

strace can send a signal itself, but only before a call. Here it delays the call or the return from it, and the process is
killed meanwhile, which works on both sides.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter, defaultdict
from pathlib import Path

# Calls that change files, and flock, after which a process keeps others out.
CALLS = ["open", "openat", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir",
         "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "link", "linkat", "symlink", "symlinkat",
         "copy_file_range", "sendfile", "flock"]  # fmt: skip
# Only the calls that are asked for stop the process.
HOLD = ["-f", "--seccomp-bpf"]
HELD = "600s"
# What one run may take, in seconds: no command needs a tenth of it.
LIMIT = 300
LINE = re.compile(r"^(\d+) +(\w+)\((.*)")


class Failed(Exception):
    """What is wrong after a kill."""


def unusable():
    """Why strace cannot hold a process here, or None."""
    if not shutil.which("strace"):
        return "strace is not installed; on Debian: apt-get install strace"
    probed = subprocess.run(["strace", *HOLD, "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_exit=1s",
                             "true"], capture_output=True, text=True)  # fmt: skip
    return None if probed.returncode == 0 else f"strace cannot be used here: {probed.stderr.strip()}"


def study(log):
    """The words before a command that write the calls which may change files to a log."""
    return ["strace", *HOLD, "-y", "-s", "8", "-o", str(log), "-e", "trace=" + ",".join(CALLS)]


def hold(place, log):
    """The words before a command that hold each thread before or after its `number`th call of a kind."""
    delay = "delay_exit" if place.side == "after" else "delay_enter"
    return ["strace", *HOLD, "-o", str(log), "-e", f"trace={place.call}",
            "-e", f"inject={place.call}:{delay}={HELD}:when={place.number}"]  # fmt: skip


def changes(log, project):
    """The calls of a log that change files of a project: kind → their numbers among the calls of the kind of a thread.

    Only of the first thread: another thread's calls are not counted alike in every run.
    """
    counts, places = Counter(), defaultdict(list)
    main = log.split(maxsplit=1)[0]
    for line in log.splitlines():
        match = LINE.match(line)
        if not match or match[1] != main:
            continue
        call, arguments = match[2], match[3]
        counts[call] += 1
        reads = call.startswith("open") and not re.search("O_CREAT|O_WRONLY|O_RDWR|O_TRUNC", arguments)
        # `-y` names the file of a descriptor. A path that is not absolute is one from the project.
        file = re.match(r"\d+<(.*?)>", arguments) or re.match(r"(?:AT_FDCWD<[^>]*>, )?\"(/[^\"]*)", arguments)
        if not reads and (not file or file[1].startswith(str(project))):
            places[call].append(counts[call])
    return dict(places)


def wait_for(process, log, place):
    """Waits until a thread is held: its id."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        counts = Counter()
        text = log.read_text(errors="replace") if log.exists() else ""
        for line in text.splitlines(keepends=True):
            match = LINE.match(line)
            if match and match[2] == place.call:
                counts[match[1]] += 1
                last = counts[match[1]] == place.number
                if last and (place.side != "after" or "(DELAYED)" in line) and not ended:
                    return int(match[1])
            elif place.side == "after" and f"<... {place.call} resumed>" in line and "(DELAYED)" in line:
                return int(line.split()[0])
        if ended:
            return None
        time.sleep(0.005)
    process.kill()
    raise Failed(f"was not killed and did not end in {LIMIT} s")


def end(thread, strace):
    """Kills the process of a thread that strace holds, and waits until it is gone with its locks."""
    with open(f"/proc/{thread}/status", encoding="ascii") as status:
        process = next(int(line.split()[1]) for line in status if line.startswith("Tgid:"))
    os.kill(process, signal.SIGKILL)
    # It would keep the dead thread until the delay is over.
    strace.kill()
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "ZX" and len(os.listdir(f"/proc/{process}/task")) <= 1:
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.002)
    raise Failed(f"process {process} does not die")


def waits_for_lock(pid):
    """Whether a process waits for a lock that another one has."""
    with open("/proc/locks", encoding="ascii") as locks:
        return any("->" in line and str(pid) in line.split() for line in locks)
