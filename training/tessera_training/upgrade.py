"""Gives a pack from before symbols with two contexts and chroma from luma the tables for them, and its filters the sizes of
blocks as an input."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx

from . import safetensors
from .folded import SIDE_PLANES
from .from_pack import load_post_filter, load_weights
from .networks import LoopFilter, NetworkShape
from .pack import FILES, POST_PARTS, read_manifest, write_pack
from .program import Program
from .tables import default_mode_tables, default_near_tables, frequencies, mode_table_shapes


def upgrade(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tables with as many contexts as they have now; `mode_tables.py` and
    `near_tables.py` fit them to data.

    Contexts of `intraMode8` that were there before keep their frequencies. All others start with the mean of the symbol's
    contexts; a symbol that was not there starts with a guess, and so does `qOffset` from when it was not a difference.
    """
    modes = len(tables["intra16"])
    changed: dict[str, np.ndarray] = {}
    defaults = default_mode_tables(modes)
    for name, shape in mode_table_shapes(modes).items():
        before = tables.get(f"modeTables.{name}")
        if before is None or name == "qOffset" and len(before) == 1:
            changed[f"modeTables.{name}"] = defaults[f"modeTables.{name}"]
            continue
        if before.shape == shape:
            continue
        table = np.repeat(frequencies(before.astype(np.float64).mean(0, keepdims=True)), shape[0], 0)
        if name == "intraMode8":
            table[: len(before)] = before
        changed[f"modeTables.{name}"] = table
    if "nearTables" not in tables:
        changed["nearTables"] = default_near_tables()
    return tables | changed


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
    before = safetensors.load(folder / FILES["tables"])
    programs = filters_with_inputs(folder) if lacks_inputs(folder) else {}
    tables = upgrade(before)
    if not programs and tables.keys() == before.keys() and all(tables[name].shape == before[name].shape for name in tables):
        raise ValueError("the pack has everything already")
    write_pack(folder, manifest["name"], manifest["version"], tables, programs, manifest["provenance"], manifest["defaultPostFilter"])


if __name__ == "__main__":
    main()
