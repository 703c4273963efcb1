"""Gives a pack from before blocks of 32x32 and 64x64 what these need, and intra prediction in more directions; gives filters
the sizes of blocks as an input."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from . import safetensors
from .folded import SIDE_PLANES
from .from_pack import load_post_filter, load_weights
from .intra import CLASSES, MODES, classes, matrices
from .networks import LoopFilter, NetworkShape, Prior
from .pack import FILES, POST_PARTS, read_manifest, write_pack
from .program import Program
from .tables import default_mode_tables, frequencies, large_types, separable_tables


def upgrade(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tables with `separable*`, `split` and `typeLarge`, with contexts for large blocks, whose first frequencies
    are those of 16x16 blocks, and with all intra modes. Raises ValueError if the pack has all this."""
    if "separable16" in tables:
        raise ValueError("the pack has tables for large blocks already")

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


def lacks_inputs(folder: Path) -> bool:
    """Whether the filters of the pack in `folder` are from before the sizes of blocks were an input."""
    inputs = {value.name: value for value in onnx.load(folder / FILES["loop-filter"]).graph.input}
    return inputs["side"].type.tensor_type.shape.dim[1].dim_value < SIDE_PLANES


def filters_with_inputs(folder: Path) -> dict[str, Program]:
    """The filters of the pack in `folder`, which ignore the sizes of blocks."""
    loop_filter = LoopFilter(NetworkShape())
    load_weights(loop_filter, folder)
    posts = {part: load_post_filter(folder, part).program(part) for part in POST_PARTS}
    return {"loop-filter": loop_filter.program(), **posts}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, help="folder of the pack, which is changed")
    folder = parser.parse_args(argv).pack
    manifest = read_manifest(folder)
    tables = safetensors.load(folder / FILES["tables"])
    programs: dict[str, Program] = {}
    if lacks_inputs(folder):
        programs |= filters_with_inputs(folder)
    if not programs or "separable16" not in tables:
        tables = upgrade(tables)
        programs["prior-first"], programs["prior-second"] = without_sizes(folder).programs()
    write_pack(folder, manifest["name"], manifest["version"], tables, programs, manifest["provenance"], manifest["defaultPostFilter"])


if __name__ == "__main__":
    main()
