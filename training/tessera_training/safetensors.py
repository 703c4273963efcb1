"""Reads and writes tensors of NumPy as safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file


def save(path: Path, tensors: dict[str, np.ndarray]) -> None:
    # save_file takes the memory of an array as it lies: that of a transposed one would be out of order.
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path)


def load(path: Path) -> dict[str, np.ndarray]:
    return load_file(path)
