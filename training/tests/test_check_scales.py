"""The trainer's prior gives the scales of the encoder's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tessera_training import check_scales
from tessera_training.from_pack import load_weights
from tessera_training.networks import NetworkShape, Prior
from tessera_training.shards import block_sizes, open_shards


def test_the_encoders_scales_with_large_blocks(tmp_path: Path, repository: Path) -> None:
    program, node = repository / "dist" / "src" / "dev" / "main.js", shutil.which("node")
    if not (node and program.exists()):
        pytest.skip("needs node and `npm run build`")
    clip = repository / "fixtures" / "clips" / "odd-101x67.webm"
    pack = repository / "codecs" / "tessera-nano"
    options = ["--frames", "3", "--quality-range", "8..8", "--loop-filter", "on", "--scales", "--out", str(tmp_path), "--pack", str(pack)]
    subprocess.run([node, str(program), "dump", str(clip), *options], check=True, capture_output=True)
    (shard,) = open_shards(tmp_path)
    sizes = block_sizes(np.asarray(shard.array("context")).transpose(1, 0, 2, 3))
    assert sizes.any() and not sizes.all()
    prior = Prior(NetworkShape())
    load_weights(prior, pack)
    scales = np.array(shard.array("scales"))
    assert check_scales.check(prior, shard) == len(scales) > 20
    scales[-1, 5] ^= 1
    np.save(shard.folder / "scales.npy", scales)
    with pytest.raises(ValueError, match="1 of .* rows differ"):
        check_scales.check(prior, shard)
    np.save(shard.folder / "scales.npy", scales[1:])
    with pytest.raises(ValueError, match="had .* rows, not"):
        check_scales.check(prior, shard)
