"""Trains the prior's two graphs and the coefficient tables on dumped tokens, for the true number of bits."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import safetensors
from .machine import prepare
from .networks import NetworkShape, Prior
from .runner import Run, add_run_arguments
from .shards import FrameSampler, Shard, open_shards, split_held_out
from .tables import TOTAL
from .token_statistics import CodedTokens, TokenCoder, codes, fit_tables, hard_index, soft_bits


@dataclass
class Batch:
    """Crops [N, rows, columns, channels] and their coded tokens by pass."""

    context: Tensor
    memory: Tensor
    known: Tensor  # token codes of pass 0, else zero
    second: Tensor  # flat positions of pass 1
    coded: tuple[CodedTokens, CodedTokens]  # `place` counts within all positions, and within `second`
    group: np.ndarray  # shard number * 2 + inter, per crop


class PriorModel(nn.Module):
    """The prior and its tables as logits."""

    def __init__(self, shape: NetworkShape, tables: np.ndarray) -> None:
        super().__init__()
        self.prior = Prior(shape)
        self.logits = nn.Parameter(torch.log(torch.from_numpy(tables.astype(np.float32) / TOTAL)))

    def scales(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Flat fine scales: of all positions (pass 0 counts), and of those of pass 1."""
        features, fine = self.prior.run_first(batch.context, batch.memory)
        second = self.prior.run_second(features, fine, batch.known, batch.second)
        return fine.reshape(-1), second.reshape(-1)

    def bits(self, batch: Batch) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """(bits, fine scale) of the coded tokens of pass 0 and 1."""
        results = []
        for fine, coded in zip(self.scales(batch), batch.coded):
            taken = fine[coded.place]
            results.append((soft_bits(self.logits, taken, coded), taken))
        return results[0], results[1]


def make_batch(coder: TokenCoder, crops: list[tuple[np.ndarray, np.ndarray, np.ndarray]], origin: list[int], group: list[int]) -> Batch:
    """`crops` hold (context, memory, tokens) as [channels, rows, columns]; `origin` is row + column of each corner."""
    context, memory, tokens = (
        np.ascontiguousarray(np.stack([crop[i] for crop in crops]).transpose(0, 2, 3, 1)) for i in range(3)
    )
    n, rows, columns, _ = tokens.shape
    parity = (np.arange(rows)[:, None] + np.arange(columns)[None, :] + np.array(origin)[:, None, None]) & 1
    known = codes(tokens)
    known[parity == 1] = 0
    flat = parity.reshape(-1)
    coded = coder.find(tokens.reshape(-1, 384), context.reshape(-1, 32))
    later = torch.from_numpy(flat == 1)[coded.macroblock]
    slot = torch.from_numpy(np.cumsum(flat) - 1)

    def part(chosen: Tensor, compact: bool) -> CodedTokens:
        fields = [getattr(coded, f)[chosen] for f in ("place", "kind", "context", "symbol", "extra", "macroblock")]
        if compact:
            fields[0] = slot[fields[5]] * 384 + fields[0] % 384
        return CodedTokens(*fields)

    return Batch(
        torch.from_numpy(context).float(),
        torch.from_numpy(memory).float(),
        torch.from_numpy(known).float(),
        torch.from_numpy(np.flatnonzero(flat)),
        (part(~later, False), part(later, True)),
        np.array(group),
    )


class Feeder:
    """Random crops of the training shards; each crop's bits are weighted against its rate class."""

    SIDE = 16

    def __init__(self, shards: list[Shard], coder: TokenCoder, batch: int, generator: np.random.Generator) -> None:
        self.shards, self.coder, self.batch = shards, coder, batch
        self.sampler = FrameSampler(shards, generator, key_share=0.2)
        self.generator = generator
        self.arrays = [tuple(shard.array(name) for name in ("context", "memory", "tokens")) for shard in shards]
        self.rows = min(self.SIDE, *(shard.rows for shard in shards))
        self.columns = min(self.SIDE, *(shard.columns for shard in shards))
        self.rates: dict[int, float] = {}

    def draw(self) -> Batch:
        crops, origin, group = [], [], []
        for _ in range(self.batch):
            s, frame = self.sampler.draw()
            shard = self.shards[s]
            row = int(self.generator.integers(shard.rows - self.rows + 1))
            column = int(self.generator.integers(shard.columns - self.columns + 1))
            area = (frame, slice(None), slice(row, row + self.rows), slice(column, column + self.columns))
            crops.append(tuple(array[area] for array in self.arrays[s]))
            origin.append(row + column)
            group.append(2 * s + int(shard.inter[frame]))
        return make_batch(self.coder, crops, origin, group)

    def weights(self, batch: Batch, bits: np.ndarray) -> np.ndarray:
        """Per crop 1 / sqrt(rate) of its shard and frame type, so that low rates count, limited to 1/4 .. 4.

        What matters is the relative saving at every rate; the root is a middle way that keeps the noise of nearly empty
        crops small. `bits` [crops] are the bits per macroblock just seen.
        """
        weights = np.empty(len(bits), np.float32)
        for index, (key, value) in enumerate(zip(batch.group, bits)):
            rate = self.rates.get(int(key), value)
            self.rates[int(key)] = 0.9 * rate + 0.1 * value
            weights[index] = (20.0 / max(rate, 1.0)) ** 0.5
        return np.clip(weights, 0.25, 4.0)


def train_step(model: PriorModel, feeder: Feeder) -> tuple[Tensor, float, float]:
    batch = feeder.draw()
    n, rows, columns, _ = batch.context.shape
    area = rows * columns
    parts = model.bits(batch)
    per_crop = torch.zeros(n)
    for (bits, _), coded in zip(parts, batch.coded):
        per_crop = per_crop.index_add(0, torch.div(coded.macroblock, area, rounding_mode="floor"), bits)
    per_crop = per_crop / area
    weights = torch.from_numpy(feeder.weights(batch, per_crop.detach().numpy()))
    loss = (per_crop * weights).sum() / n
    # Bits per pixel of the batch; frames of 640x360 as the unit of speed.
    return loss, float(per_crop.detach().mean()) / 256, n * area / 920


def zero_order_bits(counts: np.ndarray) -> float:
    """Bits of the symbols counted [.., symbols], each row coded at its own entropy."""
    total = counts.sum(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(counts > 0, -counts * np.log2(counts / total), 0)
    return float(cost.sum())


def whole_frames(coder: TokenCoder, shard: Shard, frames: list[int]):
    """One batch per whole frame."""
    arrays = [shard.array(name) for name in ("context", "memory", "tokens")]
    for frame in frames:
        yield make_batch(coder, [tuple(np.asarray(array[frame]) for array in arrays)], [0], [int(shard.inter[frame])])


def pick_frames(shard: Shard, count: int) -> list[int]:
    """The first key frame and inter frames spread over the shard."""
    inter = np.flatnonzero(shard.inter)
    keys = np.flatnonzero(~shard.inter)[:1]
    spread = inter[np.linspace(0, len(inter) - 1, min(count, len(inter))).astype(int)] if len(inter) else inter
    return [int(f) for f in np.concatenate([keys, np.unique(spread)])]


def count_symbols(model: PriorModel, coder: TokenCoder, shards: list[Shard], frames: int) -> np.ndarray:
    """Counts int64 [3, 32, 8, 16] of symbols under the exact scales, over a few frames of each shard."""
    counts = np.zeros((3 * 32 * 8, 16), np.int64)
    with torch.no_grad():
        for shard in shards:
            for batch in whole_frames(coder, shard, pick_frames(shard, frames)):
                for fine, coded in zip(model.scales(batch), batch.coded):
                    rows = hard_index(fine[coded.place], coded)
                    counts += np.bincount((rows * 16 + coded.symbol).numpy(), minlength=counts.size).reshape(counts.shape)
    return counts.reshape(3, 32, 8, 16)


@torch.no_grad()
def evaluate(model: PriorModel, coder: TokenCoder, shards: list[Shard], frames: int = 2) -> tuple[str, dict[str, float]]:
    """Exact bits of held-out frames under the model's tables, against the zero-order entropy of each channel.

    The entropy is counted on the very same frames by transform and channel, so it pays nothing for its tables: once per
    shard ("own"; on a few frames it knows the data almost by heart), once over all shards of 8 steps of q ("pooled").
    """
    table = -torch.log_softmax(model.logits, -1).reshape(-1, 16) * 1.4426950408889634
    figures: dict[str, float] = {}
    texts = []
    for kind, inter in (("key", False), ("inter", True)):
        own_entropy, tokens, pixels = 0.0, 0, 0
        pools: dict[int, np.ndarray] = {}
        bits: dict[int, float] = {}
        fixed: dict[int, float] = {}
        for shard in shards:
            chosen = [f for f in pick_frames(shard, frames) if shard.inter[f] == inter]
            counts = np.zeros((2, 384, 16), np.int64)
            band = int(shard.meta["q"]) // 8
            for batch in whole_frames(coder, shard, chosen):
                for fine, coded in zip(model.scales(batch), batch.coded):
                    cost = float(table[hard_index(fine[coded.place], coded), coded.symbol].double().sum())
                    extra = float(coded.extra.double().sum())
                    bits[band] = bits.get(band, 0) + cost + extra
                    fixed[band] = fixed.get(band, 0) + extra
                    cell = ((coded.kind == 1).long() * 384 + coded.place % 384) * 16 + coded.symbol
                    counts += np.bincount(cell.numpy(), minlength=counts.size).reshape(counts.shape)
                    tokens += len(coded.place)
                pixels += batch.context.shape[1] * batch.context.shape[2] * 256
            own_entropy += zero_order_bits(counts)
            pools[band] = pools.get(band, 0) + counts
        if not pixels:
            continue
        signs, total = sum(fixed.values()), sum(bits.values())
        pooled = {band: zero_order_bits(pool) + fixed.get(band, 0) for band, pool in pools.items()}
        ratios = {band: bits[band] / pooled[band] for band in sorted(bits) if pooled[band] > 0}
        figures[f"{kind}_bpp"] = total / pixels
        figures[f"{kind}_zero_order_bpp"] = (own_entropy + signs) / pixels
        figures[f"{kind}_pooled_zero_order_bpp"] = sum(pooled.values()) / pixels
        figures[f"{kind}_bits_per_token"] = total / max(tokens, 1)
        figures[f"{kind}_ratio"] = float(np.mean(list(ratios.values()))) if ratios else 0.0
        texts.append(
            f"{kind} {total / pixels:.4f} bpp ({total / max(tokens, 1):.3f} bits/token), zero order pooled "
            f"{sum(pooled.values()) / pixels:.4f}, own {(own_entropy + signs) / pixels:.4f}, ratio to pooled by q: "
            + ", ".join(f"{8 * band}+ {ratio:.3f}" for band, ratio in ratios.items())
        )
    return "; ".join(texts), figures


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=2e-3, batch=8)
    parser.add_argument("--pack", type=Path, required=True, help="pack whose tables the shards were coded with")
    parser.add_argument("--table-learning-rate", type=float, default=1e-2, help="peak for the table logits")
    parser.add_argument("--evaluation-frames", type=int, default=2, help="inter frames per held-out shard")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    tables = safetensors.load(arguments.pack / "tables.safetensors")
    coder = TokenCoder(tables)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    model = PriorModel(NetworkShape(), tables["coefficientTables"])
    groups = [
        {"params": list(model.prior.parameters())},
        {"params": [model.logits], "lr": arguments.table_learning_rate},
    ]
    run = Run(arguments, model, groups)
    if run.step == 0 and not arguments.start_from:
        sample = train[:: max(1, len(train) // 24)]
        counts = count_symbols(model, coder, sample, 1)
        fitted = fit_tables(counts, tables["coefficientTables"]).astype(np.float32)
        for copy in (model, run.average):
            copy.logits.data.copy_(torch.log(torch.from_numpy(fitted / TOTAL)))
    feeder = Feeder(train, coder, arguments.batch, run.generator)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, crops {feeder.rows}x{feeder.columns}, "
        f"{sum(p.numel() for p in model.parameters())} parameters"
    )
    return run.loop(
        lambda _: train_step(model, feeder),
        lambda average: evaluate(average, coder, held, arguments.evaluation_frames),
        "frames of 640x360",
    )


if __name__ == "__main__":
    main()
