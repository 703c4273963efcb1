"""Pictures as networks see them: planes folded to blocks, with side information beside them."""

from __future__ import annotations

import torch
from torch import Tensor

from .program import Program

SIDE_PLANES = 7
PLANES = 96  # 8x8 luma and two 4x4 chroma samples of an 8x8 block
PICTURE_PLANES = (("y", "height", "width"), ("u", "halfHeight", "halfWidth"), ("v", "halfHeight", "halfWidth"))


def fold(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Planes [N, h, w] (chroma half size) to NHWC blocks [N, h / 8, w / 8, 96]."""

    def one(plane: Tensor, block: int) -> Tensor:
        n, h, w = plane.shape
        cells = plane.reshape(n, h // block, block, w // block, block).permute(0, 1, 3, 2, 4)
        return cells.reshape(n, h // block, w // block, block * block)

    return torch.cat([one(y, 8), one(u, 4), one(v, 4)], -1)


def unfold(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The inverse of `fold`."""

    def one(cells: Tensor, block: int) -> Tensor:
        n, h, w, _ = cells.shape
        return cells.reshape(n, h, w, block, block).permute(0, 1, 3, 2, 4).reshape(n, h * block, w * block)

    return one(x[..., :64], 8), one(x[..., 64:80], 4), one(x[..., 80:], 4)


def without_mean(weight: Tensor, ends: tuple[int, ...] = (0, 64, 80, 96)) -> None:
    """Most features start blind to brightness: each plane's part of a row (from end to end) loses its mean."""
    quarter = len(weight) // 8
    for start, end in zip(ends, ends[1:]):
        weight[quarter:, start:end] -= weight[quarter:, start:end].mean(1, keepdim=True)
    weight[:quarter, : ends[-1]] *= 0.25


def picture_inputs(p: Program, offset: int) -> tuple[str, str]:
    """Folded picture plus `offset` and side information, as floats."""
    planes = [p.input(name, 1, h, w, offset, block) for (name, h, w), block in zip(PICTURE_PLANES, (8, 4, 4))]
    return p.concat(planes), p.input("side", SIDE_PLANES, "blockRows", "blockColumns")


def byte_inputs(p: Program) -> tuple[str, str]:
    """Folded picture and side information, as bytes."""
    planes = [p.fold(p.input_bytes(name, 1, h, w), block) for (name, h, w), block in zip(PICTURE_PLANES, (8, 4, 4))]
    return p.concat(planes), p.input_bytes("side", SIDE_PLANES, "blockRows", "blockColumns")


def picture_outputs(p: Program, x: str) -> None:
    """`x`, floats of 0..255 or bytes, as the filtered planes."""
    p.output("filteredY", p.slice(x, 0, 64), 1, "height", "width", 8)
    p.output("filteredU", p.slice(x, 64, 80), 1, "halfHeight", "halfWidth", 4)
    p.output("filteredV", p.slice(x, 80, 96), 1, "halfHeight", "halfWidth", 4)
