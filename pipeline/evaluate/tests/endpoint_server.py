"""What the tests of real servers share: a server that is started and ended, and clika against it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pyarrow.parquet as parquet


def check(condition, message):
    if not condition:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


@contextlib.contextmanager
def served(command, path, log, variables=None):
    """The address of a server that `command` starts at a free port, once it answers to `path`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*map(str, command), "--host", "127.0.0.1", "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ | (variables or {}),
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            check(process.poll() is None, "the server did not start")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address + path, timeout=1)
                break
            time.sleep(1)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def clika(program, arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=1800)


def error(output):
    """The error that clika ended with, on one line."""
    check(output.returncode == 1 and "\nerror: " in "\n" + output.stderr, output.stderr)
    said = ("\n" + output.stderr).rsplit("\nerror: ", 1)[1]
    return " ".join(said.split())


def prompts(datasets, task, language):
    """The paper's prompts, written from its text, independently of clika."""
    path = datasets / task / "data" / language / "test-00000-of-00001.parquet"
    for row in parquet.read_table(path).to_pylist():
        choices = "".join(f"{'ABCDE'[i]}. {text}\n" for i, text in enumerate(row["choices"]))
        if "premise" in row:
            asks = {
                "cause": "What was the cause of this?",
                "effect": "What happened as a result?",
            }[row["relation"]]
            yield row["id"], (
                "Answer the following multiple choice questions by selecting the correct option according "
                "to the Premise.Please choose the correct one from the two options A and B.\n"
                "Premise:The sky turns dark.\nQuestion:What was the cause of this?\nA. It's night.\n"
                "B. It's noon.\nAnswer:A. It's night.\n\n"
                f"Premise:{row['premise']}\nQuestion:{asks}\n{choices}Answer:"
            )
        else:
            yield row["id"], (
                "The following are multiple choice questions. Please choose the most reasonable one from "
                "the following options.\nQuestion:2+3=?\nA. 1\nB. 2\nC. 3\nD. 5\nE. 6\nAnswer:D. 5\n"
                f"Question:{row['question']}\n{choices}Answer:"
            )
