"""Writes a pack's folder: tables, graphs, self-test vectors, manifest with hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx

from . import safetensors
from .program import Program, intervals, evaluate, to_onnx
from .tables import check_tables

FORMAT = 1
EXACT_GRAPHS = ("prior-first", "prior-second", "loop-filter")
POST_PARTS = ("post-filter-psnr", "post-filter-lpips")
FILES = {
    "tables": "tables.safetensors",
    "prior-first": "prior-first.onnx",
    "prior-second": "prior-second.onnx",
    "loop-filter": "loop-filter.onnx",
    "post-filter-psnr": "post-filter-psnr.onnx",
    "post-filter-lpips": "post-filter-lpips.onnx",
    "self-test": "self-test.safetensors",
}


# Size of a loop filter's inputs.
REGION = {"y": (80, 80), "u": (40, 40), "v": (40, 40), "side": (10, 10)}


def self_test_vectors(programs: dict[str, Program], rows: int, regions: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Random inputs of exact graphs and the outputs of the int64 evaluation.

    Names are `GRAPH.input.NAME` and `GRAPH.output.NAME`. The values of the prior's inputs cover the bytes beyond what
    a stream can hold.
    """
    generator = np.random.default_rng(seed)
    vectors: dict[str, np.ndarray] = {}
    for name, program in programs.items():
        inputs = {}
        for field, channels, height, width in program.inputs:
            shape = (rows, channels) if program.is_rows else (regions, channels, *REGION[field])
            high = 65 if field in ("block", "memory", "neighbours") and name != "prior" else 256
            inputs[field] = generator.integers(0, high, shape, np.uint8)
        vectors |= {f"{name}.input.{field}": value for field, value in inputs.items()}
        vectors |= {f"{name}.output.{field}": value for field, value in evaluate(program, inputs).items()}
    return vectors


def write_pack(
    folder: Path,
    name: str,
    version: str,
    tables: dict[str, np.ndarray],
    programs: dict[str, Program],
    provenance: dict[str, object],
    default_post_filter: str,
    self_test_size: tuple[int, int] = (12, 2),
) -> dict:
    """Checks everything, writes the files and returns the manifest.

    `self_test_size` is how many rows and regions the vectors hold. Graphs that `programs` lacks stay as they are in the
    folder. Files are replaced one by one, the manifest last.
    """
    check_tables(tables)
    exact = [graph for graph in EXACT_GRAPHS if graph in programs]
    for graph in exact:
        intervals(programs[graph])
    folder.mkdir(parents=True, exist_ok=True)
    missing = [graph for graph in FILES if graph not in ("tables", "self-test", *programs) and not (folder / FILES[graph]).exists()]
    if missing:
        raise ValueError(f"{folder}: no graph for {', '.join(missing)}; start from --initial")
    costs: dict[str, float] = {}
    vectors: dict[str, np.ndarray] = {}
    if (folder / "manifest.json").exists():
        costs = read_manifest(folder)["kiloMacsPerPixel"]
        vectors = safetensors.load(folder / FILES["self-test"])
    vectors = {key: value for key, value in vectors.items() if key.split(".")[0] not in exact}
    vectors |= self_test_vectors({graph: programs[graph] for graph in exact}, *self_test_size)
    safetensors.save(folder / FILES["tables"], tables)
    safetensors.save(folder / FILES["self-test"], vectors)
    for graph, program in programs.items():
        onnx.save(to_onnx(program), folder / FILES[graph])
        costs[graph] = round(program.kilo_macs_per_pixel(), 3)
    return write_manifest(folder, FILES, name, version, costs, default_post_filter, provenance)


def write_manifest(
    folder: Path,
    paths: dict[str, str],
    name: str,
    version: str,
    costs: dict[str, float],
    default_post_filter: str,
    provenance: dict[str, object],
    family: str = "transform",
) -> dict:
    """Writes `manifest.json` over files that are there already, `paths` by their roles, and returns it."""
    files = {}
    for role, path in paths.items():
        data = (folder / path).read_bytes()
        files[role] = {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "licence": "MIT",
        "family": family,
        "files": files,
        "kiloMacsPerPixel": costs,
        "defaultPostFilter": default_post_filter,
        "provenance": provenance,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def read_manifest(folder: Path) -> dict:
    return json.loads((Path(folder) / "manifest.json").read_text())
