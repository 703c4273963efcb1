"""Trains the exact loop filter, region by region, on pictures the encoder dumped before filtering."""

from __future__ import annotations

import argparse
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from .from_pack import load_weights
from .machine import prepare
from .folded import fold, unfold
from .networks import LoopFilter, NetworkShape
from .pictures import PictureFeeder, decibels, make_feeder, rate_filter, weighted_error
from .runner import Run, add_run_arguments, starts_from_pack
from .shards import open_shards, split_held_out

# Size of a region with what is seen around it.
CROP = 80
# Gains around this many dB count by half; much larger losses hardly count, since the encoder leaves such regions alone.
GATE = 0.3


def inner(cells: Tensor) -> Tensor:
    """The region itself, without the position around it."""
    return cells[:, 1:-1, 1:-1]


def cut_regions(plane: Tensor, size: int, halo: int) -> Tensor:
    """A plane [h, w] as regions [rows, columns, size + 2 halo, ..]; outside the plane its edge repeats."""
    height, width = plane.shape
    rows, columns = -(-height // size), -(-width // size)
    y = (torch.arange(rows * size + 2 * halo) - halo).clamp(0, height - 1)
    x = (torch.arange(columns * size + 2 * halo) - halo).clamp(0, width - 1)
    return plane[y][:, x].unfold(0, size + 2 * halo, size).unfold(1, size + 2 * halo, size)


def join_regions(regions: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `cut_regions` without halo, of [rows, columns, size, size]."""
    rows, columns, size, _ = regions.shape
    return regions.permute(0, 2, 1, 3).reshape(rows * size, columns * size)[:height, :width]


def by_regions(model: LoopFilter, picture: Tensor, side: Tensor) -> Tensor:
    """A whole folded picture [1, h, w, 96] filtered as the codec does it (FORMAT.md, section 10)."""
    planes = [plane[0] for plane in unfold(picture)]
    cut = [cut_regions(plane, 64 // d, 8 // d) for plane, d in zip(planes, (1, 2, 2))]
    rows, columns = cut[0].shape[:2]
    sides = torch.stack([cut_regions(plane, 8, 1) for plane in side[0].permute(2, 0, 1)], -1)
    device = model.embed.weight.device
    filtered = [plane.cpu() for plane in model(*(regions.flatten(0, 1).to(device) for regions in (*cut, sides)))]
    joined = [join_regions(x.unflatten(0, (rows, columns)), *plane.shape)[None] for x, plane in zip(filtered, planes)]
    return fold(*joined)


def train_step(model: LoopFilter, feeder: PictureFeeder) -> tuple[Tensor, float, float]:
    """Gain in dB of each region, smoothly cut off where it is negative: the encoder leaves those regions unfiltered."""
    decoded, original, side = feeder.draw()
    change = fold(*model.residual(*unfold(decoded), side))
    decoded, original = inner(decoded), inner(original)
    gain = decibels(weighted_error(decoded, original), weighted_error((decoded + change).clamp(0, 255), original))
    loss = -GATE * functional.softplus(gain / GATE).mean()
    return loss, float(gain.detach().clamp_min(0).mean()), len(decoded) * 4096 / (640 * 360)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=1e-2, batch=32)
    parser.add_argument("--evaluation-frames", type=int, default=2, help="frames per held-out shard")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    model = LoopFilter(NetworkShape())
    if starts_from_pack(arguments):
        load_weights(model, arguments.start_from)
    run = Run(arguments, model, "loop-filter")
    feeder = make_feeder(train, "unfiltered", arguments.batch, CROP, run.generator, arguments.device)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, {model.program().kilo_macs_per_pixel():.3f} kMAC/pixel; "
        "figures are the gain in dB, regions that get worse left unfiltered"
    )
    return run.loop(
        lambda _: train_step(model, feeder),
        lambda average: rate_filter(partial(by_regions, average), held, "unfiltered", arguments.evaluation_frames, region=8),
        "frames of 640x360",
    )


if __name__ == "__main__":
    main()
