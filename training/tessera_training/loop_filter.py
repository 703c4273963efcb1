"""Trains the exact loop filter on pictures the encoder dumped before filtering."""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from .machine import prepare
from .networks import LoopFilter, NetworkShape
from .pictures import PictureFeeder, rate_filter, weighted_error
from .runner import Run, add_run_arguments
from .shards import open_shards, split_held_out


def train_step(model: LoopFilter, feeder: PictureFeeder) -> tuple[Tensor, float, float]:
    """Error relative to the unfiltered crop's own, so that every rate counts alike."""
    decoded, original, side = feeder.draw()
    before = weighted_error(decoded, original)
    after = weighted_error((decoded + model.residual(decoded, side)).clamp(0, 255), original)
    ratio = after / (before + 0.5)
    return ratio.mean(), float(10 * torch.log10((before + 1e-3) / (after.detach() + 1e-3)).mean()), len(decoded) * feeder.size**2 / (640 * 360)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=2e-3, batch=12)
    parser.add_argument("--crop", type=int, default=128, help="crop size in luma samples, a multiple of 16")
    parser.add_argument("--evaluation-frames", type=int, default=2, help="frames per held-out shard")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    model = LoopFilter(NetworkShape())
    run = Run(arguments, model)
    feeder = PictureFeeder(train, "unfiltered", arguments.batch, arguments.crop, run.generator)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, crops {feeder.size}, "
        f"{model.program().kilo_macs_per_pixel():.3f} kMAC/pixel; figures are the gain in dB"
    )
    return run.loop(
        lambda _: train_step(model, feeder),
        lambda average: rate_filter(average, held, "unfiltered", arguments.evaluation_frames),
        "frames of 640x360",
    )


if __name__ == "__main__":
    main()
