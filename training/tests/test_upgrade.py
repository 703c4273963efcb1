"""A pack from before symbols with two contexts gets the tables for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tessera_training import safetensors, upgrade
from tessera_training.pack import read_manifest
from tessera_training.tables import check_tables, frequencies

# Contexts that the symbols had before, with thirty intra modes.
BEFORE = {
    "split": 12, "typeLarge": 18, "type": 9, "typeKey": 3, "intraMode16": 961, "intraMode8": 961, "lumaGroups": 48, "transform": 9,
    "chromaGroups": 64, "motionSkip": 3, "motion": 4, "reference": 1, "motionClass": 6,
}  # fmt: skip


def test_an_old_pack_is_upgraded(tmp_path: Path, repository: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(repository / "codecs" / "tessera-nano", pack)
    old = safetensors.load(pack / "tables.safetensors")
    del old["nearTables"]
    for name, contexts in BEFORE.items():
        symbols = old[f"modeTables.{name}"].shape[1]
        old[f"modeTables.{name}"] = frequencies(1 + (np.arange(contexts)[:, None] * 7 + np.arange(symbols) * 5) % 11)
    with pytest.raises(ValueError, match="nearTables"):
        check_tables(old)
    safetensors.save(pack / "tables.safetensors", old)
    upgrade.main([str(pack)])
    tables = safetensors.load(pack / "tables.safetensors")
    check_tables(tables)
    for name in old.keys() - {f"modeTables.{name}" for name in BEFORE}:
        assert np.array_equal(tables[name], old[name]), name
    assert np.array_equal(tables["modeTables.intraMode8"][:961], old["modeTables.intraMode8"])
    mean = old["modeTables.lumaGroups"].astype(float).mean(0)
    assert np.allclose(tables["modeTables.lumaGroups"], mean, atol=20)
    with pytest.raises(ValueError, match="already"):
        upgrade.main([str(pack)])
    assert read_manifest(pack)["name"] == "tessera-nano"


def test_q_offsets_become_differences(repository: Path) -> None:
    old = safetensors.load(repository / "codecs" / "tessera-nano" / "tables.safetensors")
    old["modeTables.qOffset"] = frequencies(2.0 ** -np.abs(np.arange(17) - 8.0)[None])
    table = upgrade.upgrade(old)["modeTables.qOffset"]
    assert table.shape == (3, 17)
    assert (table.argmax(1) == 0).all()


def test_a_pack_without_a_mode_symbol_gets_its_table_only(tmp_path: Path, repository: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(repository / "codecs" / "tessera-nano", pack)
    whole = safetensors.load(pack / "tables.safetensors")
    old = {name: table for name, table in whole.items() if name != "modeTables.chromaFromLuma"}
    safetensors.save(pack / "tables.safetensors", old)
    graphs = {path.name: path.read_bytes() for path in pack.glob("*.onnx")}
    upgrade.main([str(pack)])
    tables = safetensors.load(pack / "tables.safetensors")
    check_tables(tables)
    assert tables["modeTables.chromaFromLuma"].shape == (9, 2)
    for name, table in old.items():
        assert np.array_equal(tables[name], table), name
    assert {path.name: path.read_bytes() for path in pack.glob("*.onnx")} == graphs
