"""Compares the scales that the encoder's prior gave (`tessera-dev dump --scales`) with those of the trainer's network."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from .from_pack import load_weights
from .machine import prepare
from .networks import NetworkShape, Prior
from .prior import frame_rows
from .shards import Shard, open_shards


@torch.no_grad()
def shard_scales(prior: Prior, shard: Shard) -> np.ndarray:
    """uint8 [n, 384]: the scales of each frame's rows by prior-first, then those of its rows of pass 1 by prior-second."""
    parts = [np.zeros((0, 384), np.uint8)]
    for frame in range(shard.frames):
        rows = frame_rows(*(np.asarray(shard.array(name)[frame]) for name in ("context", "memory", "tokens")))
        inputs = (torch.from_numpy(np.ascontiguousarray(a)).float() for a in (rows.block, rows.around, rows.memory))
        features, fine = prior.run_first(*inputs)
        second = torch.from_numpy(rows.is_second)
        later = prior.run_second(features[second], fine[second], torch.from_numpy(rows.neighbours).float())
        parts += [(scales.numpy() // 8).astype(np.uint8) for scales in (fine, later)]
    return np.concatenate(parts)


def check(prior: Prior, shard: Shard) -> int:
    """Returns the number of rows that are equal. Raises ValueError at the first one that is not."""
    ours, encoders = shard_scales(prior, shard), np.asarray(shard.array("scales"))
    if ours.shape != encoders.shape:
        raise ValueError(f"{shard.name}: the encoder's prior had {len(encoders)} rows, not {len(ours)}")
    wrong = np.flatnonzero((ours != encoders).any(1))
    if len(wrong):
        raise ValueError(f"{shard.name}: the scales of {len(wrong)} of {len(ours)} rows differ, the first is row {wrong[0]}")
    return len(ours)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help="folder with shards dumped with --scales")
    parser.add_argument("--pack", type=Path, required=True, help="pack they were dumped with")
    arguments = parser.parse_args(argv)
    prepare(1)
    prior = Prior(NetworkShape())
    load_weights(prior, arguments.pack)
    for shard in open_shards(arguments.shards):
        print(f"{shard.name}: {check(prior, shard)} rows are equal")


if __name__ == "__main__":
    main()
