"""Writes fixtures/f64.bin and f8.bin, which bad_input.rs reads.

    pip install torch==2.11.0
    python pytorch.py
"""

from pathlib import Path

import torch

FIXTURES = Path(__file__).parent / "fixtures"

numbers = torch.tensor([[1, -2], [0.5, 4]], dtype=torch.float64)
torch.save({"a": numbers, "b": torch.tensor([7])}, FIXTURES / "f64.bin")
torch.save({"a": numbers.to(torch.float8_e4m3fn)}, FIXTURES / "f8.bin")
