"""Trains a float post-filter on loop pictures: for squared error, or for LPIPS at no more than a set cost in other measures."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .from_pack import load_post_filter
from .lpips import Lpips, to_rgb
from .machine import prepare
from .networks import NetworkShape
from .folded import unfold
from .pictures import SAMPLE_WEIGHTS, PictureFeeder, make_feeder, rate_filter, weighted_error
from .post_network import PostFilter
from .runner import Run, add_run_arguments, starts_from_pack
from .shards import open_shards, split_held_out
from .structure import ms_ssim

PATTERN_WEIGHT = 0.005  # of what `pattern` finds, beside LPIPS
PATTERN_CELLS = 8  # side of the regions that `pattern` looks at
DISTANCE_FLOOR = 0.003  # added to distances before they are compared: nobody sees less


def psnr_step(model: PostFilter, feeder: PictureFeeder) -> tuple[Tensor, float, float]:
    decoded, original, side = feeder.draw()
    before = weighted_error(decoded, original)
    after = weighted_error(model(decoded, side).clamp(0, 255), original)
    gain = float(10 * torch.log10((before + 1e-3) / (after.detach() + 1e-3)).mean())
    return (after / (before + 0.5)).mean(), gain, len(decoded) * feeder.size**2 / (640 * 360)


def pattern(change: Tensor) -> Tensor:
    """Energy of what a filter adds to all cells alike, per picture, of its change [N, s, s, 96] in 0..255.

    LPIPS likes any texture better than a bare wall, and a filter has nothing random to make one of: what it then draws
    has the period of its cells. Each sample's change is averaged over regions of 8x8 cells; the mean of a plane, which is a
    change of brightness or colour, does not count.
    """
    mean = functional.avg_pool2d(change.permute(0, 3, 1, 2), min(PATTERN_CELLS, *change.shape[1:3]))
    planes = [plane - plane.mean(1, keepdim=True) for plane in mean.split((64, 16, 16), 1)]
    energy = torch.cat(planes, 1).square() * SAMPLE_WEIGHTS.to(change.device)[:, None, None]
    return energy.sum(1).mean((1, 2))


class Balance:
    """Weights of what a filter must not pay with: they rise while the mean loss exceeds what is allowed, and fall again.

    Losses are natural logarithms of what the three `errors` are multiplied by.
    """

    # Held-out pictures lose 0.03 to 0.04 more MS-SSIM than crops that are learned from.
    ALLOWED = torch.tensor([-0.04, 0.03, 0.06])
    RATE = 0.02  # of change per step and unit of loss
    FIRST = torch.tensor([5.0, 0.3, 0.1])

    def __init__(self, kept: dict[str, Tensor]) -> None:
        """The weights live in `kept`, what a run keeps in its checkpoints."""
        self.kept = kept
        kept.setdefault("balance", self.FIRST.clone())

    def __str__(self) -> str:
        return "weights of MS-SSIM, luma, chroma " + ", ".join(f"{weight:.2f}" for weight in self.kept["balance"].tolist())

    def weigh(self, losses: Tensor) -> Tensor:
        """The weighted sum of `losses` [3], from which the weights learn."""
        weights = self.kept["balance"]
        self.kept["balance"] = (weights + self.RATE * (losses.detach().cpu() - self.ALLOWED)).clamp_min(0)
        return (weights.to(losses) * losses).sum()


def lpips_step(
    model: PostFilter, feeder: PictureFeeder, distance: Lpips, generator: np.random.Generator, balance: Balance
) -> tuple[Tensor, float, float]:
    """What is left of each crop's distance, so that a crop of high quality, whose distance is small, counts like any other.

    The crop loses 0 to 15 rows and columns before LPIPS, whose grid would else lie on the blocks' every time.
    """
    decoded, original, side = feeder.draw()
    offset = (int(generator.integers(16)), int(generator.integers(16)))
    with torch.no_grad():
        wanted = distance.features(to_rgb(original, offset))
        before = distance.between(distance.features(to_rgb(decoded, offset)), wanted) + DISTANCE_FLOOR
        errors_before = errors(decoded, original)
    output = model(decoded, side)
    perceived = distance.between(distance.features(to_rgb(output, offset)), wanted)
    after = perceived + DISTANCE_FLOOR + PATTERN_WEIGHT * pattern(output - decoded)
    losses = (errors(output, original) / errors_before).log().mean(1)
    loss = (after / before).mean() + balance.weigh(losses)
    return loss, float(perceived.detach().mean()), len(decoded) * feeder.size**2 / (640 * 360)


def errors(output: Tensor, original: Tensor) -> Tensor:
    """1 - MS-SSIM and squared errors of luma and chroma [3, N] of pictures, all with a floor: nobody sees less.

    The finest scale, which hardly counts in MS-SSIM and costs most, is left out.
    """
    structure = 1 - ms_ssim(unfold(output)[0], unfold(original)[0], first=1)
    squares = (output - original).square()
    luma, chroma = (part.mean((1, 2, 3)) for part in (squares[..., :64], squares[..., 64:]))
    return torch.stack([structure + 5e-4, luma + 0.5, chroma + 0.5])


def first_model(arguments: argparse.Namespace, part: str) -> PostFilter:
    """The network to begin with."""
    if starts_from_pack(arguments):
        model = load_post_filter(arguments.start_from, part)
        return model.widened(arguments.hidden) if arguments.hidden else model
    if arguments.start_from:
        return PostFilter.of(torch.load(arguments.start_from, weights_only=True, map_location="cpu")["average"])
    return PostFilter(NetworkShape().post)


def use_eight_bits(run: Run, feeder: PictureFeeder) -> None:
    """Turns the run's network and its averages to 8 bits, by the ranges of fifty batches: what exceeds them is cut off."""
    decoded, _, side = (torch.cat(parts) for parts in zip(*(feeder.draw() for _ in range(50))))
    run.model.use_eight_bits(decoded, side)
    run.average.load_state_dict(run.model.state_dict())


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=1e-3, batch=8)
    parser.add_argument("--target", choices=["psnr", "lpips"], required=True, help="what to train for")
    parser.add_argument("--lpips-onnx", type=Path, help="LPIPS-alex as ONNX (needed for lpips; rates psnr too if given)")
    parser.add_argument("--crop", type=int, default=128, help="crop size in luma samples, a multiple of 16")
    parser.add_argument("--hidden", type=int, help="widen the blocks of the pack to start from to so many hidden channels")
    parser.add_argument("--eight-bit", action="store_true", help="go on in 8 bits, from trained weights")
    parser.add_argument("--evaluation-frames", type=int, default=2, help="frames per held-out shard")
    arguments = parser.parse_args(argv)
    if arguments.target == "lpips" and not arguments.lpips_onnx:
        parser.error("--target lpips needs --lpips-onnx")
    return arguments


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    part = f"post-filter-{arguments.target}"
    model = first_model(arguments, part)
    device = arguments.device
    distance = Lpips(arguments.lpips_onnx).to(device) if arguments.lpips_onnx else None
    quick = Lpips(arguments.lpips_onnx, quick=True).to(device) if arguments.target == "lpips" else None
    run = Run(arguments, model, part)
    feeder = make_feeder(train, "loop", arguments.batch, arguments.crop, run.generator, device)
    if arguments.eight_bit and not model.eight_bit:
        use_eight_bits(run, feeder)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, crops {feeder.size}, "
        f"{model.program('post').kilo_macs_per_pixel():.3f} kMAC/pixel"
    )
    rated = (lambda a, b: float(distance(to_rgb(a.to(device)), to_rgb(b.to(device)))[0])) if distance else None

    balance = Balance(run.kept) if arguments.target == "lpips" else None

    def step(generator: np.random.Generator) -> tuple[Tensor, float, float]:
        if balance is None or quick is None:
            return psnr_step(model, feeder)
        return lpips_step(model, feeder, quick, generator, balance)

    def evaluate(average: PostFilter) -> tuple[str, dict[str, float]]:
        def filtered(picture: Tensor, side: Tensor) -> Tensor:
            return average(picture.to(device), side.to(device)).cpu()

        text, figures = rate_filter(filtered, held, "loop", arguments.evaluation_frames, rated)
        return text + (f"; {balance}" if balance else ""), figures

    return run.loop(step, evaluate, "frames of 640x360")


if __name__ == "__main__":
    main()
