"""Trains the prior's two graphs, coefficientTables and nearTables on dumped tokens, for the true number of bits."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import safetensors
from .from_pack import load_weights
from .machine import prepare
from .networks import SIZE_INPUTS, NetworkShape, Prior
from .runner import Run, add_run_arguments, starts_from_pack
from .shards import FrameSampler, Shard, block_sizes, open_shards, split_held_out
from .tables import NEAR, TOTAL, frequencies
from .token_statistics import (
    CodedTokens,
    TokenCoder,
    bits_of_mean,
    codes,
    fit_tables,
    hard_index,
    near_index,
    soft_bits,
    table_costs,
)


@dataclass
class Batch:
    """Rows, one per coded macroblock; pass 0 counts by prior-first, pass 1 by prior-second."""

    block: Tensor  # [N, 32]
    around: Tensor  # [N, 48]
    memory: Tensor  # [N, 384]
    second: Tensor  # rows of pass 1 [M]
    neighbours: Tensor  # [M, 4, 384], token codes of left, above, right, below
    coded: tuple[CodedTokens, CodedTokens]  # `place` counts within all rows, and within `second`
    frame: np.ndarray  # number of the frame of each row
    group: list[int]  # shard number * 2 + inter, per frame


class PriorModel(nn.Module):
    """The prior and its tables as logits."""

    def __init__(self, shape: NetworkShape, tables: dict[str, np.ndarray]) -> None:
        """`tables` are those of a pack."""
        super().__init__()
        self.prior = Prior(shape)
        self.logits = nn.Parameter(logits_of(tables["coefficientTables"]))
        self.near = nn.Parameter(logits_of(tables["nearTables"]).flatten(2, 3))

    def tables(self) -> dict[str, np.ndarray]:
        """coefficientTables and nearTables."""
        trained = {"coefficientTables": self.logits, "nearTables": self.near.unflatten(2, NEAR[1:])}
        return {name: frequencies(torch.softmax(logits.detach().double(), -1).numpy()) for name, logits in trained.items()}

    def scales(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Flat fine scales: of all rows (pass 0 counts), and of those of pass 1."""
        features, fine = self.prior.run_first(batch.block, batch.around, batch.memory)
        second = self.prior.run_second(features[batch.second], fine[batch.second], batch.neighbours)
        return fine.reshape(-1), second.reshape(-1)

    def bits(self, batch: Batch) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """(bits, fine scale) of the coded tokens of pass 0 and 1."""
        results = []
        for fine, coded in zip(self.scales(batch), batch.coded):
            taken = fine[coded.place]
            results.append((soft_bits(self.logits, self.near, taken, coded), taken))
        return results[0], results[1]


def logits_of(tables: np.ndarray) -> Tensor:
    return torch.log(torch.from_numpy(tables.astype(np.float32) / TOTAL))


@dataclass
class Rows:
    """The coded macroblocks of one frame as rows."""

    block: np.ndarray
    around: np.ndarray
    memory: np.ndarray
    tokens: np.ndarray
    is_second: np.ndarray
    neighbours: np.ndarray  # [rows of pass 1, 4, 384]

    def take(self, chosen: np.ndarray) -> Rows:
        of_second = np.flatnonzero(self.is_second)
        kept = np.isin(of_second, chosen)
        fields = (self.block, self.around, self.memory, self.tokens, self.is_second)
        return Rows(*(field[chosen] for field in fields), self.neighbours[kept])


# Offsets (row, column) of the neighbours in the order of the graphs' inputs.
AROUND = ((0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))


def frame_rows(context: np.ndarray, memory: np.ndarray, tokens: np.ndarray) -> Rows:
    """Rows of a frame given as planes [channels, rows, columns] (FORMAT.md, section 9).

    A block of 32x32 or 64x64 is one row, that of its first macroblock; the others only describe it to their neighbours.
    """
    size = block_sizes(context)
    place_row, place_column = np.indices(size.shape)
    is_first = ((place_row | place_column) & ((1 << size) - 1)) == 0
    row, column = np.nonzero(is_first & ((context[8] > 0) | (context[9] > 0)))
    intra = np.maximum(context[5], context[6])
    present = (64 + 32 * size).astype(np.uint8)
    planes = np.pad(np.stack([present, intra, context[2], context[7], context[8], context[9]], -1), ((1, 1), (1, 1), (0, 0)))
    around = np.concatenate([planes[row + 1 + dy, column + 1 + dx] for dy, dx in AROUND], -1)
    is_second = ((row + column) & 1) == 1
    coded = np.pad(codes(tokens).transpose(1, 2, 0), ((1, 1), (1, 1), (0, 0)))
    r, c = row[is_second] + 1, column[is_second] + 1
    neighbours = np.stack([coded[r + dy, c + dx] for dy, dx in AROUND[:4]], 1)
    return Rows(
        context[:, row, column].T, around, memory[:, row, column].T, tokens[:, row, column].T, is_second, neighbours
    )


def make_batch(coder: TokenCoder, frames: list[Rows], group: list[int]) -> Batch:
    """Joins the rows of several frames."""

    def joined(name: str) -> np.ndarray:
        return np.ascontiguousarray(np.concatenate([getattr(rows, name) for rows in frames]))

    block, tokens, is_second = joined("block"), joined("tokens"), joined("is_second")
    coded = coder.find(tokens, block)
    later = torch.from_numpy(is_second)[coded.macroblock]
    slot = torch.from_numpy(np.cumsum(is_second) - 1)

    def part(chosen: Tensor, compact: bool) -> CodedTokens:
        names = ("place", "kind", "context", "near", "symbol", "extra", "macroblock")
        fields = {name: getattr(coded, name)[chosen] for name in names}
        if compact:
            fields["place"] = slot[fields["macroblock"]] * 384 + fields["place"] % 384
        return CodedTokens(**fields)

    return Batch(
        torch.from_numpy(block).float(),
        torch.from_numpy(joined("around")).float(),
        torch.from_numpy(joined("memory")).float(),
        torch.from_numpy(np.flatnonzero(is_second)),
        torch.from_numpy(joined("neighbours")).float(),
        (part(~later, False), part(later, True)),
        np.repeat(np.arange(len(frames)), [len(rows.block) for rows in frames]),
        group,
    )


class Feeder:
    """Random coded macroblocks of random frames; each frame's bits are weighted against its rate class."""

    ROWS_PER_FRAME = 160

    def __init__(
        self, shards: list[Shard], coder: TokenCoder, batch: int, generator: np.random.Generator, large_only: bool = False
    ) -> None:
        """`large_only` leaves out all rows but those of blocks of 32x32 and 64x64."""
        self.shards, self.coder, self.batch, self.large_only = shards, coder, batch, large_only
        self.sampler = FrameSampler(shards, generator, key_share=0.25)
        self.generator = generator
        self.arrays = [tuple(shard.array(name) for name in ("context", "memory", "tokens")) for shard in shards]
        self.rates: dict[int, float] = {}

    def draw(self) -> Batch:
        frames, group = [], []
        while len(frames) < self.batch:
            s, frame = self.sampler.draw()
            rows = frame_rows(*(np.asarray(array[frame]) for array in self.arrays[s]))
            if self.large_only:
                rows = rows.take(np.flatnonzero(block_sizes(rows.block.T)))
            count = len(rows.block)
            if count == 0:
                continue
            if count > self.ROWS_PER_FRAME:
                rows = rows.take(np.sort(self.generator.choice(count, self.ROWS_PER_FRAME, replace=False)))
            frames.append(rows)
            group.append(2 * s + int(self.shards[s].inter[frame]))
        return make_batch(self.coder, frames, group)

    def weights(self, batch: Batch, bits: np.ndarray) -> np.ndarray:
        """Per frame 1 / sqrt(rate) of its shard and frame type, so that low rates count, limited to 1/4 .. 4.

        What matters is the relative saving at every rate; the root is a middle way that keeps the noise of nearly empty
        frames small. `bits` [frames] are the bits per coded macroblock just seen.
        """
        weights = np.empty(len(bits), np.float32)
        for index, (key, value) in enumerate(zip(batch.group, bits)):
            rate = self.rates.get(key, value)
            self.rates[key] = 0.9 * rate + 0.1 * value
            weights[index] = (40.0 / max(rate, 1.0)) ** 0.5
        return np.clip(weights, 0.25, 4.0)


def train_step(model: PriorModel, feeder: Feeder) -> tuple[Tensor, float, float]:
    batch = feeder.draw()
    parts = model.bits(batch)
    frame = torch.from_numpy(batch.frame)
    per_frame = torch.zeros(len(batch.group))
    for (bits, _), coded in zip(parts, batch.coded):
        per_frame = per_frame.index_add(0, frame[coded.macroblock], bits)
    per_frame = per_frame / torch.bincount(frame, minlength=len(batch.group))
    weights = torch.from_numpy(feeder.weights(batch, per_frame.detach().numpy()))
    loss = (per_frame * weights).sum() / len(batch.group)
    # Bits per pixel of coded macroblocks; thousands of them as the unit of speed.
    return loss, float(per_frame.detach().mean()) / 256, len(batch.frame) / 1000


def zero_order_bits(counts: np.ndarray) -> float:
    """Bits of the symbols counted [.., symbols], each row coded at its own entropy."""
    total = counts.sum(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(counts > 0, -counts * np.log2(counts / total), 0)
    return float(cost.sum())


def whole_frames(coder: TokenCoder, shard: Shard, frames: list[int]):
    """One batch per whole frame; frames without coded macroblocks are left out."""
    arrays = [shard.array(name) for name in ("context", "memory", "tokens")]
    for frame in frames:
        rows = frame_rows(*(np.asarray(array[frame]) for array in arrays))
        if len(rows.block):
            yield make_batch(coder, [rows], [int(shard.inter[frame])])


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
    table, near = (table_costs(logits).reshape(-1, 16) for logits in (model.logits, model.near))
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
            pixels += len(chosen) * shard.rows * shard.columns * 256
            for batch in whole_frames(coder, shard, chosen):
                for fine, coded in zip(model.scales(batch), batch.coded):
                    scale = fine[coded.place]
                    first = table[hard_index(scale, coded), coded.symbol]
                    second = near[near_index(scale, coded), coded.symbol]
                    cost = float(bits_of_mean(first, second).double().sum())
                    extra = float(coded.extra.double().sum())
                    bits[band] = bits.get(band, 0) + cost + extra
                    fixed[band] = fixed.get(band, 0) + extra
                    cell = ((coded.kind == 1).long() * 384 + coded.place % 384) * 16 + coded.symbol
                    counts += np.bincount(cell.numpy(), minlength=counts.size).reshape(counts.shape)
                    tokens += len(coded.place)
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


def train_sizes_only(prior: Prior) -> nn.Parameter:
    """Lets the weights of the inputs that say a large block's size change, no others; returns the parameter they are in.

    What is predicted for macroblocks then stays as it is.
    """
    prior.requires_grad_(False)
    weight = prior.embed.weight.requires_grad_(True)
    chosen = torch.zeros_like(weight)
    chosen[:, SIZE_INPUTS] = 1
    weight.register_hook(lambda gradient: gradient * chosen)
    return weight


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # Rows are made on the CPU, which takes longer than learning from them.
    add_run_arguments(parser, learning_rate=2e-3, batch=16, devices=("cpu",))
    parser.add_argument("--pack", type=Path, required=True, help="pack whose tables the shards were coded with")
    parser.add_argument("--table-learning-rate", type=float, default=1e-2, help="peak for the table logits")
    parser.add_argument("--sizes-only", action="store_true", help="train only the weights of block sizes, on large blocks")
    parser.add_argument("--evaluation-frames", type=int, default=2, help="inter frames per held-out shard")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    tables = safetensors.load(arguments.pack / "tables.safetensors")
    coder = TokenCoder(tables)
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    model = PriorModel(NetworkShape(), tables)
    groups = [
        {"params": list(model.prior.parameters())},
        {"params": [model.logits, model.near], "lr": arguments.table_learning_rate},
    ]
    if starts_from_pack(arguments):
        load_weights(model.prior, arguments.start_from)
    if arguments.sizes_only:
        model.logits.requires_grad_(False)
        model.near.requires_grad_(False)
        groups = [{"params": [train_sizes_only(model.prior)]}]
    run = Run(arguments, model, "prior", groups)
    if run.step == 0 and not arguments.start_from:
        sample = train[:: max(1, len(train) // 24)]
        counts = count_symbols(model, coder, sample, 1)
        fitted = fit_tables(counts, tables["coefficientTables"])
        for copy in (model, run.average):
            copy.logits.data.copy_(logits_of(fitted))
    feeder = Feeder(train, coder, arguments.batch, run.generator, arguments.sizes_only)
    run.describe_data(len(train), len(held), len({shard.clip for shard in train}))
    run.say(
        f"{len(train)} shards to train on, {len(held)} held out, "
        f"{sum(p.numel() for p in model.parameters())} parameters"
    )
    return run.loop(
        lambda _: train_step(model, feeder),
        lambda average: evaluate(average, coder, held, arguments.evaluation_frames),
        "thousand macroblocks",
    )


if __name__ == "__main__":
    main()
