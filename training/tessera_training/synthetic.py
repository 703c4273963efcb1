"""Makes shards of made-up data in the dump's format, for tests and timing: correlated tokens, blurred pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from .folded import SIDE_PLANES

from .tables import CHROMA_LIMIT, CODE, LUMA_LIMIT, mode_table_shapes


def write_shard(folder: Path, clip: str, rows: int, columns: int, frames: int, q: int, seed: int, modes: int = 30) -> None:
    """Writes every array of a shard. Token sizes follow a smooth random field; the memory holds the last frame's."""
    generator = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    context = np.zeros((frames, 32, rows, columns), np.uint8)
    tokens = np.zeros((frames, 384, rows, columns), np.int8)
    memory = np.zeros((frames, 384, rows, columns), np.uint8)
    field = np.kron(generator.random((rows // 4 + 1, columns // 4 + 1)), np.ones((4, 4)))[:rows, :columns]
    fall = np.concatenate([1 / (1 + np.arange(256) / 4), 0.5 / (1 + np.arange(128) / 4)])
    channel = np.arange(384)[:, None, None]
    for f in range(frames):
        groups = np.clip(np.round(field * 14 + generator.normal(0, 1, field.shape)), 0, 16).astype(int)
        chroma = np.clip(groups // 3, 0, 8)
        kind = (generator.random(field.shape) < 0.3).astype(np.uint8)
        coded = np.where(channel < 256, channel < LUMA_LIMIT[groups], channel - 256 < CHROMA_LIMIT[chroma])
        deviation = 3 * field * fall[:, None, None] * (1.0 if f == 0 else 0.5)
        tokens[f] = np.clip(np.round(generator.laplace(0, 1, tokens[f].shape) * deviation) * coded, -127, 127)
        context[f, 0] = 64 * (f > 0)
        context[f, 1] = q
        context[f, 2 + (3 if f == 0 else 1)] = 64
        context[f, 7], context[f, 8], context[f, 9], context[f, 12] = 64 * kind, 4 * groups, 8 * chroma, 64
        if f:
            memory[f] = CODE[np.minimum(np.abs(tokens[f - 1].astype(int)), 15)]
    for name, array in (("context", context), ("memory", memory), ("tokens", tokens)):
        np.save(folder / f"{name}.npy", array)
    for plane, size in (("y", 16), ("u", 8), ("v", 8)):
        coarse = generator.normal(0, 40, (frames, rows * size // 4, columns * size // 4))
        original = np.clip(128 + np.kron(coarse, np.ones((1, 4, 4))) + generator.normal(0, 2, (frames, rows * size, columns * size)), 0, 255)
        noisy = original + generator.normal(0, 4, original.shape)
        # Errors with a pattern in each 8x8 block: something a filter can learn.
        noisy[:, ::8] += 6
        noisy[:, :, ::8] -= 6
        degraded = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
        np.save(folder / f"original-{plane}.npy", original.astype(np.uint8))
        np.save(folder / f"unfiltered-{plane}.npy", degraded)
        np.save(folder / f"loop-{plane}.npy", degraded)
    side = np.zeros((frames, SIDE_PLANES, rows * 2, columns * 2), np.uint8)
    side[:, 0] = q
    np.save(folder / "side.npy", side)
    names = list(mode_table_shapes(modes))
    rows_of = []
    for table, (contexts, symbols) in enumerate(mode_table_shapes(modes).values()):
        picked = np.minimum(generator.geometric(0.5, 200) - 1, symbols - 1)
        rows_of.append(np.stack([np.full(200, table), generator.integers(0, contexts, 200), picked], 1))
    np.save(folder / "mode-symbols.npy", np.concatenate(rows_of).astype(np.int32))
    meta = {"clip": clip, "q": q, "rows": rows, "columns": columns, "frames": frames, "intraModes": modes, "modeTables": names}
    (folder / "meta.json").write_text(json.dumps(meta))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--clips", type=int, default=4, help="number of shards")
    parser.add_argument("--rows", type=int, default=18, help="rows of macroblocks")
    parser.add_argument("--columns", type=int, default=24, help="columns of macroblocks")
    parser.add_argument("--frames", type=int, default=4, help="frames per shard")
    arguments = parser.parse_args()
    for index in range(arguments.clips):
        write_shard(arguments.out / f"clip{index}-q30", f"clip{index}", arguments.rows, arguments.columns, arguments.frames, 30, index)


if __name__ == "__main__":
    main()
