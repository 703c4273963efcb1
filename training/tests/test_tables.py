from __future__ import annotations

import numpy as np
import pytest

from tessera_training.intra import CLASSES, MODES, classes
from tessera_training.tables import (
    NONE, PackShape, check_tables, chroma_weights, context_neighbours, default_tables, dct_basis, frequencies, magnitude_weights,
    zigzag,
)  # fmt: skip


@pytest.mark.parametrize("shape", [PackShape(), PackShape(64, 16, 16, 4), PackShape(256, 64, 32, 12)])
def test_default_tables_keep_the_rules(shape: PackShape) -> None:
    tables = default_tables(shape)
    check_tables(tables)
    assert tables["basis16"].shape == (1, shape.atoms16, 256)
    assert tables["intra8"].shape == (shape.intra_modes, 64, 25)
    sums = tables["intra16"].astype(int).sum(-1)
    assert (sums[0] == 0).all() and (sums[1:] == 64).all()


def test_separable_transforms_are_the_lowest_frequencies() -> None:
    tables = default_tables(PackShape())
    for n, kept in ((16, 8), (32, 16), (64, 16)):
        rows = tables[f"separable{n}"].astype(float) / 32768
        assert rows.shape == (kept, n) and np.abs(rows @ rows.T - np.eye(kept)).max() < 2e-4
        assert [int((np.diff(np.sign(row)) != 0).sum()) for row in rows] == list(range(kept))


def test_check_names_the_missing_table() -> None:
    for name in ("separable32", "modeTables.split"):
        tables = default_tables(PackShape())
        del tables[name]
        with pytest.raises(ValueError, match=name):
            check_tables(tables)


def test_check_names_the_broken_table() -> None:
    tables = default_tables(PackShape())
    tables["modeTables.type"][0, 0] += 1
    with pytest.raises(ValueError, match="modeTables.type"):
        check_tables(tables)


def test_dct_basis_is_orthonormal_and_ordered() -> None:
    basis = dct_basis(16, 256).astype(float) / 32768
    assert np.abs(basis @ basis.T - np.eye(256)).max() < 2e-3
    assert zigzag(8)[:4] == [(0, 0), (0, 1), (1, 0), (2, 0)]
    assert (basis[0] > 0).all()


def test_step_falls_by_a_sixth_of_an_octave() -> None:
    step = default_tables(PackShape())["step"].astype(float)
    ratios = step[:36] / step[6:42]
    assert np.allclose(ratios, 2, rtol=0.02) and step[63] == 2


def test_neighbours_point_backwards_and_differ() -> None:
    table = context_neighbours().astype(int)
    for kind in range(3):
        for own, row in enumerate(table[kind]):
            used = row[row != NONE]
            assert (used < own).all() and len(set(used)) == len(used)
    assert table[2, 1, :3].tolist().count(0) == 1  # the V coefficient sees its U twin


@pytest.mark.parametrize("n", [8, 16])
def test_straight_prediction_copies_lines_and_follows_the_other_edge(n: int) -> None:
    tables = default_tables(PackShape())
    boundary = np.random.default_rng(n).integers(0, 256, 3 * n + 1)
    corner, above, left = boundary[0], boundary[1 : n + 1], boundary[2 * n + 1 :]
    dc = 100
    weight = 32 >> np.arange(n)
    vertical = dc + ((tables[f"intra{n}"][MODES.index((True, 0))].astype(int) @ (boundary - dc) + 32) >> 6)
    assert (vertical.reshape(n, n) == above + ((weight * (left[:, None] - corner) + 32) >> 6)).all()
    horizontal = dc + ((tables[f"intra{n}"][MODES.index((False, 0))].astype(int) @ (boundary - dc) + 32) >> 6)
    assert (horizontal.reshape(n, n) == left[:, None] + ((weight[:, None] * (above - corner) + 32) >> 6)).all()


def test_more_intra_modes_than_defaults_are_refused() -> None:
    with pytest.raises(ValueError, match="30"):
        default_tables(PackShape(intra_modes=31))


def test_classes_hold_modes_of_similar_direction() -> None:
    of_mode = classes(len(MODES))
    assert set(of_mode) == set(range(len(CLASSES)))
    for index, mode in enumerate(CLASSES):
        assert of_mode[MODES.index(mode)] == index
    # Along the fan of directions each class is one piece.
    changes = np.flatnonzero(np.diff(of_mode[2:].astype(int)))
    assert len(changes) == len(CLASSES) - 3


def test_frequencies_sum_and_stay_positive() -> None:
    made = frequencies(np.array([[1.0, 0, 0], [1, 1, 1], [1e9, 1, 1]]))
    assert (made >= 1).all() and (made.astype(int).sum(1) == 32768).all()


def test_magnitude_law_has_the_mean_asked_for() -> None:
    weights = magnitude_weights(np.array([0.01, 0.3]))
    means = (weights * np.arange(16)).sum(-1) / weights.sum(-1)
    assert np.allclose(means, [0.01, 0.3], rtol=0.02)


def test_chroma_weights_rise_to_the_plain_step() -> None:
    weights = chroma_weights(64, 18, 12)
    assert weights.dtype == np.uint8 and weights.shape == (2, 64)
    assert weights[0, :13].tolist() == [18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 32]
    assert (weights[:, 12:] == 32).all() and (weights[0] == weights[1]).all()
