"""The tables of a pack (docs/FORMAT.md, section 6): shapes, defaults, checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .intra import classes, matrices

TOKENS = 384
LUMA_LIMIT = np.array([0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256])
CHROMA_LIMIT = np.array([0, 2, 4, 8, 16, 32, 64, 96, 128])
SCALES, CONTEXTS, SYMBOLS = 32, 8, 16
TOTAL = 32768
NONE = 255
# Scales, sizes of the two nearest neighbours, parts of the tokens' order.
NEAR = (SCALES, 7, 5)
PART_LIMITS = np.array([4, 16, 48, 128])
INTRA_CLASSES = 16
# Frequencies that the separable transform of so many samples keeps.
SEPARABLE = {16: 8, 32: 16, 64: 16}
CODE = np.array([round(16 * np.log2(1 + m)) for m in range(16)], np.uint8)


@dataclass(frozen=True)
class PackShape:
    """Sizes that may differ between packs: atoms of each transform and intra modes."""

    atoms16: int = 256
    atoms8: int = 64
    atoms_chroma: int = 64
    intra_modes: int = 30


def mode_table_contexts(intra_modes: int) -> dict[str, tuple[int, int]]:
    """(first, second) numbers of contexts of each mode symbol (section 8); second is 0 if it has one context only."""
    modes = intra_modes + 1
    return {
        "qOffset": (3, 0),
        "filtered": (3, 0),
        "split": (256, 300),
        "typeLarge": (72, 450),
        "type": (36, 225),
        "typeKey": (9, 36),
        "intraMode16": (modes, modes),
        "intraMode8": (modes**2, modes),
        "chromaFromLuma": (9, 0),
        "lumaGroups": (48, 144),
        "transform": (18, 18),
        "basis16": (1, 0),
        "basis8": (1, 0),
        "chromaGroups": (128, 96),
        "motionSkip": (108, 75),
        "motion": (144, 100),
        "reference": (100, 4),
        "motionClass": (35, 40),
    }


def mode_table_shapes(intra_modes: int) -> dict[str, tuple[int, int]]:
    """(contexts, symbols) of each mode symbol (section 8)."""
    symbols = {
        "qOffset": 17,
        "filtered": 2,
        "split": 2,
        "typeLarge": 3,
        "type": 5,
        "typeKey": 2,
        "intraMode16": intra_modes,
        "intraMode8": intra_modes,
        "chromaFromLuma": 2,
        "lumaGroups": 17,
        "transform": 2,
        "basis16": 4,
        "basis8": 4,
        "chromaGroups": 9,
        "motionSkip": 3,
        "motion": 4,
        "reference": 3,
        "motionClass": 16,
    }
    contexts = mode_table_contexts(intra_modes)
    return {name: (sum(contexts[name]), count) for name, count in symbols.items()}


def frequencies(weights: np.ndarray) -> np.ndarray:
    """Non-negative weights [..., symbols] to uint16 frequencies that are at least 1 and sum to 32768."""
    weights = np.asarray(weights, np.float64)
    count = weights.shape[-1]
    share = weights / weights.sum(-1, keepdims=True)
    result = 1 + np.floor(share * (TOTAL - count)).astype(np.int64)
    flat = result.reshape(-1, count)
    flat[np.arange(len(flat)), flat.argmax(1)] += TOTAL - flat.sum(1)
    return result.astype(np.uint16)


def zigzag(n: int) -> list[tuple[int, int]]:
    """(vertical, horizontal) frequencies by diagonals, turning at each end."""
    cells = [(u, v) for u in range(n) for v in range(n)]
    return sorted(cells, key=lambda c: (c[0] + c[1], c[0] if (c[0] + c[1]) & 1 else c[1]))


def dct(n: int) -> np.ndarray:
    """[n, n]: the orthonormal DCT-II of n samples, lowest frequency first."""
    k, x = np.arange(n)[:, None], np.arange(n)[None, :]
    rows = np.cos(np.pi * (2 * x + 1) * k / (2 * n)) * np.sqrt(2 / n)
    rows[0] /= np.sqrt(2)
    return rows


def separable_tables() -> dict[str, np.ndarray]:
    """The lowest frequencies of DCTs of 16, 32 and 64 samples times 2^15, which large blocks use in both directions."""
    return {f"separable{n}": np.round(dct(n)[:kept] * 32768).astype(np.int16) for n, kept in SEPARABLE.items()}


def dct_basis(n: int, atoms: int) -> np.ndarray:
    """int16 [atoms, n * n]: orthonormal DCT-II atoms times 2^15, in zigzag order."""
    one = dct(n)
    basis = np.stack([np.outer(one[u], one[v]).ravel() for u, v in zigzag(n)[:atoms]])
    return np.round(basis * 32768).astype(np.int16)


def _unique(candidates: list[int], own: int) -> list[int]:
    kept: list[int] = []
    for index in candidates:
        if 0 <= index < own and index not in kept:
            kept.append(index)
    return (kept + [NONE] * 6)[:6]


def context_neighbours() -> np.ndarray:
    """uint8 [3, 256, 6]: tokens before each token whose magnitudes tell about it."""
    table = np.full((3, 256, 6), NONE, np.uint8)
    order16, order8 = zigzag(16), zigzag(8)
    at16 = {cell: i for i, cell in enumerate(order16)}
    at8 = {cell: i for i, cell in enumerate(order8)}

    def near(at: dict[tuple[int, int], int], cell: tuple[int, int], steps: list[tuple[int, int]]) -> list[int]:
        found = [at.get((cell[0] - du, cell[1] - dv), -1) for du, dv in steps]
        return [i for i in found if i >= 0]

    for i, cell in enumerate(order16):
        steps = [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)]
        table[0, i] = _unique([*near(at16, cell, steps), i - 1], i)
    for k, cell in enumerate(order8):
        for s in range(4):
            own = 4 * k + s
            same = [4 * j + s for j in near(at8, cell, [(1, 0), (0, 1)])]
            earlier = [4 * k + other for other in range(s)]
            table[1, own] = _unique([*same, *earlier, 4 * (k - 1) + s], own)
        for p in range(2):
            own = 2 * k + p
            same = [2 * j + p for j in near(at8, cell, [(1, 0), (0, 1), (1, 1)])]
            twin = [2 * k] if p else []
            other = [2 * j + 1 - p for j in near(at8, cell, [(1, 0), (0, 1)])]
            table[2, own] = _unique([*same, *twin, *other], own)
    return table


def magnitude_weights(mean: np.ndarray) -> np.ndarray:
    """[..., 16]: magnitudes 0..14 and escape of a mixture of two discrete Laplace laws with this mean."""
    total = np.zeros((*np.shape(mean), SYMBOLS))
    for share, factor in ((0.7, 0.55), (0.3, 2.05)):
        mu = np.asarray(mean, np.float64) * factor
        theta = (np.sqrt(1 + mu * mu) - 1) / mu
        zero = (1 - theta) / (1 + theta)
        m = np.arange(1, 15)
        total[..., 0] += share * zero
        total[..., 1:15] += share * 2 * zero[..., None] * theta[..., None] ** m
        total[..., 15] += share * 2 * zero * theta**15 / (1 - theta)
    return total


def default_coefficient_tables() -> np.ndarray:
    """uint16 [3, 32, 8, 16]: means from 0.0004 (p(0) = 0.9996) to about 12, doubling every 2.1 scales."""
    mean = 0.0004 * 2.0 ** (np.arange(SCALES) * 0.48)
    lift = np.array([0.7, 1.15, 1.6, 2.1, 2.7, 3.4, 4.4, 6.0])
    tables = frequencies(magnitude_weights(mean[:, None] * lift[None, :]))
    return np.broadcast_to(tables, (3, SCALES, CONTEXTS, SYMBOLS)).copy()


def default_near_tables() -> np.ndarray:
    """uint16 [3, 32, 7, 5, 16]: means as in `default_coefficient_tables`, by the sizes of the two nearest neighbours."""
    mean = 0.0004 * 2.0 ** (np.arange(SCALES) * 0.48)
    lift = np.array([0.8, 1.4, 2.1, 2.8, 3.4, 4.2, 6.0])
    tables = frequencies(magnitude_weights(mean[:, None] * lift[None, :]))
    return np.broadcast_to(tables[None, :, :, None], (3, *NEAR, SYMBOLS)).copy()


def default_mode_tables(intra_modes: int) -> dict[str, np.ndarray]:
    """Guesses that are the same for all contexts, but of modes, which are likelier if a neighbour has them;
    `mode_tables.py` fits them to data."""
    weights = {name: np.ones(shape) for name, shape in mode_table_shapes(intra_modes).items()}
    distance = np.minimum(np.arange(17), 17 - np.arange(17))
    weights["qOffset"][:] = 2.0 ** -(distance * np.array([[1.5], [1.0], [0.7]]))
    weights["filtered"][:] = [[0.3, 0.7], [0.2, 0.8], [0.08, 0.92]]
    weights["split"][:] = [0.4, 0.6]
    weights["typeLarge"][:] = [0.5, 0.4, 0.1]
    weights["type"][:] = [0.35, 0.35, 0.15, 0.07, 0.08]
    weights["typeKey"][:] = [0.6, 0.4]
    base = np.array(([4, 4, 2, 2] + [1] * intra_modes)[:intra_modes], np.float64)
    for name in ("intraMode16", "intraMode8"):
        weights[name][:] = base
    count = intra_modes + 1
    for mode in range(intra_modes):
        weights["intraMode16"][[mode + 1, count + mode + 1], mode] += 4
        weights["intraMode8"][count * count + mode + 1, mode] += 4
        pairs = weights["intraMode8"][: count * count].reshape(count, count, intra_modes)
        pairs[mode + 1, :, mode] += 4
        pairs[:, mode + 1, mode] += 4
    groups = np.arange(17)
    weights["lumaGroups"][:] = 0.05 + 2.0 ** -(np.abs(groups - 5) / 2.5)
    for kind in range(8):
        for activity, centre in enumerate([0.5, 3, 5, 8, 10, 13]):
            weights["lumaGroups"][6 * kind + activity] = 0.02 + 2.0 ** -(np.abs(groups - centre) / 1.5)
        for collocated in range(1, 18):
            weights["lumaGroups"][48 + 18 * kind + collocated] += 2.0 ** -np.abs(groups - collocated + 1)
    weights["chromaGroups"][:] = 2.0 ** -np.arange(9.0)
    weights["chromaFromLuma"][:] = [[0.6, 0.4], [0.45, 0.55], [0.3, 0.7]] * 3
    weights["transform"][:] = [0.6, 0.4]
    weights["basis16"][:] = weights["basis8"][:] = [0.6, 0.2, 0.1, 0.1]
    weights["motionSkip"][:] = [0.75, 0.17, 0.08]
    weights["motion"][:] = [0.38, 0.17, 0.07, 0.38]
    weights["reference"][:] = [0.5, 0.25, 0.25]
    weights["motionClass"][:] = 2.0 ** -np.abs(np.arange(16) - 2.5) + 1e-4
    return {f"modeTables.{name}": frequencies(value) for name, value in weights.items()}


def large_types(types: np.ndarray) -> np.ndarray:
    """[18, 3], skip, inter and intra of blocks of 32x32 and 64x64, from [9, 5] of macroblocks: fewer are intra."""
    skip, inter16, inter8, intra16, intra8 = np.asarray(types, np.float64).T
    return np.tile(np.stack([skip, inter16 + inter8, 0.3 * (intra16 + intra8)], 1), (2, 1))


def chroma_weights(atoms: int, lowest: int, rising: int) -> np.ndarray:
    """uint8 [2, atoms]: step multipliers in 1/32, from `lowest` to 32 over the first `rising` atoms."""
    share = np.minimum(1, np.arange(atoms) / rising)
    return np.tile(np.floor(lowest + (32 - lowest) * share).astype(np.uint8), (2, 1))


def default_tables(shape: PackShape) -> dict[str, np.ndarray]:
    """Every table of a pack before anything was learned: DCT bases, HEVC-like prediction, guessed statistics."""
    m = shape.intra_modes
    q = np.arange(64)
    bilinear = np.zeros((4, 8), np.int8)
    bilinear[:, 3] = [64, 48, 32, 16]
    bilinear[:, 4] = [0, 16, 32, 48]
    eight_tap = np.array(
        [
            [0, 0, 0, 64, 0, 0, 0, 0],
            [-1, 4, -10, 58, 17, -5, 1, 0],
            [-1, 4, -11, 40, 40, -11, 4, -1],
            [0, 1, -5, 17, 58, -10, 4, -1],
        ],
        np.int8,
    )
    four_tap = np.array(
        [
            [0, 64, 0, 0],
            [-2, 58, 10, -2],
            [-4, 54, 16, -2],
            [-6, 46, 28, -4],
            [-4, 36, 36, -4],
            [-4, 28, 46, -6],
            [-2, 16, 54, -4],
            [-2, 10, 58, -2],
        ],
        np.int8,
    )
    chroma = dct_basis(8, shape.atoms_chroma)
    return {
        "step": np.maximum(2, np.round(8 * 0.25 * 2.0 ** ((63 - q) / 6))).astype(np.int32),
        "basis16": dct_basis(16, shape.atoms16)[None],
        "basis8": dct_basis(8, shape.atoms8)[None],
        "basisChroma": np.stack([chroma, chroma]),
        **separable_tables(),
        "weight16": np.full((1, shape.atoms16), 32, np.uint8),
        "weight8": np.full((1, shape.atoms8), 32, np.uint8),
        "weightChroma": np.full((2, shape.atoms_chroma), 32, np.uint8),
        "reconstructionOffset": np.array([[20, 8], [24, 10]], np.uint8),
        "intra16": matrices(16, m),
        "intra8": matrices(8, m),
        "intraClass": classes(m),
        "intraBasis16": np.zeros(m, np.uint8),
        "intraBasis8": np.zeros(m, np.uint8),
        "interBasis16": np.zeros(1, np.uint8),
        "interBasis8": np.zeros(1, np.uint8),
        "interpolation": np.stack([bilinear, eight_tap]),
        "interpolationChroma": four_tap,
        "contextNeighbours": context_neighbours(),
        "contextOfSum": np.array([0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7], np.uint8),
        "coefficientTables": default_coefficient_tables(),
        "nearTables": default_near_tables(),
        **default_mode_tables(m),
    }


def check_tables(tables: dict[str, np.ndarray]) -> None:
    """Raises ValueError at the first table that breaks a rule of section 6."""

    def need(ok: bool, text: str) -> None:
        if not ok:
            raise ValueError(f"tables: {text}")

    for name, table in tables.items():
        if name in ("coefficientTables", "nearTables") or name.startswith("modeTables."):
            need(table.dtype == np.uint16 and (table >= 1).all(), f"{name}: frequencies must be at least 1")
            need((table.astype(np.int64).sum(-1) == TOTAL).all(), f"{name}: frequencies must sum to {TOTAL}")
    need(bool((np.diff(tables["step"]) <= 0).all() and tables["step"].min() >= 1), "step must fall and stay positive")
    need(bool((tables["interpolation"].astype(int).sum(-1) == 64).all()), "interpolation taps must sum to 64")
    need(bool((tables["interpolationChroma"].astype(int).sum(-1) == 64).all()), "chroma taps must sum to 64")
    neighbours = tables["contextNeighbours"].astype(int)
    own = np.arange(256)[None, :, None]
    need(bool(((neighbours == NONE) | (neighbours < own)).all()), "contextNeighbours must point backwards")
    for choice, basis in (("intraBasis16", "basis16"), ("interBasis16", "basis16"), ("intraBasis8", "basis8"), ("interBasis8", "basis8")):
        need(int(tables[choice].max()) < len(tables[basis]), f"{choice} names a basis that {basis} lacks")
    m = len(tables["intra16"])
    intra_class = tables.get("intraClass", np.zeros(0))
    need(intra_class.shape == (m,) and int(intra_class.max()) < INTRA_CLASSES, f"intraClass must have {m} values below {INTRA_CLASSES}")
    for n, kept in SEPARABLE.items():
        need(tables.get(f"separable{n}", np.zeros(0)).shape == (kept, n), f"separable{n} must have shape {(kept, n)}")
    near = (3, *NEAR, SYMBOLS)
    need(tables.get("nearTables", np.zeros(0)).shape == near, f"nearTables must have shape {near}")
    for name, shape in mode_table_shapes(m).items():
        need(tables.get(f"modeTables.{name}", np.zeros(0)).shape == shape, f"modeTables.{name} must have shape {shape}")
