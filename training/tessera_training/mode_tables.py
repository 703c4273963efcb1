"""Fits the tables of mode symbols to the symbols an encoder counted."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import safetensors
from .shards import Shard, open_shards
from .tables import TOTAL, frequencies


def count(shards: list[Shard], tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Counts [contexts, symbols] of all shards by table name; intra modes only of shards with as many as the pack."""
    counts = {name: np.zeros(table.shape) for name, table in tables.items() if name.startswith("modeTables.")}
    for shard in shards:
        symbols = np.asarray(shard.array("mode-symbols"))
        same_intra = shard.meta["intraModes"] == len(tables["intra16"])
        for index, short in enumerate(shard.meta["modeTables"]):
            name = f"modeTables.{short}"
            if name not in counts:
                raise ValueError(f"{shard.folder}: unknown mode table {short}")
            if short.startswith("intraMode") and not same_intra:
                continue
            own = symbols[symbols[:, 0] == index]
            if len(own):
                contexts, width = counts[name].shape
                cells = own[:, 1] * width + own[:, 2]
                if own[:, 1].max() >= contexts or own[:, 2].max() >= width:
                    raise ValueError(f"{shard.folder}: a symbol of {short} lies outside the table {contexts} x {width}")
                counts[name] += np.bincount(cells, minlength=contexts * width).reshape(contexts, width)
    return counts


def smooth(counts: np.ndarray, start: np.ndarray, strength: float = 48.0) -> np.ndarray:
    """Counts drawn towards `start`, so that contexts that were hardly seen stay as they are.

    Tables adapt while they are used, so what matters is a good first guess.
    """
    return frequencies(counts + strength * start.astype(np.float64) / TOTAL)


def cost(counts: dict[str, np.ndarray], tables: dict[str, np.ndarray]) -> float:
    """Bits of all counted symbols under fixed tables."""
    return float(sum((c * -np.log2(tables[name].astype(np.float64) / TOTAL)).sum() for name, c in counts.items()))


def fit(shards: list[Shard], tables: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """New mode tables and the bits of the counted symbols before and after, shards weighed by 1 / sqrt(bits), limited to
    1/4 .. 4 of the middle one: first frequencies matter most where few symbols follow."""
    each = [count([shard], tables) for shard in shards]
    bits = np.maximum(1, [cost(counts, tables) for counts in each])
    weights = np.clip((np.median(bits) / bits) ** 0.5, 0.25, 4.0)
    counts = {name: sum(w * own[name] for w, own in zip(weights, each)) for name in each[0]}
    fitted = {name: smooth(value, tables[name]) for name, value in counts.items()}
    return fitted, {"before": cost(counts, tables), "after": cost(counts, fitted)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help="folder with dumped shards")
    parser.add_argument("--pack", type=Path, required=True, help="pack whose tables are the start")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file for the fitted tables")
    arguments = parser.parse_args()
    tables = safetensors.load(arguments.pack / "tables.safetensors")
    fitted, bits = fit(open_shards(arguments.shards), tables)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    safetensors.save(arguments.out, fitted)
    print(json.dumps({name: round(value) for name, value in bits.items()}))


if __name__ == "__main__":
    main()
