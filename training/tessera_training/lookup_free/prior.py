"""The exact prior of binary tokens, and its training on tokens that `dump_tokens` wrote."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..exact import ExactConv, RoundClip, floor_clip
from ..machine import prepare
from ..networks import WIDE, RowBlock
from ..program import Program
from ..runner import Run, add_run_arguments
from ..shards import split_held_out
from .networks import CHANNELS
from .passes import PASSES, pass_grid

# Neighbours (row, column) in the order of the graph's inputs.
AROUND = ((0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
ABOUT = 8
UNKNOWN = 64  # between 0 for a negative channel and 128 for a positive one
NATS = 0.05  # of one unit of a logit; 128 is zero
LEVELS = 64
TOTAL = 32768


@dataclass(frozen=True)
class BitPriorShape:
    """Width and depth of the network."""

    width: int = 192
    hidden: int = 256
    blocks: int = 2


class BitPrior(nn.Module):
    """One row per cell: what is around it, before it and older, to one logit per channel; integers throughout."""

    def __init__(self, shape: BitPriorShape) -> None:
        super().__init__()
        inputs = (len(AROUND) + len(AROUND) + 2) * CHANNELS + ABOUT
        self.embed = ExactConv(inputs, shape.width)
        self.blocks = nn.ModuleList(RowBlock(shape.width, shape.hidden) for _ in range(shape.blocks))
        self.head = ExactConv(shape.width, CHANNELS, gain=0.0)
        # In units of NATS: how far a channel's sign moves the logits of later ones.
        self.across = nn.Parameter(torch.zeros(CHANNELS, CHANNELS))

    def forward(self, around: Tensor, before: Tensor, older: Tensor, about: Tensor) -> Tensor:
        """Logits [N, 18], whole numbers 0..255; inputs are bytes held in float32."""
        x = torch.cat([around, before, older, about], -1) - UNKNOWN
        x = floor_clip(self.embed(x, 7), -WIDE, WIDE)
        for block in self.blocks:
            x = block(x)
        own = floor_clip(x * 0.5, -128, 127)
        return floor_clip(self.head(own, 6) + 128, 0, 255, free=True)

    def channel_weights(self) -> Tensor:
        """[18, 18] whole numbers -127..127, zero on and above the diagonal."""
        return RoundClip.apply(self.across.tril(-1), 64.0, 127.0)

    def with_channels(self, logit: Tensor, tokens: Tensor) -> Tensor:
        """Logits after the earlier channels are read; `tokens` [N, 18] in -1, 0, +1."""
        return floor_clip(logit + tokens @ self.channel_weights().T, 0, 255, free=True)

    def program(self) -> Program:
        p = Program("prior", 1 / 256)
        names = (("around", 8 * CHANNELS), ("before", 9 * CHANNELS), ("older", CHANNELS), ("about", ABOUT))
        inputs = [p.input(name, channels, "count", "", -UNKNOWN) for name, channels in names]
        x = p.combine([p.conv(p.concat(inputs), *self.embed.arrays())], shift=7, low=-WIDE, high=WIDE)
        for block in self.blocks:
            x = block.write(p, x)
        head = p.conv(p.combine([x], shift=1, low=-128, high=127), *self.head.arrays())
        p.output("logit", p.combine([head], offset=128 * 64, shift=6, low=0, high=255), CHANNELS, "count", "")
        return p


@dataclass(frozen=True)
class TokenClip:
    """Token frames of one clip at one rate: uint8 [T, n, h, w] in 0, 1."""

    name: str
    tokens: np.ndarray

    @property
    def channels(self) -> int:
        return self.tokens.shape[1]


def open_tokens(folder: Path) -> list[TokenClip]:
    """All clips at all rates under `folder`. Raises FileNotFoundError if there is none."""
    clips = []
    for path in sorted(Path(folder).glob("tokens-*.npz")):
        with np.load(path) as stored:
            for name in sorted({key.rsplit("/", 1)[0] for key in stored.files}):
                shape = tuple(int(x) for x in stored[f"{name}/shape"])
                bits = np.unpackbits(stored[f"{name}/bits"], count=int(np.prod(shape)))
                clips.append(TokenClip(name, bits.reshape(shape)))
    if not clips:
        raise FileNotFoundError(f"{folder}: no tokens-*.npz; run tessera_training.lookup_free.dump_tokens first")
    return clips


def coded_grid(tokens: np.ndarray | None, like: np.ndarray) -> np.ndarray:
    """[h + 2, w + 2, 18] bytes of a token frame [n, h, w]: UNKNOWN around it, in absent channels, or throughout."""
    n, h, w = like.shape
    grid = np.full((h + 2, w + 2, CHANNELS), UNKNOWN, np.uint8)
    if tokens is not None:
        grid[1:-1, 1:-1, :n] = tokens.transpose(1, 2, 0) * 128
    return grid


def rows_of(clip: TokenClip, t: int, chosen: int, cells: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """around, before, older, about and tokens (-1, 0, +1) of the cells of pass `chosen` in token frame `t`, in raster order.

    `cells` picks some of them by number.
    """
    frames, n = clip.tokens, clip.channels
    _, _, h, w = frames.shape
    row, column = (index.reshape(-1) for index in np.mgrid[PASSES[chosen][0] : h : 2, PASSES[chosen][1] : w : 2])
    if cells is not None:
        row, column = row[cells % len(row)], column[cells % len(column)]
    current = coded_grid(frames[t], frames[t])
    before = coded_grid(frames[t - 1] if t > 0 else None, frames[t])
    older = coded_grid(frames[t - 2] if t > 1 else None, frames[t])
    passes = np.pad(pass_grid(h, w).numpy(), 1, constant_values=len(PASSES))
    around = []
    for dy, dx in AROUND:
        r, c = row + 1 + dy, column + 1 + dx
        around.append(np.where((passes[r, c] < chosen)[:, None], current[r, c], np.uint8(UNKNOWN)))
    earlier = [before[row + 1 + dy, column + 1 + dx] for dy, dx in ((0, 0), *AROUND)]
    about = np.zeros((len(row), ABOUT), np.uint8)
    about[:, 0] = 7 * n
    about[:, 1] = 128 * (t == 0)
    about[:, 2 + chosen] = 128
    about[:, 6] = 128 * (t == 1)
    signs = np.zeros((len(row), CHANNELS), np.int8)
    signs[:, :n] = frames[t][:, row, column].T.astype(np.int8) * 2 - 1
    return np.concatenate(around, -1), np.concatenate(earlier, -1), older[row + 1, column + 1], about, signs


class RowFeeder:
    """Rows of random cells, passes, token frames, clips and rates; key frames get `key_share` of them."""

    CELLS = 192

    def __init__(self, clips: list[TokenClip], batch: int, generator: np.random.Generator, key_share: float = 0.2) -> None:
        self.clips, self.batch, self.generator, self.key_share = clips, batch, generator, key_share

    def draw(self) -> tuple[Tensor, ...]:
        parts = []
        for _ in range(self.batch):
            clip = self.clips[int(self.generator.integers(len(self.clips)))]
            length = len(clip.tokens)
            t = 0 if length == 1 or self.generator.random() < self.key_share else int(self.generator.integers(1, length))
            cells = self.generator.integers(0, 1 << 30, self.CELLS)
            parts.append(rows_of(clip, t, int(self.generator.integers(4)), cells))
        return tuple(torch.from_numpy(np.concatenate(part)).float() for part in zip(*parts))


def row_bits(model: BitPrior, rows: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Bits [N, 18] by the logits themselves (absent channels 0), and the whole-number logits."""
    *inputs, tokens = rows
    x = model.with_channels(model(*inputs), tokens)
    return functional.softplus(-tokens * (x - 128) * NATS) * 1.442695 * tokens.abs(), x


def sampled_rows(clips: list[TokenClip], frames: int) -> Iterator[tuple[TokenClip, int, tuple[Tensor, ...]]]:
    """(clip, token frame, rows of one pass) for all passes of some token frames of each clip, spread over it."""
    for clip in clips:
        for t in np.unique(np.linspace(0, len(clip.tokens) - 1, frames).astype(int)):
            for chosen in range(len(PASSES)):
                rows = rows_of(clip, int(t), chosen)
                if len(rows[0]) > 0:
                    yield clip, int(t), tuple(torch.from_numpy(part).float() for part in rows)


@torch.no_grad()
def count_levels(model: BitPrior, clips: list[TokenClip], frames: int) -> np.ndarray:
    """Counts int64 [18, 64, 2] of negative and positive channels by level, over some token frames of each clip."""
    counts = np.zeros((CHANNELS, LEVELS, 2), np.int64)
    channel = np.arange(CHANNELS)[None]
    for _, _, rows in sampled_rows(clips, frames):
        _, x = row_bits(model, rows)
        signs = rows[-1].numpy()
        keys = (channel * LEVELS + (x.numpy().astype(np.int64) >> 2)) * 2 + (signs > 0)
        counts += np.bincount(keys[signs != 0], minlength=counts.size).reshape(counts.shape)
    return counts


def fit_bit_tables(counts: np.ndarray) -> np.ndarray:
    """uint16 [1152, 2] frequencies with the sum 32768; where counts are low, the value of the logit is used."""
    logit = ((np.arange(LEVELS) * 4 + 1.5) - 128) * NATS
    said = 1 / (1 + np.exp(-logit))
    positive = (counts[..., 1] + 32 * said) / (counts.sum(-1) + 32)
    high = np.clip(np.round(positive * TOTAL), 32, TOTAL - 32).astype(np.uint16)
    return np.stack([TOTAL - high, high], -1).reshape(-1, 2).astype(np.uint16)


@torch.no_grad()
def evaluate(model: BitPrior, clips: list[TokenClip], frames: int = 3) -> tuple[str, dict[str, float]]:
    """Share of raw bits that remains on held-out clips, by rate; first token frames are separate."""
    sums: dict[tuple[int, bool], list[float]] = {}
    for clip, t, rows in sampled_rows(clips, frames):
        bits, _ = row_bits(model, rows)
        entry = sums.setdefault((clip.channels, t == 0), [0.0, 0.0])
        entry[0] += float(bits.sum())
        entry[1] += float(rows[-1].abs().sum())
    figures = {f"{'first' if first else 'later'}_{n}": bits / raw for (n, first), (bits, raw) in sorted(sums.items())}
    return "of raw bits: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()), figures


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=2e-3, batch=16, devices=("cpu",))
    arguments = parser.parse_args(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    train, held = split_held_out(open_tokens(arguments.shards), arguments.held_out_every, attrgetter("name"))
    model = BitPrior(BitPriorShape())
    run = Run(arguments, model, "prior")
    feeder = RowFeeder(train, arguments.batch, run.generator)
    run.describe_data(len(train), len(held), len({clip.name for clip in train}))
    run.say(f"{len(train)} token clips to train on, {len(held)} held out, {model.program().kilo_macs_per_pixel():.3f} kMAC/pixel")

    def step(_: np.random.Generator) -> tuple[Tensor, float, float]:
        rows = feeder.draw()
        bits, _ = row_bits(model, rows)
        # Every rate counts alike: per channel in use.
        loss = (bits.sum(1) / rows[-1].abs().sum(1)).mean()
        return loss, float(loss.detach()), len(bits) / 1000

    return run.loop(step, lambda average: evaluate(average, held), "thousand cells")


if __name__ == "__main__":
    main()
