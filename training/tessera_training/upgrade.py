"""Gives a pack from before symbols with two contexts and chroma from luma the tables for them."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from . import safetensors
from .pack import FILES, read_manifest, write_pack
from .tables import default_mode_tables, default_near_tables, frequencies, mode_table_shapes


def upgrade(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the tables with as many contexts as they have now; `mode_tables.py` and
    `near_tables.py` fit them to data.

    Contexts of `intraMode8` that were there before keep their frequencies. All others start with the mean of the symbol's
    contexts; a symbol that was not there starts with a guess. Raises ValueError if the pack has all contexts.
    """
    modes = len(tables["intra16"])
    changed: dict[str, np.ndarray] = {}
    defaults = default_mode_tables(modes)
    for name, shape in mode_table_shapes(modes).items():
        before = tables.get(f"modeTables.{name}")
        if before is None:
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
    if not changed:
        raise ValueError("the pack has tables for two contexts already")
    return tables | changed


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, help="folder of the pack, which is changed")
    folder = parser.parse_args(argv).pack
    manifest = read_manifest(folder)
    tables = upgrade(safetensors.load(folder / FILES["tables"]))
    write_pack(folder, manifest["name"], manifest["version"], tables, {}, manifest["provenance"], manifest["defaultPostFilter"])


if __name__ == "__main__":
    main()
