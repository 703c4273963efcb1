"""Gives an older pack what it lacks: tables for blocks of 32x32 and 64x64, more intra directions, mode symbols."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from . import safetensors
from .from_pack import load_weights
from .intra import CLASSES, MODES, classes, matrices
from .networks import NetworkShape, Prior
from .pack import FILES, read_manifest, write_pack
from .program import Program
from .tables import default_mode_tables, frequencies, large_types, separable_tables


def upgrade(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tables with everything that they lack. Raises ValueError if they lack nothing."""
    large = tables if "separable16" in tables else with_large_blocks(tables)
    result = default_mode_tables(len(large["intra16"])) | large
    if result.keys() == tables.keys():
        raise ValueError("the pack has all tables already")
    return result


def with_large_blocks(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tables with `separable*`, `split` and `typeLarge`, with contexts for large blocks, whose first frequencies
    are those of 16x16 blocks, and with all intra modes."""

    def mode(name: str) -> np.ndarray:
        return tables[f"modeTables.{name}"]

    luma, chroma, motion = mode("lumaGroups"), mode("chromaGroups"), mode("motion")
    changed = {
        "intraMode16": more_intra_modes(mode("intraMode16")),
        "intraMode8": more_intra_modes(mode("intraMode8")),
        "split": default_mode_tables(len(tables["intra16"]))["modeTables.split"],
        "typeLarge": frequencies(large_types(mode("type"))),
        # Inter and intra 16x16 are kinds 0 and 2.
        "lumaGroups": np.concatenate([luma, luma[:6], luma[:6], luma[12:18], luma[12:18]]),
        "chromaGroups": np.concatenate([chroma, chroma[:8], chroma[:8], chroma[16:24], chroma[16:24]]),
        "motionSkip": np.repeat(mode("motionSkip"), 3, 0),
        # Contexts were 16x16 and 8x8; now they are sizes, smallest first.
        "motion": np.stack([motion[1], motion[0], motion[0], motion[0]]),
    }
    count = len(MODES)
    intra = {
        "intra16": matrices(16, count),
        "intra8": matrices(8, count),
        "intraClass": classes(count),
        "intraBasis16": np.zeros(count, np.uint8),
        "intraBasis8": np.zeros(count, np.uint8),
    }
    return tables | separable_tables() | intra | {f"modeTables.{name}": table for name, table in changed.items()}


def more_intra_modes(table: np.ndarray) -> np.ndarray:
    """Frequencies [31 x 31, 30] of all modes from those [13 x 13, 12] of their classes, the modes of a pack from before.

    The modes of a class share its frequency, except that a neighbour's own direction is likelier.
    """
    before, count = len(CLASSES), len(MODES)
    class_of = classes(count)
    members = np.bincount(class_of, minlength=before)
    neighbour = np.concatenate([[0], 1 + class_of])
    rows = table.astype(np.float64).reshape(before + 1, before + 1, before)[neighbour][:, neighbour]
    weights = rows[..., class_of] / members[class_of]
    for mode in range(2, count):
        weights[mode + 1, :, mode] *= 1.6
        weights[:, mode + 1, mode] *= 1.6
    return frequencies(weights.reshape(-1, count))


# Inputs of prior-first that were those of the inter basis; two of them are now those of the size, the last one is unused.
BASIS_INPUTS = slice(29, 32)


def without_sizes(folder: Path) -> Prior:
    """The prior of the pack in `folder`, whose weights for the sizes of blocks are zero."""
    prior = Prior(NetworkShape())
    load_weights(prior, folder)
    with torch.no_grad():
        prior.embed.weight[:, BASIS_INPUTS] = 0
    return prior


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, help="folder of the pack, which is changed")
    folder = parser.parse_args(argv).pack
    manifest = read_manifest(folder)
    before = safetensors.load(folder / FILES["tables"])
    programs: dict[str, Program] = {}
    if "separable16" not in before:
        programs["prior-first"], programs["prior-second"] = without_sizes(folder).programs()
    write_pack(
        folder, manifest["name"], manifest["version"], upgrade(before), programs,
        manifest["provenance"], manifest["defaultPostFilter"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
