"""Reads what `tessera-dev dump` writes: one folder per clip and q, .npy arrays and meta.json."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import numpy as np

Sample = TypeVar("Sample")


@dataclass(frozen=True)
class Shard:
    """One clip coded at one q. Arrays stay on disk; reading a slice copies it."""

    folder: Path
    meta: dict

    @property
    def clip(self) -> str:
        return str(self.meta["clip"])

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def frames(self) -> int:
        return int(self.meta["frames"])

    @property
    def rows(self) -> int:
        return int(self.meta["rows"])

    @property
    def columns(self) -> int:
        return int(self.meta["columns"])

    def array(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    @cached_property
    def inter(self) -> np.ndarray:
        """bool [frames]: False for key frames."""
        return np.asarray(self.array("context")[:, 0, 0, 0]) > 0


def open_shards(root: Path, clips: list[str] | None = None) -> list[Shard]:
    """All complete shards under `root`, sorted by name. Raises FileNotFoundError if there is none."""
    shards = []
    for meta in sorted(Path(root).glob("**/meta.json")):
        shard = Shard(meta.parent, json.loads(meta.read_text()))
        if shard.frames > 0 and (clips is None or shard.clip in clips):
            shards.append(shard)
    if not shards:
        raise FileNotFoundError(f"{root}: no shard (a folder with meta.json); run `tessera-dev dump` first")
    return shards


def block_sizes(context: np.ndarray) -> np.ndarray:
    """Block size of each macroblock, 0 (16x16), 1 (32x32) or 2 (64x64), of context planes [32, ..]."""
    return (context[29] > 0) + 2 * (context[30] > 0)


def source_of(clip: str) -> str:
    """What a clip was cut from: its name without the number before it (`0012_`) and the letter behind it (`_s`, `_t`)."""
    return re.sub(r"^\d+_|_[a-z]$", "", clip)


def split_held_out(
    shards: list[Sample], every: int, clip_of: Callable[[Sample], str] = attrgetter("clip")
) -> tuple[list[Sample], list[Sample]]:
    """Training and held-out shards, or what else is made of clips: a source in `every` is held out with all its clips and
    rates, by a hash of its name, so that it stays held out whatever else there is. `clip_of` gives the name of a shard's
    clip."""

    def source(shard: Sample) -> str:
        return source_of(clip_of(shard))

    places = {name: zlib.crc32(name.encode()) for name in map(source, shards)}
    held = {name for name, place in places.items() if place * every < 2**32}
    if not held and len(places) > 1:
        held = {min(places, key=places.__getitem__)}
    train = [shard for shard in shards if source(shard) not in held]
    return train, [shard for shard in shards if source(shard) in held] or train


class FrameSampler:
    """Draws (shard, frame): every shard alike per frame, key frames at least `key_share` of the draws."""

    def __init__(self, shards: list[Shard], generator: np.random.Generator, key_share: float = 0.0) -> None:
        self.generator = generator
        self.places = [(s, f) for s in range(len(shards)) for f in range(shards[s].frames)]
        weights = np.ones(len(self.places))
        if key_share > 0:
            inter = np.concatenate([shard.inter for shard in shards])
            keys = int((~inter).sum())
            if 0 < keys < len(inter) and keys / len(inter) < key_share:
                weights[~inter] = key_share / (1 - key_share) * inter.sum() / keys
        self.cumulative = np.cumsum(weights / weights.sum())

    def draw(self) -> tuple[int, int]:
        place = np.searchsorted(self.cumulative, self.generator.random(), side="right")
        return self.places[min(int(place), len(self.places) - 1)]
