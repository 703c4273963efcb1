"""Trains the exact loop filter, region by region, on pictures the encoder dumped before filtering."""

from __future__ import annotations

import argparse
from functools import partial

import torch
from torch import Tensor

from .machine import prepare
from .networks import LoopFilter, NetworkShape
from .pictures import PictureFeeder, edge_extended, rate_filter, weighted_error
from .runner import Run, add_run_arguments
from .shards import open_shards, split_held_out


# Size of a region with what is seen around it.
CROP = 80


def inner(cells: Tensor) -> Tensor:
    """The region itself, without the position around it."""
    return cells[:, 1:-1, 1:-1]


def by_regions(model: LoopFilter, picture: Tensor, side: Tensor) -> Tensor:
    """A whole folded picture [1, h, w, 96] filtered as the codec does it (FORMAT.md, section 10)."""
    _, height, width, _ = picture.shape
    rows, columns = -(-height // 8), -(-width // 8)
    y = (torch.arange(8 * rows + 2) - 1).clamp(0, height - 1)
    x = (torch.arange(8 * columns + 2) - 1).clamp(0, width - 1)
    result = torch.empty(8 * rows, 8 * columns, picture.shape[-1])
    edged = edge_extended(picture, 1, 8 * rows - height + 1, 8 * columns - width + 1)
    sides = side[0][y][:, x]
    for row in range(rows):
        for column in range(columns):
            area = (slice(8 * row, 8 * row + 10), slice(8 * column, 8 * column + 10))
            filtered = model(edged[area][None], sides[area][None])
            result[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = inner(filtered)[0]
    return result[None, :height, :width]


def train_step(model: LoopFilter, feeder: PictureFeeder) -> tuple[Tensor, float, float]:
    """Error relative to the unfiltered crop's own, so that every rate counts alike."""
    decoded, original, side = feeder.draw()
    change = inner(model.residual(decoded, side))
    decoded, original = inner(decoded), inner(original)
    before = weighted_error(decoded, original)
    after = weighted_error((decoded + change).clamp(0, 255), original)
    ratio = after / (before + 0.5)
    return ratio.mean(), float(10 * torch.log10((before + 1e-3) / (after.detach() + 1e-3)).mean()), len(decoded) * 4096 / (640 * 360)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=2e-3, batch=32)
    parser.add_argument("--evaluation-frames", type=int, default=2, help="frames per held-out shard")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    model = LoopFilter(NetworkShape())
    run = Run(arguments, model)
    feeder = PictureFeeder(train, "unfiltered", arguments.batch, CROP, run.generator)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, "
        f"{model.program().kilo_macs_per_pixel():.3f} kMAC/pixel; figures are the gain in dB"
    )
    return run.loop(
        lambda _: train_step(model, feeder),
        lambda average: rate_filter(partial(by_regions, average), held, "unfiltered", arguments.evaluation_frames),
        "frames of 640x360",
    )


if __name__ == "__main__":
    main()
