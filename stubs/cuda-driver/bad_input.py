"""What is missing on the way to a GPU is an error with a hint, before a model is loaded, and the processor stays listed."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def without(paths, part):
    return ":".join(path for path in paths.split(":") if Path(path) != part)


def cases(bench):
    """What is changed in the environment, and what has to be said."""
    plain = bench.environment(bench.folder / "unused")
    libraries = plain["LD_LIBRARY_PATH"]
    bare = bench.folder / "bare"
    (bare / "include").mkdir(parents=True, exist_ok=True)
    # As PyTorch's wheels leave it: no crt and no cccl.
    wheels = bench.folder / "wheels" / "include"
    wheels.mkdir(parents=True, exist_ok=True)
    for header in (bench.nvidia / "include").glob("*.h"):
        if not (wheels / header.name).exists():
            (wheels / header.name).symlink_to(header)
    nvrtc = without(without(libraries, bench.listener), bench.nvidia / "lib")
    return {
        "no driver": ({"LD_LIBRARY_PATH": without(libraries, bench.driver)}, ["no device `cuda:0`", "libcuda.so.1, was not found"]),
        "no GPU": ({"CUDA_STANDIN_DEVICES": "0"}, ["no device `cuda:0`", "no CUDA-capable device is detected"]),
        "a driver for CUDA 12.8": ({"CUDA_STANDIN_DRIVER": "12080"}, ["driver is too old", "hint: ", "580 or newer"]),
        "no NVRTC": ({"LD_LIBRARY_PATH": nvrtc}, ["libnvrtc, was not found", "hint: ", "nvidia-cuda-nvrtc"]),
        "no headers": ({"CUDA_PATH": str(bare)}, ["cuda_fp16.h is not in", "hint: ", "CUDA_PATH"]),
        "headers of PyTorch's wheels alone": ({"CUDA_PATH": str(wheels.parent)}, ["crt/mma.h is not in", "hint: ", "nvidia-cuda-crt"]),
        "no CUDA_PATH": ({"CUDA_PATH": None}, ["headers were not found", "hint: ", "CUDA_PATH"]),
    }


def check(bench):
    """Adds what is wrong to the bench's failures, and returns rows of a table."""
    rows = []
    for name, (changes, expected) in cases(bench).items():
        if name == "no CUDA_PATH" and any(Path(path).exists() for path in ("/usr/local/cuda", "/opt/cuda", "/usr/bin/nvcc")):
            print("SKIPPED no CUDA_PATH: this machine has a CUDA toolkit", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
            log = Path(folder) / "log"
            environment = bench.environment(log) | changes
            environment = {key: value for key, value in environment.items() if value is not None}

            def clika(*arguments):
                command = [bench.program, *arguments]
                return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)

            config = bench.configs / "llama_small.json"
            done = clika("cuda:0", config, "score", "4", "16", "64")
            said = done.stderr
            wrong = [f"`{words}` is not said" for words in expected if words not in said]
            wrong += ["it panicked"] if "panicked" in said else []
            wrong += [f"exit code {done.returncode}"] if done.returncode != 1 else []
            wrong += ["the model was loaded"] if log.exists() and '"phase"' in log.read_text() else []
            listed = clika("devices")
            devices = json.loads(listed.stdout) if listed.returncode == 0 else []
            wrong += ["the processor is not listed"] if "cpu" not in [device["device"] for device in devices] else []
        bench.failures += [f"{name}: {problem}\n{said}" for problem in wrong]
        rows.append([name, said.strip().replace("\n", "<br>").replace("|", "\\|")])
    return rows
