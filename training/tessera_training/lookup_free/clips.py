"""Reads what `tessera-dev planes` writes, and draws crops of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

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


def split_clips(clips: list[Clip], every: int) -> tuple[list[Clip], list[Clip]]:
    """Training and held-out clips: every `every`-th is held out."""
    held = {clip.name for clip in clips[every // 2 :: every]} if len(clips) > 1 else set()
    return [c for c in clips if c.name not in held], [c for c in clips if c.name in held] or clips


def fold_cells(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Planes [..., rows, columns] (chroma half size) to cells [..., 96, rows / 8, columns / 8]."""

    def one(plane: Tensor, block: int) -> Tensor:
        *ahead, rows, columns = plane.shape
        cells = plane.reshape(*ahead, rows // block, block, columns // block, block)
        n = len(ahead)
        order = (*range(n), n + 1, n + 3, n, n + 2)
        return cells.permute(order).reshape(*ahead, block * block, rows // block, columns // block)

    return torch.cat([one(y, 8), one(u, 4), one(v, 4)], -3)


def unfold_cells(cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The inverse of `fold_cells`."""

    def one(part: Tensor, block: int) -> Tensor:
        *ahead, _, rows, columns = part.shape
        n = len(ahead)
        squares = part.reshape(*ahead, block, block, rows, columns)
        return squares.permute(*range(n), n + 2, n, n + 3, n + 1).reshape(*ahead, rows * block, columns * block)

    y, u, v = cells.split((64, 16, 16), -3)
    return one(y, 8), one(u, 4), one(v, 4)


def to_groups(cells: Tensor) -> Tensor:
    """Frames [N, 1 + 4k, 96, h, w] as token frames' input [N, 1 + k, 384, h, w]: the first frame stands four times."""
    n, frames, _, rows, columns = cells.shape
    first = cells[:, :1].expand(-1, GROUP, -1, -1, -1)
    every = torch.cat([first, cells[:, 1:]], 1)
    return every.reshape(n, (frames + GROUP - 1) // GROUP, GROUP * SAMPLES, rows, columns)


def centre_crops(clips: list[Clip], size: int, frames: int) -> Tensor:
    """The middle of the first frames of each clip as cells [clips, frames, 96, size / 8, size / 8], there and back."""
    results = []
    for clip in clips:
        time = there_and_back(np.arange(frames), clip.frames)
        parts = []
        for plane, half in zip(clip.planes, (1, 2, 2)):
            s = size // half
            top, left = ((length - s) // 2 // 8 * 8 for length in plane.shape[1:])
            parts.append(torch.from_numpy(plane[time, top : top + s, left : left + s].copy()))
        results.append(fold_cells(*parts))
    return torch.stack(results)


def there_and_back(time: np.ndarray, count: int) -> np.ndarray:
    """Frame numbers of a clip of `count` frames that is played forwards and backwards in turn."""
    period = max(1, 2 * count - 2)
    return np.minimum(time % period, period - time % period) if count > 1 else np.zeros_like(time)


class CropFeeder:
    """Random crops of consecutive frames: uint8 samples as cells [N, frames, 96, size / 8, size / 8].

    All samples lie in one tensor on `device`; crops are gathered there.
    """

    def __init__(self, clips: list[Clip], batch: int, size: int, generator: np.random.Generator, device: str) -> None:
        self.batch, self.size, self.generator, self.device = batch, size, generator, device
        self.shapes = [clip.planes[0].shape for clip in clips]
        self.data, self.starts = [], []
        for plane in range(3):
            lengths = [clip.planes[plane].size for clip in clips]
            self.starts.append(np.concatenate([[0], np.cumsum(lengths)[:-1]]))
            joined = torch.empty(sum(lengths), dtype=torch.uint8)
            for start, clip in zip(self.starts[-1], clips):
                joined[start : start + clip.planes[plane].size] = torch.from_numpy(np.array(clip.planes[plane])).reshape(-1)
            self.data.append(joined.to(device))
        self.weights = np.cumsum([shape[0] for shape in self.shapes], dtype=np.float64)

    def draw(self, frames: int) -> Tensor:
        """A batch of so many frames; a clip that is shorter goes on backwards and forwards again."""
        batch, size, generator = self.batch, self.size, self.generator
        rows = []
        for _ in range(batch):
            clip = int(np.searchsorted(self.weights, generator.random() * self.weights[-1], side="right"))
            count, height, width = self.shapes[min(clip, len(self.shapes) - 1)]
            clip = min(clip, len(self.shapes) - 1)
            # Every fourth crop runs at twice the speed, if the clip is long enough.
            stride = 2 if generator.random() < 0.25 and count >= 2 * frames else 1
            first = int(generator.integers(max(1, count - stride * (frames - 1))))
            top, left = (2 * int(generator.integers((length - size) // 2 + 1)) for length in (height, width))
            rows.append((clip, first, stride, top, left, height, width, count, generator.random() < 0.5))
        time = np.arange(frames)
        planes = []
        for plane, half in enumerate((1, 2, 2)):
            base = np.empty((batch, frames), np.int64)
            step = np.empty(batch, np.int64)
            for i, (clip, first, stride, top, left, height, width, count, _) in enumerate(rows):
                h, w = height // half, width // half
                at = there_and_back(first + stride * time, count)
                base[i] = self.starts[plane][clip] + at * (h * w) + (top // half) * w + left // half
                step[i] = w
            edge = torch.arange(size // half, device=self.device)
            start = torch.from_numpy(base).to(self.device)[:, :, None, None]
            across = torch.from_numpy(step).to(self.device)[:, None, None, None]
            planes.append(self.data[plane][start + across * edge[:, None] + edge])
        mirrored = torch.tensor([row[-1] for row in rows], device=self.device)[:, None, None, None]
        return fold_cells(*(torch.where(mirrored, plane.flip(-1), plane) for plane in planes))
