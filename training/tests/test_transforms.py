from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tessera_training import safetensors, transforms
from tessera_training.residuals import coded_residual
from tessera_training.tables import PackShape, check_tables, dct_basis, default_tables


def directional_blocks(count: int, seed: int) -> np.ndarray:
    """8x8 blocks that are flat along one diagonal: the DCT spreads them, a learned basis does not."""
    generator = np.random.default_rng(seed)
    lines = generator.normal(0, 4, (count, 15)).astype(np.float32)
    at = np.arange(8)[:, None] + np.arange(8)[None, :]
    return (lines[:, at.ravel()] + generator.normal(0, 0.1, (count, 64))).astype(np.float32)


def test_a_learned_basis_is_orthonormal_and_cheaper() -> None:
    start = transforms.complete(dct_basis(8, 64))
    learned = transforms.learn_one(directional_blocks(4000, 1), start, 30, 1.0)
    assert np.abs(learned @ learned.T - np.eye(64)).max() < 1e-4
    fresh = directional_blocks(1000, 2)
    assert transforms.coding_cost(fresh @ learned.T).mean() < 0.7 * transforms.coding_cost(fresh @ start.T).mean()


def test_choices_split_blocks_between_them() -> None:
    start = transforms.complete(dct_basis(8, 64))
    one = directional_blocks(3000, 3)
    other = one.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)
    bases = transforms.learn_choices(np.concatenate([one, other]), start, 2, 30, 1.0, 1)
    fresh = directional_blocks(500, 4)
    alone = [transforms.coding_cost(fresh @ basis.T).mean() for basis in [start, *bases]]
    assert min(alone[1:]) < 0.8 * alone[0]


def test_coded_residual_follows_the_format() -> None:
    tables = default_tables(PackShape())
    generator = np.random.default_rng(5)
    tokens = (generator.integers(-3, 4, (2, 384)) * (generator.random((2, 384)) < 0.1)).astype(np.int8)
    context = np.zeros((2, 32), np.uint8)
    context[:, 1] = [20, 33]
    context[0, 5], context[1, 3], context[1, 7] = 64, 64, 64
    actual = coded_residual(tables, tokens, context)
    for block in range(2):
        s = max(1, (int(tables["step"][context[block, 1]]) * 32 + 16) >> 5)
        pull = tables["reconstructionOffset"][block].astype(int).tolist()
        picture = np.zeros((16, 16), object)
        for index in range(256):
            t = int(tokens[block, index])
            if t:
                value = (abs(t) * s - ((s * pull[min(abs(t), 2) - 1]) >> 8)) * (1 if t > 0 else -1)
                if block == 0:
                    picture += value * tables["basis16"][0, index].reshape(16, 16).astype(object)
                else:
                    y, x = divmod(index % 4, 2)
                    picture[8 * y : 8 * y + 8, 8 * x : 8 * x + 8] += value * tables["basis8"][0, index // 4].reshape(8, 8).astype(object)
        wanted = np.array([[min(1023, max(-1024, (int(v) + 2**17) >> 18)) for v in row] for row in picture])
        assert (actual[block].reshape(16, 16) == wanted).all()


def test_command_writes_tables_a_pack_can_take(shards: Path, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    tables = default_tables(PackShape())
    safetensors.save(pack / "tables.safetensors", tables)
    out = tmp_path / "learned.safetensors"
    arguments = ["--shards", str(shards), "--pack", str(pack), "--out", str(out), "--rounds", "1", "--frames", "1", "--held-out-every", "4"]
    transforms.main(arguments)
    learned = safetensors.load(out)
    check_tables(tables | learned)
    assert "cost of the best mode" in capsys.readouterr().out
    assert learned["intra16"].shape == (30, 256, 49) and (learned["intra16"][:2] == tables["intra16"][:2]).all()
