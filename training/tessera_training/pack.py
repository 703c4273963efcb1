"""Writes a pack's folder: tables, graphs, self-test vectors, manifest with hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx

from . import safetensors
from .program import Program, check_bounds, evaluate, to_onnx
from .tables import check_tables

FORMAT = 1
EXACT_GRAPHS = ("prior-first", "prior-second", "loop-filter")
FILES = {
    "tables": "tables.safetensors",
    "prior-first": "prior-first.onnx",
    "prior-second": "prior-second.onnx",
    "loop-filter": "loop-filter.onnx",
    "post-filter-psnr": "post-filter-psnr.onnx",
    "post-filter-lpips": "post-filter-lpips.onnx",
    "self-test": "self-test.safetensors",
}


def self_test_vectors(programs: dict[str, Program], rows: int, columns: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Random inputs of each exact graph and the outputs of the int64 evaluation.

    Names are `GRAPH.input.NAME` and `GRAPH.output.NAME`. The values of the prior's inputs cover the bytes beyond what
    a stream can hold; the grid is rows x columns macroblocks.
    """
    generator = np.random.default_rng(seed)
    sizes = {
        "rows": rows, "columns": columns,
        "height": 16 * rows, "width": 16 * columns, "halfHeight": 8 * rows, "halfWidth": 8 * columns,
        "blockRows": 2 * rows, "blockColumns": 2 * columns,
    }  # fmt: skip
    vectors: dict[str, np.ndarray] = {}
    for name in EXACT_GRAPHS:
        program = programs[name]
        inputs = {}
        for field, channels, height, width in program.inputs:
            shape = (1, channels, sizes[height], sizes[width])
            high = 256 if field in ("y", "u", "v", "features") else 65
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
    self_test_grid: tuple[int, int] = (3, 4),
) -> dict[str, object]:
    """Checks everything, writes the files and returns the manifest."""
    check_tables(tables)
    for graph in EXACT_GRAPHS:
        check_bounds(programs[graph])
    folder.mkdir(parents=True, exist_ok=True)
    safetensors.save(folder / FILES["tables"], tables)
    safetensors.save(folder / FILES["self-test"], self_test_vectors(programs, *self_test_grid))
    for graph, program in programs.items():
        onnx.save(to_onnx(program), folder / FILES[graph])
    files = {}
    for role, path in FILES.items():
        data = (folder / path).read_bytes()
        files[role] = {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "licence": "MIT",
        "files": files,
        "kiloMacsPerPixel": {graph: round(program.kilo_macs_per_pixel(), 3) for graph, program in programs.items()},
        "defaultPostFilter": default_post_filter,
        "provenance": provenance,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest
