"""Pictures of any sizes in the memory of a device, and squares cut from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class SamplePool:
    """uint8 arrays one after another; `starts` holds the start of each."""

    def __init__(self, arrays: Sequence[np.ndarray], device: str) -> None:
        self.starts = np.cumsum([0, *(array.size for array in arrays)])
        self.samples = torch.empty(int(self.starts[-1]), dtype=torch.uint8, device=device)
        for start, array in zip(self.starts, arrays):
            self.samples[start : start + array.size] = torch.from_numpy(np.array(array).reshape(-1)).to(device)

    def squares(self, corner: np.ndarray, width: np.ndarray, size: int, symmetry: np.ndarray) -> Tensor:
        """uint8 [..., size, size], from the sample numbers `corner` [...] on, of rows that are `width` apart.

        `width` and `symmetry` (as for `turned`) broadcast against `corner`.
        """
        device = self.samples.device

        def each(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.astype(np.int64)).to(device)[..., None, None]

        bits = each(symmetry)
        edge = torch.arange(size, device=device)
        across = torch.where(bits & 1 > 0, size - 1 - edge, edge)
        down = torch.where(bits & 2 > 0, size - 1 - edge[:, None], edge[:, None])
        row, column = torch.where(bits & 4 > 0, across, down), torch.where(bits & 4 > 0, down, across)
        return self.samples[each(corner) + each(width) * row + column]


def turned(square: np.ndarray, symmetry: int) -> np.ndarray:
    """One of the eight symmetries of a square (the last two axes): transposed if bit 2 is set, then mirrored upside down
    if bit 1 is, and left to right if bit 0 is."""
    if symmetry & 4:
        square = square.swapaxes(-1, -2)
    return square[..., :: -1 if symmetry & 2 else 1, :: -1 if symmetry & 1 else 1]
