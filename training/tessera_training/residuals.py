"""Computes the inputs of the encoder's transforms: luma residuals before quantisation, and intra boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shards import Shard, block_sizes


@dataclass
class Blocks:
    """Luma blocks as rows of samples, in units of their quantiser step."""

    residual: np.ndarray  # float32 [n, size * size]
    mode: np.ndarray  # int [n]: class of the intra mode, -1 for inter


def _squares(plane: np.ndarray, size: int) -> np.ndarray:
    """[height, width] to [blocks in raster order, size * size]."""
    h, w = plane.shape
    return plane.reshape(h // size, size, w // size, size).transpose(0, 2, 1, 3).reshape(-1, size * size)


def coded_residual(tables: dict[str, np.ndarray], tokens: np.ndarray, context: np.ndarray) -> np.ndarray:
    """Dequantised luma residual int64 [macroblocks, 256] of tokens [.., 384] (section 10)."""
    inter = (context[:, 5] == 0) & (context[:, 6] == 0)
    transform = context[:, 7] > 0
    magnitude = np.abs(tokens[:, :256].astype(np.int64))
    atoms16, atoms8 = tables["weight16"].shape[1], tables["weight8"].shape[1]
    weight = np.zeros((2, 256), np.int64)
    weight[0, :atoms16] = tables["weight16"][0]
    weight[1, : 4 * atoms8] = np.repeat(tables["weight8"][0], 4)
    step = tables["step"].astype(np.int64)[context[:, 1]]
    scaled = np.maximum(1, (step[:, None] * weight[transform.astype(int)] + 16) >> 5)
    pull = tables["reconstructionOffset"].astype(np.int64)[inter.astype(int)]
    offset = np.where(magnitude == 1, pull[:, :1], pull[:, 1:])
    value = np.where(magnitude > 0, magnitude * scaled - ((scaled * offset) >> 8), 0).clip(0, 32767) * np.sign(tokens[:, :256].astype(np.int64))
    result = np.zeros((len(tokens), 256), np.int64)
    result[~transform] = value[~transform, :atoms16] @ tables["basis16"][0].astype(np.int64)
    if transform.any():
        parts = value[transform, : 4 * atoms8].reshape(-1, atoms8, 4)
        cells = np.einsum("nks,kp->nsp", parts, tables["basis8"][0].astype(np.int64))
        cells = cells.reshape(-1, 2, 2, 8, 8).transpose(0, 1, 3, 2, 4).reshape(-1, 256)
        result[transform] = cells
    return ((result + 2**17) >> 18).clip(-1024, 1023)


def collect(shards: list[Shard], tables: dict[str, np.ndarray], frames: int) -> dict[str, Blocks]:
    """Residuals of macroblocks by use: inter16, inter8, intra16, intra8 (of which only sub-block 0 tells its mode)."""
    if len(tables["basis16"]) > 1 or len(tables["basis8"]) > 1:
        raise ValueError("transforms are learned from shards coded with a pack of one 16x16 and one 8x8 basis")
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in ("inter16", "inter8", "intra16", "intra8")}
    for shard in shards:
        for frame in np.unique(np.linspace(0, shard.frames - 1, frames).astype(int)):
            context = np.asarray(shard.array("context")[frame]).reshape(32, -1).T
            tokens = np.asarray(shard.array("tokens")[frame]).reshape(384, -1).T
            decoded = _squares(np.asarray(shard.array("unfiltered-y")[frame]).astype(np.int64), 16)
            original = _squares(np.asarray(shard.array("original-y")[frame]).astype(np.int64), 16)
            step = tables["step"][context[:, 1]].astype(np.float64) / 8
            residual = (original - decoded + coded_residual(tables, tokens, context)) / step[:, None]
            mode = np.argmax(context[:, 13:29], 1)
            coded, split = (context[:, 8] > 0) & (block_sizes(context.T) == 0), context[:, 7] > 0
            cells = residual.reshape(-1, 2, 8, 2, 8).transpose(0, 1, 3, 2, 4).reshape(-1, 4, 64)
            for name, chosen in (("inter16", (context[:, 3] > 0) | (context[:, 4] > 0)), ("intra16", context[:, 5] > 0)):
                picked = chosen & coded & ~split
                found[name].append((residual[picked], np.where(context[picked, 5] > 0, mode[picked], -1)))
            inter8 = cells[((context[:, 3] > 0) | (context[:, 4] > 0)) & coded & split].reshape(-1, 64)
            found["inter8"].append((inter8, np.full(len(inter8), -1)))
            intra8 = (context[:, 6] > 0) & coded
            found["intra8"].append((cells[intra8, 0], mode[intra8]))
    return {
        name: Blocks(np.concatenate([r for r, _ in parts]).astype(np.float32), np.concatenate([m for _, m in parts]))
        for name, parts in found.items()
    }


def boundaries(shards: list[Shard], tables: dict[str, np.ndarray], size: int, frames: int, per_frame: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random blocks inside pictures: boundary [n, 3 size + 1] (corner, 2 size above, size left) of the decoded picture,
    original samples [n, size * size], both less the boundary's mean, and the step [n].

    A fourth of the 8x8 blocks (the last of each macroblock) and none of the 16x16 ones lack what is above right: they
    repeat the last sample above.
    """
    generator = np.random.default_rng(seed)
    above, target, steps = [], [], []
    for shard in shards:
        for frame in np.unique(np.linspace(0, shard.frames - 1, frames).astype(int)):
            decoded = np.asarray(shard.array("unfiltered-y")[frame]).astype(np.float32)
            original = np.asarray(shard.array("original-y")[frame]).astype(np.float32)
            rows, columns = decoded.shape[0] // size, decoded.shape[1] // size
            row = generator.integers(1, rows, per_frame)
            column = generator.integers(1, columns - 1, per_frame)
            y, x = row * size, column * size
            top = decoded[y[:, None] - 1, x[:, None] + np.arange(-1, 2 * size)]
            if size == 8:
                last = ((row & 1) == 1) & ((column & 1) == 1)
                top[last, size + 1 :] = top[last, size : size + 1]
            left = decoded[y[:, None] + np.arange(size), x[:, None] - 1]
            mean = np.floor((top[:, 1 : size + 1].sum(1) + left.sum(1) + size) / (2 * size))
            own = original[y[:, None, None] + np.arange(size)[:, None], x[:, None, None] + np.arange(size)]
            above.append(np.concatenate([top, left], 1) - mean[:, None])
            target.append(own.reshape(per_frame, -1) - mean[:, None])
            q = np.asarray(shard.array("context")[frame, 1])[y // 16, x // 16]
            steps.append(tables["step"][q] / 8)
    return np.concatenate(above), np.concatenate(target), np.concatenate(steps).astype(np.float32)
