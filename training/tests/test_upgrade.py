"""A pack from before blocks of 32x32 and 64x64 gets what they need."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tessera_training import safetensors, upgrade
from tessera_training.from_pack import load_weights
from tessera_training.intra import CLASSES, MODES
from tessera_training.networks import NetworkShape, Prior
from tessera_training.pack import read_manifest
from tessera_training.tables import SEPARABLE, check_tables, frequencies

INTRA = ("intra16", "intra8", "intraBasis16", "intraBasis8")
KINDS = 4  # of blocks with a residual, before


def without_large_blocks(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tables that a pack had before."""
    new = ["intraClass", "modeTables.chromaFromLuma", *(f"separable{n}" for n in SEPARABLE), "modeTables.split", "modeTables.typeLarge"]
    old = {name: table for name, table in tables.items() if name not in new}
    motion = old["modeTables.motion"]
    kept = [MODES.index(mode) for mode in CLASSES]
    contexts = (len(CLASSES) + 1) ** 2
    intra_modes = frequencies(1 + (np.arange(contexts)[:, None] * 7 + np.arange(len(CLASSES)) * 5) % 11)
    return old | {
        **{name: old[name][kept] for name in INTRA},
        "modeTables.intraMode16": intra_modes,
        "modeTables.intraMode8": intra_modes,
        "modeTables.lumaGroups": old["modeTables.lumaGroups"][: 6 * KINDS],
        "modeTables.chromaGroups": old["modeTables.chromaGroups"][: 8 * KINDS],
        "modeTables.motionSkip": old["modeTables.motionSkip"][:1],
        "modeTables.motion": motion[[1, 0]],
    }


def test_an_old_pack_is_upgraded(tmp_path: Path, repository: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(repository / "codecs" / "tessera-nano", pack)
    old = without_large_blocks(safetensors.load(pack / "tables.safetensors"))
    with pytest.raises(ValueError, match="intraClass"):
        check_tables(old)
    safetensors.save(pack / "tables.safetensors", old)
    before = Prior(NetworkShape())
    load_weights(before, pack)
    upgrade.main([str(pack)])
    tables = safetensors.load(pack / "tables.safetensors")
    check_tables(tables)
    for name in INTRA:
        assert len(tables[name]) == len(MODES)
    for name in ("modeTables.intraMode16", "modeTables.intraMode8"):
        # Without neighbours, a class has the frequency that it had.
        row = tables[name][0].astype(np.float64)
        of_class = np.bincount(tables["intraClass"], row, minlength=len(CLASSES))
        assert np.allclose(of_class, old[name][0], rtol=0.01), name
    for name in old.keys() - {*INTRA, "modeTables.intraMode16", "modeTables.intraMode8"}:
        table = old[name]
        rows = np.arange(len(table)) if name != "modeTables.motion" else np.array([1, 0])
        assert np.array_equal(tables[name][rows], table), name
    # Large blocks start as 16x16 ones of their kind, inter or intra.
    luma, chroma = tables["modeTables.lumaGroups"], tables["modeTables.chromaGroups"]
    for kind, like in ((4, 0), (5, 0), (6, 2), (7, 2)):
        assert np.array_equal(luma[6 * kind : 6 * kind + 6], luma[6 * like : 6 * like + 6])
        assert np.array_equal(chroma[8 * kind : 8 * kind + 8], chroma[8 * like : 8 * like + 8])
    after = Prior(NetworkShape())
    load_weights(after, pack)
    assert not after.embed.weight[:, 29:32].any()
    kept = [*range(29), *range(32, after.embed.weight.shape[1])]
    assert np.array_equal(after.embed.weight[:, kept].detach(), before.embed.weight[:, kept].detach())
    with pytest.raises(ValueError, match="already"):
        upgrade.main([str(pack)])
    assert read_manifest(pack)["name"] == "tessera-nano"


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
