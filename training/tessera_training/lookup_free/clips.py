"""Reads what `tessera-dev planes` writes, and draws crops of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..folded import fold, unfold
from ..sample_pool import SamplePool
from .networks import GROUP, SAMPLES


@dataclass(frozen=True)
class Clip:
    """The planes of one clip: uint8 [frames, rows, columns], chroma at half size."""

    name: str
    planes: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def frames(self) -> int:
        return len(self.planes[0])


def open_clips(root: Path) -> list[Clip]:
    """All complete clips under `root`, by name. Raises FileNotFoundError if there is none."""
    clips = []
    for meta in sorted(Path(root).glob("*/meta.json")):
        planes = tuple(np.load(meta.parent / f"{plane}.npy", mmap_mode="r") for plane in "yuv")
        clips.append(Clip(str(json.loads(meta.read_text())["clip"]), planes))
    if not clips:
        raise FileNotFoundError(f"{root}: no clip (a folder with meta.json); run `tessera-dev planes` first")
    return clips


def fold_cells(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Planes [..., rows, columns] (chroma half size) to cells [..., 96, rows / 8, columns / 8]."""
    ahead = y.shape[:-2]
    return fold(*(plane.flatten(0, -3) for plane in (y, u, v))).unflatten(0, ahead).movedim(-1, -3)


def unfold_cells(cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The inverse of `fold_cells`."""
    ahead = cells.shape[:-3]
    y, u, v = (plane.unflatten(0, ahead) for plane in unfold(cells.movedim(-3, -1).flatten(0, -4)))
    return y, u, v


def to_groups(cells: Tensor) -> Tensor:
    """Frames [N, 1 + 4k, 96, h, w] as token frames' input [N, 1 + k, 384, h, w]: the first frame stands four times."""
    n, frames, _, rows, columns = cells.shape
    first = cells[:, :1].expand(-1, GROUP, -1, -1, -1)
    every = torch.cat([first, cells[:, 1:]], 1)
    return every.reshape(n, (frames + GROUP - 1) // GROUP, GROUP * SAMPLES, rows, columns)


def centre_crops(clips: list[Clip], size: int, frames: int) -> Tensor:
    """The middle of the first frames of each clip as cells [clips, frames, 96, size / 8, size / 8], there and back."""
    return torch.stack([middle(clip, there_and_back(np.arange(frames), clip.frames), size) for clip in clips])


def middle(clip: Clip, time: np.ndarray, size: int) -> Tensor:
    """The middle of some frames of a clip, at most `size` luma samples a side, as cells [frames, 96, h, w]."""
    parts = []
    for plane, half in zip(clip.planes, (1, 2, 2)):
        # Luma's corner is a multiple of 16, so that chroma's is one of 8.
        top, left = (max(0, side * half - size) // 32 * 16 // half for side in plane.shape[1:])
        parts.append(torch.from_numpy(plane[time, top : top + size // half, left : left + size // half].copy()))
    return fold_cells(*parts)


def there_and_back(time: np.ndarray, count: int) -> np.ndarray:
    """Frame numbers of a clip of `count` frames that is played forwards and backwards in turn."""
    period = max(1, 2 * count - 2)
    return np.minimum(time % period, period - time % period) if count > 1 else np.zeros_like(time)


class CropFeeder:
    """Random crops of consecutive frames: uint8 samples as cells [N, frames, 96, size / 8, size / 8].

    All samples lie in the memory of `device`; crops are gathered there.
    """

    def __init__(self, clips: list[Clip], batch: int, size: int, generator: np.random.Generator, device: str) -> None:
        self.batch, self.size, self.generator = batch, size, generator
        self.shapes = np.array([clip.planes[0].shape for clip in clips])
        self.pools = [SamplePool([clip.planes[plane] for clip in clips], device) for plane in range(3)]
        self.weights = np.cumsum(self.shapes[:, 0], dtype=np.float64)

    def draw(self, frames: int) -> Tensor:
        """A batch of so many frames; a clip that is shorter goes on backwards and forwards again."""
        places = [self._place(frames) for _ in range(self.batch)]
        clip, top, left, mirrored = (np.array(column)[:, None] for column in zip(*(place[:4] for place in places)))
        frame = np.stack([place[4] for place in places])
        height, width = (self.shapes[clip, side] for side in (1, 2))
        planes = []
        for pool, half in zip(self.pools, (1, 2, 2)):
            h, w = height // half, width // half
            corner = pool.starts[clip] + (frame * h + top // half) * w + left // half
            planes.append(pool.squares(corner, w, self.size // half, mirrored))
        return fold_cells(*planes)

    def _place(self, frames: int) -> tuple[int, int, int, bool, np.ndarray]:
        """Clip, first row and column, whether it is mirrored, and the numbers of the frames."""
        generator = self.generator
        drawn = int(np.searchsorted(self.weights, generator.random() * self.weights[-1], side="right"))
        clip = min(drawn, len(self.shapes) - 1)
        count, height, width = self.shapes[clip]
        # Every fourth crop runs at twice the speed, if the clip is long enough.
        stride = 2 if generator.random() < 0.25 and count >= 2 * frames else 1
        first = int(generator.integers(max(1, count - stride * (frames - 1))))
        top, left = (2 * int(generator.integers((length - self.size) // 2 + 1)) for length in (height, width))
        mirrored = bool(generator.random() < 0.5)
        return clip, top, left, mirrored, there_and_back(first + stride * np.arange(frames), count)
