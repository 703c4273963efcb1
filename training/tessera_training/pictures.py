"""Crops of dumped pictures for the filters, and how filtered pictures are rated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .networks import fold, unfold
from .shards import FrameSampler, Shard

PLANES = ("y", "u", "v")
# Share of each sample's squared error: 64 luma with weight 1, 32 chroma with weight 1/4.
SAMPLE_WEIGHTS = torch.cat([torch.ones(64), torch.full((32,), 0.25)]) / 72


class PictureFeeder:
    """Random crops: (decoded, original) folded [N, s, s, 96] and side [N, s, s, 6], s = size / 8."""

    def __init__(self, shards: list[Shard], source: str, batch: int, size: int, generator: np.random.Generator) -> None:
        self.shards, self.batch, self.generator = shards, batch, generator
        self.sampler = FrameSampler(shards, generator, key_share=0.1)
        self.arrays = [
            ([s.array(f"{source}-{p}") for p in PLANES], [s.array(f"original-{p}") for p in PLANES], s.array("side")) for s in shards
        ]
        self.size = min([size, *(16 * shard.rows for shard in shards), *(16 * shard.columns for shard in shards)])

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        decoded: list[list[np.ndarray]] = [[], [], []]
        original: list[list[np.ndarray]] = [[], [], []]
        sides = []
        cells = self.size // 8
        for _ in range(self.batch):
            s, frame = self.sampler.draw()
            _, _, height, width = self.arrays[s][2].shape
            top = int(self.generator.integers((height - cells) // 2 + 1)) * 2
            left = int(self.generator.integers((width - cells) // 2 + 1)) * 2
            mirrored = self.generator.random() < 0.5
            for plane, block in enumerate((8, 4, 4)):
                area = (
                    frame,
                    slice(top * block, (top + cells) * block),
                    slice(left * block, (left + cells) * block),
                )
                for target, source in ((decoded, self.arrays[s][0]), (original, self.arrays[s][1])):
                    crop = source[plane][area]
                    target[plane].append(crop[:, ::-1] if mirrored else crop)
            side = self.arrays[s][2][frame, :, top : top + cells, left : left + cells]
            sides.append(side[:, :, ::-1] if mirrored else side)
        return folded(decoded), folded(original), torch.from_numpy(np.stack(sides).transpose(0, 2, 3, 1).copy()).float()


def folded(planes: list[list[np.ndarray]]) -> Tensor:
    """Lists of uint8 pictures per plane to [N, h / 8, w / 8, 96] float."""
    return fold(*(torch.from_numpy(np.stack(plane)).float() for plane in planes))


def edge_extended(picture: Tensor, before: int, below: int, right: int) -> Tensor:
    """A folded picture [1, h, w, 96] with its edge samples repeated, in positions of 8x8 samples; [h', w', 96]."""
    planes = unfold(picture)
    extended = []
    for plane, block in zip(planes, (8, 4, 4)):
        height, width = plane.shape[1:]
        y = (torch.arange(height + (before + below) * block) - before * block).clamp(0, height - 1)
        x = (torch.arange(width + (before + right) * block) - before * block).clamp(0, width - 1)
        extended.append(plane[:, y][:, :, x])
    return fold(*extended)[0]


def whole_picture(shard: Shard, source: str, frame: int) -> tuple[Tensor, Tensor, Tensor]:
    """Decoded, original and side of one frame."""
    decoded = folded([[np.asarray(shard.array(f"{source}-{p}")[frame])] for p in PLANES])
    original = folded([[np.asarray(shard.array(f"original-{p}")[frame])] for p in PLANES])
    side = torch.from_numpy(np.asarray(shard.array("side")[frame]).transpose(1, 2, 0)[None].copy()).float()
    return decoded, original, side


def weighted_error(output: Tensor, original: Tensor) -> Tensor:
    """Mean squared error per picture, chroma at a quarter weight."""
    return ((output - original).square() * SAMPLE_WEIGHTS).sum(-1).mean((1, 2))


def psnr(output: Tensor, original: Tensor) -> float:
    """PSNR in dB of folded samples in 0..255."""
    error = float((output - original).double().square().mean())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


@torch.no_grad()
def rate_filter(
    run_filter: Callable[[Tensor, Tensor], Tensor],
    shards: list[Shard],
    source: str,
    frames: int,
    distance: Callable[[Tensor, Tensor], float] | None = None,
) -> tuple[str, dict[str, float]]:
    """Mean PSNR-Y (and `distance`, such as LPIPS) of held-out frames before and after; gains by q."""
    rows = []
    for shard in shards:
        for frame in np.unique(np.linspace(0, shard.frames - 1, frames).astype(int)):
            decoded, original, side = whole_picture(shard, source, int(frame))
            output = run_filter(decoded, side).round().clamp(0, 255)
            row = [float(shard.meta["q"]), psnr(decoded[..., :64], original[..., :64]), psnr(output[..., :64], original[..., :64])]
            row += [psnr(decoded[..., 64:], original[..., 64:]), psnr(output[..., 64:], original[..., 64:])]
            if distance:
                row += [distance(decoded, original), distance(output, original)]
            rows.append(row)
    table = np.array(rows)
    mean = table.mean(0)
    figures = {"psnr_y_before": mean[1], "psnr_y_after": mean[2], "psnr_c_before": mean[3], "psnr_c_after": mean[4]}
    text = f"PSNR-Y {mean[1]:.3f} -> {mean[2]:.3f}, chroma {mean[3]:.3f} -> {mean[4]:.3f}"
    if distance:
        figures |= {"lpips_before": mean[5], "lpips_after": mean[6]}
        text += f", LPIPS {mean[5]:.4f} -> {mean[6]:.4f}"
    gains = [f"q{q:.0f} {np.mean((table[:, 2] - table[:, 1])[table[:, 0] == q]):+.3f}" for q in np.unique(table[:, 0])]
    return text + " (PSNR-Y by q: " + ", ".join(gains) + ")", {k: float(v) for k, v in figures.items()}
