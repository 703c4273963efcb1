"""Crops of dumped pictures for the filters, and how filtered pictures are rated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .folded import SIDE_PLANES, fold, unfold
from .sample_pool import SamplePool, turned
from .shards import FrameSampler, Shard
from .structure import ms_ssim

PLANES = ("y", "u", "v")
# Share of each sample's squared error: 64 luma with weight 1, 32 chroma with weight 1/4.
SAMPLE_WEIGHTS = torch.cat([torch.ones(64), torch.full((32,), 0.25)]) / 72


class PictureFeeder:
    """Random crops: (decoded, original) folded [N, s, s, 96] and side [N, s, s, 6], s = size / 8.

    Every crop is seen in one of a square's eight symmetries. Pictures stay on disk; only crops are read.
    """

    def __init__(self, shards: list[Shard], source: str, batch: int, size: int, generator: np.random.Generator) -> None:
        self.shards, self.batch, self.generator = shards, batch, generator
        self.sampler = FrameSampler(shards, generator, key_share=0.1)
        self.arrays = [
            ([s.array(f"{source}-{p}") for p in PLANES], [s.array(f"original-{p}") for p in PLANES], s.array("side")) for s in shards
        ]
        self.size = min([size, *(16 * shard.rows for shard in shards), *(16 * shard.columns for shard in shards)])

    def places(self) -> list[tuple[int, int, int, int, int]]:
        """A batch's shard, frame, first row and column of cells, and symmetry."""
        results = []
        for _ in range(self.batch):
            s, frame = self.sampler.draw()
            _, _, height, width = self.arrays[s][2].shape
            top = int(self.generator.integers((height - self.size // 8) // 2 + 1)) * 2
            left = int(self.generator.integers((width - self.size // 8) // 2 + 1)) * 2
            results.append((s, frame, top, left, int(self.generator.integers(8))))
        return results

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        decoded: list[list[np.ndarray]] = [[], [], []]
        original: list[list[np.ndarray]] = [[], [], []]
        sides = []
        cells = self.size // 8
        for s, frame, top, left, symmetry in self.places():
            for plane, block in enumerate((8, 4, 4)):
                area = (
                    frame,
                    slice(top * block, (top + cells) * block),
                    slice(left * block, (left + cells) * block),
                )
                for target, source in ((decoded, self.arrays[s][0]), (original, self.arrays[s][1])):
                    target[plane].append(turned(source[plane][area], symmetry))
            side = self.arrays[s][2][frame, :, top : top + cells, left : left + cells]
            sides.append(turned(side, symmetry))
        return folded(decoded), folded(original), torch.from_numpy(np.stack(sides).transpose(0, 2, 3, 1).copy()).float()


class ResidentFeeder(PictureFeeder):
    """The same crops, of pictures that all lie in the memory of a device: a GPU waits for no disk."""

    def __init__(
        self, shards: list[Shard], source: str, batch: int, size: int, generator: np.random.Generator, device: str
    ) -> None:
        super().__init__(shards, source, batch, size, generator)
        self.pools = [SamplePool([arrays[part][plane] for arrays in self.arrays], device) for part in (0, 1) for plane in range(3)]
        self.side_pool = SamplePool([arrays[2] for arrays in self.arrays], device)

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        s, frame, top, left, symmetry = (np.array(column) for column in zip(*self.places()))
        height, width = np.array([self.arrays[i][2].shape[2:] for i in s]).T
        cells = self.size // 8
        planes = []
        for pool, block in zip(self.pools, (8, 4, 4, 8, 4, 4)):
            w = width * block
            corner = pool.starts[s] + (frame * height + top) * block * w + left * block
            planes.append(pool.squares(corner, w, cells * block, symmetry).float())
        plane = np.arange(SIDE_PLANES)
        first = (((frame * SIDE_PLANES)[:, None] + plane) * height[:, None] + top[:, None]) * width[:, None] + left[:, None]
        starts = self.side_pool.starts[s][:, None]
        side = self.side_pool.squares(starts + first, width[:, None], cells, symmetry[:, None]).float()
        return fold(*planes[:3]), fold(*planes[3:]), side.permute(0, 2, 3, 1)


def make_feeder(
    shards: list[Shard], source: str, batch: int, size: int, generator: np.random.Generator, device: str
) -> PictureFeeder:
    """Crops on the device that trains."""
    if device == "cpu":
        return PictureFeeder(shards, source, batch, size, generator)
    return ResidentFeeder(shards, source, batch, size, generator, device)


def folded(planes: list[list[np.ndarray]]) -> Tensor:
    """Lists of uint8 pictures per plane to [N, h / 8, w / 8, 96] float."""
    return fold(*(torch.from_numpy(np.stack(plane)).float() for plane in planes))


def whole_picture(shard: Shard, source: str, frame: int) -> tuple[Tensor, Tensor, Tensor]:
    """Decoded, original and side of one frame."""
    decoded = folded([[np.asarray(shard.array(f"{source}-{p}")[frame])] for p in PLANES])
    original = folded([[np.asarray(shard.array(f"original-{p}")[frame])] for p in PLANES])
    side = torch.from_numpy(np.asarray(shard.array("side")[frame]).transpose(1, 2, 0)[None].copy()).float()
    return decoded, original, side


def weighted_error(output: Tensor, original: Tensor) -> Tensor:
    """Mean squared error per picture, chroma at a quarter weight."""
    return ((output - original).square() * SAMPLE_WEIGHTS.to(output.device)).sum(-1).mean((1, 2))


def structure_error(output: Tensor, original: Tensor) -> Tensor:
    """1 - MS-SSIM of luma, per folded picture."""
    return 1 - ms_ssim(unfold(output)[0], unfold(original)[0])


def decibels(before: Tensor, after: Tensor) -> Tensor:
    """Gain in dB per picture of squared errors; half a level's square is added, so that nearly perfect ones count less."""
    return 10 * torch.log10((before + 0.5) / (after + 0.5))


def chosen_by_region(decoded: Tensor, output: Tensor, original: Tensor, side: Tensor, region: int) -> tuple[Tensor, float, float]:
    """`output` where it comes closer to the original, as the encoder chooses, in regions of `region` positions.

    Regions of nothing but skipped macroblocks stay as they are and count neither way. Also gives the numbers of chosen
    regions and of those there was a choice for.
    """
    result = decoded.clone()
    chosen = offered = 0
    for top in range(0, decoded.shape[1], region):
        for left in range(0, decoded.shape[2], region):
            area = (slice(None), slice(top, top + region), slice(left, left + region))
            if side[area][..., 4].min() > 0:
                continue
            offered += 1
            target = original[area]
            if (output[area] - target).square().sum() < (decoded[area] - target).square().sum():
                result[area] = output[area]
                chosen += 1
    return result, chosen, offered


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
    region: int = 0,
) -> tuple[str, dict[str, float]]:
    """Mean PSNR-Y (and `distance`, such as LPIPS) of held-out frames before and after; gains by q.

    With `region` (positions) what counts is the picture with the better one of each region, which is what the encoder
    makes of a loop filter; the share of chosen regions is told too.
    """
    rows = []
    for shard in shards:
        for frame in np.unique(np.linspace(0, shard.frames - 1, frames).astype(int)):
            decoded, original, side = whole_picture(shard, source, int(frame))
            output = run_filter(decoded, side).round().clamp(0, 255)
            row = [float(shard.meta["q"])]
            everywhere = psnr(output[..., :64], original[..., :64])
            chosen, offered = 0.0, 1.0
            if region:
                output, chosen, offered = chosen_by_region(decoded, output, original, side, region)
            for part in (slice(0, 64), slice(64, 96)):
                row += [psnr(decoded[..., part], original[..., part]), psnr(output[..., part], original[..., part])]
            row += [everywhere, chosen, offered]
            row += [distance(decoded, original), distance(output, original)] if distance else [0.0, 0.0]
            row += [structure_error(decoded, original).item(), structure_error(output, original).item()]
            rows.append(row)
    table = np.array(rows)
    mean = table.mean(0)
    figures = {"psnr_y_before": mean[1], "psnr_y_after": mean[2], "psnr_c_before": mean[3], "psnr_c_after": mean[4]}
    text = f"PSNR-Y {mean[1]:.3f} -> {mean[2]:.3f}, chroma {mean[3]:.3f} -> {mean[4]:.3f}"
    if distance:
        figures |= {"lpips_before": mean[8], "lpips_after": mean[9]}
        text += f", LPIPS {mean[8]:.4f} -> {mean[9]:.4f}, 1 - MS-SSIM {100 * mean[10]:.3f} -> {100 * mean[11]:.3f} %"
    if region:
        figures |= {"psnr_y_everywhere": mean[5], "share_chosen": mean[6] / max(mean[7], 1)}
    parts = []
    low = np.floor(table[:, 0] / 4) * 4
    for q in np.unique(low):
        band = table[low == q].mean(0)
        part = f"{q:.0f}+ {band[2] - band[1]:+.3f}"
        if region:
            part += f" ({band[5] - band[1]:+.3f} everywhere, {100 * band[6] / max(band[7], 1):.0f} % chosen)"
        if distance:
            part += f" / {100 * (band[9] / band[8] - 1):+.1f} / {100 * (band[11] / band[10] - 1):+.1f} %"
        parts.append(part)
        figures[f"gain_q{q:.0f}"] = band[2] - band[1]
        if distance:
            figures[f"lpips_share_q{q:.0f}"] = band[9] / band[8]
    text += "; gain in PSNR-Y" + (" / LPIPS / 1 - MS-SSIM" if distance else "") + " by q: " + ", ".join(parts)
    return text, {k: float(v) for k, v in figures.items()}
