"""Default intra prediction matrices: how each sample depends on the boundary (docs/FORMAT.md, section 10).

Columns of a matrix: corner, 2N samples above (left to right), N samples on the left (top to bottom). The decoder
subtracts the mean before and adds it after, so the DC mode is the zero matrix.
"""

from __future__ import annotations

import numpy as np

# Displacements per row or column in 1/32 sample, as in HEVC (ITU-T H.265, table 8-5), by direction: from slightly below
# horizontal to the diagonal from top right. Directions that read far below the left column are left out.
HORIZONTAL = [9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26]
VERTICAL = [-32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32]
# DC, planar, then (whether the family is vertical, displacement).
MODES = ["dc", "planar", *((False, angle) for angle in HORIZONTAL), *((True, angle) for angle in VERTICAL)]
# The middle of each class of modes of similar direction: what the prior is told of a mode.
CLASSES = [
    "dc", "planar", (True, 0), (False, 0), (True, 32), (True, 17), (True, 9), (True, -9), (True, -21), (True, -32), (False, -9), (False, -21),
]  # fmt: skip


def classes(modes: int) -> np.ndarray:
    """uint8 [modes]: index in `CLASSES` of the first of `MODES`."""

    def place(mode: tuple[bool, int]) -> int:
        # Along the fan of directions: both families meet at -32.
        vertical, angle = mode
        return 64 + angle if vertical else -angle

    def nearest(mode) -> int:
        if mode in CLASSES:
            return CLASSES.index(mode)
        return min(range(2, len(CLASSES)), key=lambda index: abs(place(CLASSES[index]) - place(mode)))

    return np.array([nearest(mode) for mode in MODES[:modes]], np.uint8)


def _planar(n: int) -> np.ndarray:
    matrix = np.zeros((n, n, 3 * n + 1))
    for y in range(n):
        for x in range(n):
            row = matrix[y, x]
            row[1 + 2 * n + y] += (n - 1 - x) / (2 * n)
            row[1 + n] += (x + 1) / (2 * n)
            row[1 + x] += (n - 1 - y) / (2 * n)
            row[1 + 2 * n + n - 1] += (y + 1) / (2 * n)
    return matrix


def _angular(n: int, vertical: bool, angle: int) -> np.ndarray:
    top = [0] + [1 + i for i in range(2 * n)]
    left = [0] + [1 + 2 * n + min(i, n - 1) for i in range(2 * n)]
    main, side = (top, left) if vertical else (left, top)
    reference = {i: main[i] for i in range(2 * n + 1)}
    if angle < 0:
        for k in range(1, n + 1):
            reference[-k] = side[min(2 * n, round(k * 32 / -angle))]
    matrix = np.zeros((n, n, 3 * n + 1))
    for along in range(n):  # distance from the main boundary
        shift, fraction = (along + 1) * angle >> 5, (along + 1) * angle & 31
        for across in range(n):
            y, x = (along, across) if vertical else (across, along)
            matrix[y, x, reference[across + shift + 1]] += (32 - fraction) / 32
            if fraction:
                matrix[y, x, reference[across + shift + 2]] += fraction / 32
    return matrix


def _smoothing(n: int) -> np.ndarray:
    """[3 n + 1, 3 n + 1]: the boundary filtered by (1 2 1) / 4 along its path, ends kept (ITU-T H.265, 8.4.4.2.3)."""
    path = [3 * n - i for i in range(n)] + [0] + [1 + i for i in range(2 * n)]
    matrix = np.zeros((3 * n + 1, 3 * n + 1))
    for i, at in enumerate(path):
        if i in (0, len(path) - 1):
            matrix[at, at] = 1
            continue
        matrix[at, path[i - 1]] += 0.25
        matrix[at, at] += 0.5
        matrix[at, path[i + 1]] += 0.25
    return matrix


def _along_edge(n: int, vertical: bool) -> np.ndarray:
    """What horizontal and vertical prediction add near the boundary that runs along their direction: the difference of its
    samples to the corner, at weights that halve with each sample of distance (compare PDPC of ITU-T H.266, 8.4.5.2.15)."""
    matrix = np.zeros((n, n, 3 * n + 1))
    for y in range(n):
        for x in range(n):
            weight = (32 >> (x if vertical else y)) / 64
            matrix[y, x, 1 + 2 * n + y if vertical else 1 + x] += weight
            matrix[y, x, 0] -= weight
    return matrix


def _build(n: int, mode) -> np.ndarray:
    if mode == "dc":
        return np.zeros((n, n, 3 * n + 1))
    smooth = _smoothing(n)
    if mode == "planar":
        return _planar(n) @ smooth
    # Near the axes, edges stay sharp. In blocks of 8x8 only the diagonals are smoothed.
    least = 2 if n > 8 else 17
    matrix = _angular(n, *mode)
    if mode[1] == 0:
        return matrix + _along_edge(n, mode[0])
    return matrix @ smooth if abs(mode[1]) >= least else matrix


def _quantise(matrix: np.ndarray) -> np.ndarray:
    """To 1/64, each non-zero row summing to 64: the rounding error goes to the largest entry."""
    rows = matrix.reshape(-1, matrix.shape[-1])
    integers = np.round(rows * 64).astype(np.int64)
    used = np.abs(rows).sum(1) > 0
    largest = rows.argmax(1)
    error = np.where(used, 64 - integers.sum(1), 0)
    integers[np.arange(len(rows)), largest] += error
    return integers.astype(np.int8)


def matrices(n: int, modes: int) -> np.ndarray:
    """int8 [modes, n * n, 3 n + 1]: the first of `MODES`."""
    if not 1 <= modes <= len(MODES):
        raise ValueError(f"intra modes: {modes}; there are defaults for 1 to {len(MODES)}")
    built = [_build(n, mode) for mode in MODES[:modes]]
    return np.stack([_quantise(matrix) for matrix in built])
