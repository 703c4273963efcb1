from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tessera_training.machine import prepare  # noqa: E402
from tessera_training.synthetic import write_shard  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    prepare(1)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic clips, one of which the trainers hold out."""
    root = tmp_path_factory.mktemp("shards")
    for index in range(4):
        write_shard(root / f"clip{index}-q30", f"clip{index}", 6, 8, 3, 30, index)
    return root
