"""Writes expected.json again: the figures of the ten-step runs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.test_lookup_free import run_trainers, write_planes
from tests.test_trainers import EXPECTED, TRAINERS, run_trainer

from tessera_training.machine import prepare
from tessera_training.synthetic import write_shard

if __name__ == "__main__":
    prepare(1)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for index in range(4):
            write_shard(root / "shards" / f"clip{index}-q30", f"clip{index}", 6, 8, 3, 30, index)
        write_planes(root / "planes")
        figures = {name: run_trainer(name, root / "shards", root, REPOSITORY) for name in TRAINERS}
        figures |= run_trainers(root / "planes", root)
    EXPECTED.write_text(json.dumps({k: [round(x, 5) for x in v] for k, v in figures.items()}, indent=1) + "\n")
