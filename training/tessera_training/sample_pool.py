"""Pictures of any sizes in the memory of a device, and squares cut from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class SamplePool:
    """uint8 arrays one after the other; `starts` says where each begins."""

    def __init__(self, arrays: Sequence[np.ndarray], device: str) -> None:
        self.starts = np.cumsum([0, *(array.size for array in arrays)])
        self.samples = torch.empty(int(self.starts[-1]), dtype=torch.uint8, device=device)
        for start, array in zip(self.starts, arrays):
            self.samples[start : start + array.size] = torch.from_numpy(np.array(array).reshape(-1)).to(device)

    def squares(self, corner: np.ndarray, width: np.ndarray, size: int, mirrored: np.ndarray) -> Tensor:
        """uint8 [..., size, size], from the sample numbers `corner` [...] on, of rows that are `width` apart.

        `width` and `mirrored` (left to right) broadcast against `corner`.
        """
        device = self.samples.device

        def each(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.astype(np.int64)).to(device)[..., None, None]

        edge = torch.arange(size, device=device)
        across = torch.where(each(mirrored) > 0, size - 1 - edge, edge)
        return self.samples[each(corner) + each(width) * edge[:, None] + across]
