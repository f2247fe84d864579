"""CUDA's libraries and headers for our side of `make bench-gpu`.

    bench_gpu_cuda.py    prints, as a line of JSON, which NVRTC the program would load

NVRTC compiles kernels where they run. It and CUDA's headers come from a toolkit, or from PyTorch's wheels. These lack
the headers of tensor cores; bench_gpu_pack.py has packed them.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKED = HERE / "headers"
# The names that cudarc tries, in its order.
NVRTC = ["libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12"]


def environment(folder):
    """The environment with what is there of CUDA. Headers that lack some are put together in `folder`."""
    variables = dict(os.environ)
    places = [variables.get("CUDA_PATH"), "/usr/local/cuda", "/opt/cuda"]
    places += [Path(entry) / "nvidia" / "cu13" for entry in sys.path if entry]
    places = [place for place in map(Path, filter(None, places)) if (place / "include").is_dir()]
    if not places:
        return variables
    place = min(places, key=lambda place: len(missing(place)))
    libraries = [str(place / name) for name in ("lib64", "lib") if (place / name).is_dir()]
    before = variables.get("LD_LIBRARY_PATH")
    variables["LD_LIBRARY_PATH"] = ":".join([*([before] if before else []), *libraries])
    variables["CUDA_PATH"] = str(completed(place, folder) if missing(place) else place)
    return variables


def without(variables):
    """The environment without a word on CUDA's headers."""
    return {key: value for key, value in variables.items() if key != "CUDA_PATH"}


def missing(place):
    """What kernels include that PyTorch's wheels lack."""
    return [name for name in ("crt", "cccl") if not (place / "include" / name).is_dir()]


def completed(place, folder):
    """A folder like `place` whose headers are linked to, with the packed ones next to them."""
    include = folder / "cuda" / "include"
    include.mkdir(parents=True, exist_ok=True)
    for entry in [*(place / "include").iterdir(), *(PACKED / name for name in missing(place))]:
        link = include / entry.name
        link.unlink(missing_ok=True)
        link.symlink_to(entry.absolute())
    return include.parent


def nvrtc():
    for name in NVRTC:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        major, minor = ctypes.c_int(), ctypes.c_int()
        library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        return f"{major.value}.{minor.value}, {name}"
    return "missing"


if __name__ == "__main__":
    print(json.dumps({"nvrtc": nvrtc()}))
