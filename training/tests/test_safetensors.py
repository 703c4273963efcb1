from __future__ import annotations

from pathlib import Path

import numpy as np

from tessera_training import safetensors


def test_a_transposed_tensor_comes_back_in_order(tmp_path: Path) -> None:
    tensor = np.arange(12, dtype=np.int16).reshape(3, 4)
    safetensors.save(tmp_path / "a.safetensors", {"a": tensor.T, "b": tensor[:, ::2]})
    loaded = safetensors.load(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(loaded["a"], tensor.T)
    np.testing.assert_array_equal(loaded["b"], tensor[:, ::2])
    assert loaded["a"].dtype == np.int16


def test_a_shipped_pack_is_read(repository: Path) -> None:
    tables = safetensors.load(repository / "codecs" / "tessera-nano" / "tables.safetensors")
    assert tables["weightChroma"].ndim == 2
