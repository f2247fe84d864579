"""Runs what `make bench-gpu` packed on devices that are no GPU, whole and with what may go wrong on one.

Usage: bench_gpu_rehearse.py PACKED [--driver FOLDER] [DEVICE ...]

PACKED is bench-gpu.tar.gz; DEVICES are cpu, by default, and vulkan:N, which a software such as SwiftShader may be: then
tests/software_vulkan.py runs this. The Python that runs it has PyTorch, transformers and PEFT; the one that it was made
from has not. Prints everything, and ends with an error where a table is not as it has to be. A missing NVRTC needs a
driver: FOLDER may hold a stand-in for its library, libcuda.so.1, and no libnvrtc.so; only that case sees it.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

PARTS = ["devices", "parity", "losses", "products", "lora-7b", "lora-13b", "scoring"]
WHOLE_SECONDS = 480
# On a software Vulkan a small training of 50 steps takes a minute.
VULKAN_SECONDS = 2400
SHORT_SECONDS = 40
# What misses NVRTC may hang instead of ending.
NVRTC_SECONDS = 120
# One of those that --small runs.
TRAINING = "bloom-paper"
# Starting and ending Python.
SLACK_SECONDS = 3

problems = []


def check(what, right):
    print(f"{'ok' if right else 'WRONG'}: {what}", flush=True)
    if not right:
        problems.append(what)


def run(folder, title, *arguments, python=sys.executable, seconds=WHOLE_SECONDS, driver=None):
    """The failures by part, the sides that answered by part, and the table."""
    print(f"\n#### {title}: bench_gpu.py {' '.join(arguments)}\n", flush=True)
    begin = time.monotonic()
    command = [python, folder / "bench_gpu.py", "--small", "--seconds", str(seconds), *arguments]
    variables = os.environ | {"LD_LIBRARY_PATH": driver} if driver else None
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables)
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    process.wait()
    took = time.monotonic() - begin
    check(f"{title}: ended after {took:.0f} s of {seconds} s", took <= seconds + SLACK_SECONDS)
    failures = {}
    for line in lines:
        _, failed, rest = line.partition("] FAILED ")
        if failed:
            part, _, reason = rest.partition(": ")
            failures.setdefault(part, []).append(reason)
    check(f"{title}: the exit code says whether something failed", process.returncode == (1 if failures else 0))
    table = (folder / "results" / "table.md").read_text()
    check(f"{title}: the table is printed and kept", "".join(lines).count(table.strip()) == 1)
    answered = {}
    for line in (folder / "results" / "results.jsonl").read_text().splitlines():
        result = json.loads(line)
        answered.setdefault(result["part"], set()).add(result["side"])
    return failures, answered, table


def whole(folder, device):
    title = f"whole on {device}"
    seconds = VULKAN_SECONDS if device.startswith("vulkan") else WHOLE_SECONDS
    failures, answered, _ = run(folder, title, "--device", device, "--rounds", "1", seconds=seconds)
    check(f"{title}: nothing failed", not failures)
    check(f"{title}: six parts have answers", set(answered) == set(PARTS[1:]))
    both = {part for part, sides in answered.items() if sides == {"ours", "theirs"}}
    check(f"{title}: both sides answered in four", both == set(PARTS[3:]))


def out_of_memory(folder, device):
    title = f"out of memory on {device}"
    arguments = ["--parts", "lora-7b,scoring", "--out-of-memory", "lora-7b"]
    failures, answered, _ = run(folder, title, "--device", device, *arguments)
    reasons = failures.get("lora-7b", [])
    check(f"{title}: only its part failed", set(failures) == {"lora-7b"})
    for side in ("ours", "theirs"):
        memory = [reason for reason in reasons if reason.startswith(f"{side}, ") and "memory" in reason.lower()]
        check(f"{title}: memory is what was too little for {side}", bool(memory))
    check(f"{title}: the next part ran", answered.get("scoring") == {"ours", "theirs"})


def wrong_numbers(folder):
    """Expects the logits of another model, and a loss that PEFT did not give."""
    title = "wrong numbers"
    logits = folder / "fixtures" / "qwen2" / "expected.safetensors"
    losses = folder / "fixtures-training" / TRAINING / "training.json"
    right = {path: path.read_bytes() for path in (logits, losses)}
    shutil.copy(folder / "fixtures" / "qwen2-tied" / "expected.safetensors", logits)
    training = json.loads(right[losses])
    training["losses"][30] += 0.001
    losses.write_text(json.dumps(training))
    failures, _, _ = run(folder, title, "--device", "cpu", "--parts", "parity,losses")
    found = {(part, reason.split()[0]) for part, reasons in failures.items() for reason in reasons}
    check(f"{title}: they are found, and no others", found == {("parity", "qwen2"), ("losses", TRAINING)})
    for path, content in right.items():
        path.write_bytes(content)


def without_peers(folder):
    title = "without PyTorch"
    parts = ["--parts", "devices,products,lora-7b,scoring"]
    failures, answered, _ = run(folder, title, "--device", "cpu", *parts, python=sys._base_executable)
    check(f"{title}: its failures are theirs", all(r.startswith("theirs") for rs in failures.values() for r in rs))
    check(f"{title}: ours was timed", set(answered) == {"products", "lora-7b", "scoring"})


def short_of_time(folder):
    title = "short of time"
    failures, _, table = run(folder, title, "--device", "cpu", seconds=SHORT_SECONDS)
    check(f"{title}: what was not timed is named", "within its time" in table or "not asked" in table)


def without_driver(folder):
    title = "without a GPU's driver"
    failures, answered, _ = run(folder, title, "--parts", "devices,parity,products")
    check(f"{title}: every part says so", set(failures) == {"devices", "parity", "products"} and not answered)


def without_nvrtc(folder, driver):
    title = "without NVRTC"
    arguments = ["--no-nvrtc", "--parts", "devices,parity,losses,scoring"]
    failures, answered, _ = run(folder, title, *arguments, seconds=NVRTC_SECONDS, driver=driver)
    reasons = failures.get("parity", [])
    check(f"{title}: the reason is named", any("nvrtc" in reason.lower() or "CUDA" in reason for reason in reasons))
    check(f"{title}: the next parts were tried", {"losses", "scoring"} <= set(failures))


def main(packed, *names):
    driver = None
    if names[:1] == ("--driver",):
        driver, names = names[1], names[2:]
    with tempfile.TemporaryDirectory() as unpacked:
        with tarfile.open(packed) as archive:
            archive.extractall(unpacked, filter="data")
        [folder] = Path(unpacked).iterdir()
        there = subprocess.run([folder / "bench_gpu", "devices"], capture_output=True, text=True).stdout
        has_gpu = '"cuda:0"' in there
        for device in names or ["cpu"]:
            whole(folder, device)
        wrong_numbers(folder)
        out_of_memory(folder, "cpu")
        without_peers(folder)
        short_of_time(folder)
        if has_gpu:
            print("SKIPPED a missing driver: there is one here")
        else:
            without_driver(folder)
        if has_gpu or driver:
            without_nvrtc(folder, driver)
        else:
            print("SKIPPED a missing NVRTC: no cuda:0 here, and no --driver")
        if shutil.which("nvidia-smi") is None:
            print("SKIPPED memory of a card: no nvidia-smi here")
    for problem in problems:
        print(f"WRONG: {problem}")
    sys.exit(1 if problems else 0)


main(*sys.argv[1:])
