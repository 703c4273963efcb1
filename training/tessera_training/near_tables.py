"""Fits the tables of a magnitude's second context to dumped shards, with the scales that a pack's prior gives."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from . import safetensors
from .from_pack import load_weights
from .networks import NetworkShape
from .prior import PriorModel, pick_frames, whole_frames
from .shards import Shard, open_shards
from .tables import NEAR, SYMBOLS
from .token_statistics import TokenCoder, fit_tables, near_index


@torch.no_grad()
def count_near(model: PriorModel, coder: TokenCoder, shards: list[Shard], frames: int) -> np.ndarray:
    """Counts [3, 32, 7, 5, 16] of symbols under the exact scales, over a few frames of each shard, which weigh by 1 /
    sqrt(tokens)."""
    rows = 3 * NEAR[0] * NEAR[1] * NEAR[2]
    counts = np.zeros(rows * SYMBOLS)
    for shard in shards:
        own = np.zeros(rows * SYMBOLS)
        for batch in whole_frames(coder, shard, pick_frames(shard, frames)):
            for fine, coded in zip(model.scales(batch), batch.coded):
                row = near_index(fine[coded.place], coded)
                own += np.bincount((row * SYMBOLS + coded.symbol).numpy(), minlength=len(own))
        counts += own * min(1.0, (100_000 / max(1.0, own.sum())) ** 0.5)
    return counts.reshape(3, *NEAR, SYMBOLS)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help="folder with dumped shards")
    parser.add_argument("--pack", type=Path, required=True, help="pack with the prior, whose tables are the start")
    parser.add_argument("--frames", type=int, default=8, help="inter frames of each shard")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file for the fitted tables")
    arguments = parser.parse_args(argv)
    tables = safetensors.load(arguments.pack / "tables.safetensors")
    model = PriorModel(NetworkShape(), tables)
    load_weights(model.prior, arguments.pack)
    counts = count_near(model, TokenCoder(tables), open_shards(arguments.shards), arguments.frames)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    safetensors.save(arguments.out, {"nearTables": fit_tables(counts, tables["nearTables"], 20.0)})


if __name__ == "__main__":
    main()
