#!/usr/bin/env bash
# The CUDA headers that PyTorch 2.11.0's requirements bring do not compile <mma.h>, <cooperative_groups.h> or <cuda/barrier>.
#
# NVRTC compiles CUDA C++ at run time and takes headers from a folder. PyTorch's wheels bring both: `nvidia-cuda-nvrtc` and
# `nvidia-cuda-runtime`, whose `include` folder holds `mma.h`, the interface to tensor cores. But `mma.h` includes `crt/mma.h`,
# and `cooperative_groups.h` includes `cuda/std` headers; these are in two other packages, `nvidia-cuda-crt` and
# `nvidia-cuda-cccl`, that neither PyTorch nor `nvidia-cuda-runtime` asks for. So a program that compiles kernels with what a
# PyTorch installation has gets its elementwise kernels and none for tensor cores. Where such a program tries several kernels
# and keeps the fastest that compiles, as CubeCL's autotuning does, nothing is reported, and products are computed without
# tensor cores.
#
# Seen with the versions below: `cuda_bf16.h` compiles for sm_90a; `mma.h`, `cooperative_groups.h` and `cuda/barrier` fail
# with a header that cannot be opened; with the two packages beside them all four compile.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
# All that PyTorch asks for, and what that asks for in turn; nothing of it is fetched.
"$work/venv/bin/pip" install --quiet --dry-run --ignore-installed --report "$work/report.json" torch==2.11.0 >/dev/null
python3 - "$work/report.json" <<'P'
import json
import sys

names = [package["metadata"]["name"] for package in json.load(open(sys.argv[1]))["install"]]
missing = [name for name in ("nvidia-cuda-crt", "nvidia-cuda-cccl") if name not in names]
print(f"torch 2.11.0 brings {len(names)} packages, of them nvidia-cuda-runtime: {'nvidia-cuda-runtime' in names};", end=" ")
print("missing:", ", ".join(missing))
sys.exit(None if len(missing) == 2 and "nvidia-cuda-runtime" in names else "what was seen has changed")
P
"$work/venv/bin/pip" install --quiet nvidia-cuda-nvrtc==13.0.88 nvidia-cuda-runtime==13.0.96
cat > "$work/show.py" <<'P'
import ctypes
import site
import sys
from pathlib import Path

HEADERS = ["cuda_bf16.h", "mma.h", "cooperative_groups.h", "cuda/barrier"]
root = Path(site.getsitepackages()[0], "nvidia/cu13")
# NVRTC looks for its other half by name.
ctypes.CDLL(str(next(root.glob("lib/libnvrtc-builtins.so.*"))), mode=ctypes.RTLD_GLOBAL)
nvrtc = ctypes.CDLL(str(next(root.glob("lib/libnvrtc.so.*"))))


def compiles(header):
    """Whether a kernel with this header compiles, and the first line that says why not."""
    program = ctypes.c_void_p()
    source = f'#include <{header}>\nextern "C" __global__ void kernel() {{}}\n'.encode()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"kernel.cu", 0, None, None) == 0
    options = [b"--gpu-architecture=sm_90a", b"-I" + bytes(root / "include"), b"-I" + bytes(root / "include/cccl")]
    status = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    assert nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size)) == 0
    log = ctypes.create_string_buffer(size.value)
    assert nvrtc.nvrtcGetProgramLog(program, log) == 0
    errors = [line for line in log.value.decode().splitlines() if "error" in line]
    return status == 0, errors[0].split(": ", 1)[-1] if errors else "compiles"


found = {header: compiles(header) for header in HEADERS}
for header, (_, text) in found.items():
    print(f"  {header}: {text}")
expected = [True, sys.argv[1] == "all", sys.argv[1] == "all", sys.argv[1] == "all"]
if [good for good, _ in found.values()] != expected:
    sys.exit("what was seen has changed")
P
echo "what PyTorch's requirements bring:"
"$work/venv/bin/python" "$work/show.py" part
"$work/venv/bin/pip" install --quiet nvidia-cuda-crt==13.0.88 nvidia-cuda-cccl==13.0.85
echo "with nvidia-cuda-crt and nvidia-cuda-cccl:"
"$work/venv/bin/python" "$work/show.py" all
