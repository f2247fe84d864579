"""Processes of `make bench-gpu` that answer line by line, within a time limit, and how much memory they take."""

import collections
import json
import os
import queue
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

# The last lines of what a process wrote to stderr, which say why it broke off.
LAST_LINES = 4
LINE_LENGTH = 240
# For what takes no time as a rule. A process that does not end after it was killed is left alone.
PATIENCE = 5.0


class Broken(Exception):
    """A process that gave no answer: what happened, and its last lines."""

    def __init__(self, what, lines=()):
        super().__init__(what)
        self.what, self.lines = what, list(lines)

    def __str__(self):
        return " / ".join([self.what, *self.lines])


class Worker:
    """A process that answers every line of its stdin with a line of JSON."""

    def __init__(self, command, environment, errors, address_space=None):
        """`errors` is a file for its stderr; `address_space` limits its memory, in bytes."""

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))

        self.errors = errors
        self.last_lines = collections.deque(maxlen=LAST_LINES)
        self.answers = queue.Queue()
        try:
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=environment,
                # So that what it starts is ended with it.
                start_new_session=True,
                preexec_fn=limit if address_space else None,
            )
        except OSError as error:
            raise Broken(f"cannot be started: {error}") from error
        self.threads = [threading.Thread(target=read, daemon=True) for read in (self.read_answers, self.read_errors)]
        for thread in self.threads:
            thread.start()

    def read_answers(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def read_errors(self):
        for line in self.process.stderr:
            self.errors.write(line)
            self.errors.flush()
            if line.strip():
                self.last_lines.append(line.strip()[:LINE_LENGTH])

    def ask(self, line, until):
        """The answer to a line, or `Broken` if none came by `until`, a time of `time.monotonic`."""
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        except OSError:
            # It has ended; the reason comes below.
            pass
        return self.answer(until)

    def answer(self, until):
        """The next line of its output. A line that is no JSON is kept as one of the last lines."""
        while True:
            try:
                line = self.answers.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                self.kill()
                raise Broken("no answer within its time", self.last_lines) from None
            if line is None:
                raise Broken(self.ending(), self.last_lines)
            try:
                return json.loads(line)
            except ValueError:
                self.last_lines.append(line.strip()[:LINE_LENGTH])

    def ending(self):
        """How it ended, once its output has."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its output"
        self.threads[1].join(PATIENCE)
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"ended by signal {-code}"

    def peak_rss(self):
        """The most memory that the process held at a time, in MiB, as Linux counts it; `None` if it has ended."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return None
        kib = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        return kib[0] / 1024 if kib else None

    def all(self, until):
        """What a process prints that is asked nothing, up to its end."""
        self.process.stdin.close()
        found = []
        while True:
            try:
                found.append(self.answer(until))
            except Broken:
                if self.process.poll() == 0:
                    return found
                raise

    def kill(self):
        """Ends it; a GPU's memory is free then."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            # It has ended, or hangs in the driver.
            pass


class CardMemory:
    """The most memory in use on a GPU while a block runs beyond what was in use before, in MiB.

    `most` is `None` where nvidia-smi says nothing.
    """

    def __init__(self, index):
        self.index, self.most = index, None

    def __enter__(self):
        query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits", "-lms", "100"]
        try:
            self.process = subprocess.Popen(
                ["nvidia-smi", f"--id={self.index}", *query],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError:
            self.process = None
            return self
        self.first = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        # What is in use before the block begins.
        self.first.wait(PATIENCE)
        return self

    def watch(self):
        before = None
        for line in self.process.stdout:
            try:
                used = float(line)
            except ValueError:
                break
            # It sinks where a process that was ended just now is still being cleared away.
            before = used if before is None else min(before, used)
            self.most = max(self.most or 0.0, used - before)
            self.first.set()
        self.first.set()

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.thread.join(PATIENCE)
