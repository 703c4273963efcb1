"""The order in which the cells of a token frame are read: four passes; each uses the cells of the earlier passes."""

from __future__ import annotations

import torch
from torch import Tensor

# Parity of row and column of the cells of each pass: corners of squares of four first, then the opposite ones.
PASSES = ((0, 0), (1, 1), (0, 1), (1, 0))


def pass_grid(rows: int, columns: int, device: torch.device | str = "cpu") -> Tensor:
    """Pass 0..3 in which each cell [rows, columns] is read."""
    grid = torch.empty(rows, columns, dtype=torch.int64, device=device)
    for index, (row, column) in enumerate(PASSES):
        grid[row::2, column::2] = index
    return grid
