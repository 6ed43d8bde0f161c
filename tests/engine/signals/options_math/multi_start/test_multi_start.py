"""The race of the starts: the lowest valley wins, for the own data and for each draw."""

from __future__ import annotations

import numpy as np

from engine.signals.options_math.levenberg_marquardt import IndexArray, ResidualModel
from engine.signals.options_math.multi_start import multi_start

# Two valleys at -1 and +1; the tilt of a draw says which one is the lower.
TILT = np.array([0.2, 0.2, -0.2, 0.02])
STARTS = np.array([[-3.0], [-0.4], [0.4], [2.0]])


def rows(draw_of: IndexArray) -> ResidualModel:
    def model(x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tilt = TILT[draw_of[element]][:, None]
        residual = np.concatenate([2.0 * (x * x - 1.0), 1.0 + tilt * x], axis=1)
        return residual, np.stack([4.0 * x, np.broadcast_to(tilt, x.shape)], axis=1)

    return model


def test_every_draw_ends_in_its_own_lowest_valley() -> None:
    found = multi_start(rows, STARTS, draws=3)
    assert found.shape == (4, 1)
    assert np.sign(found[:, 0]).tolist() == [-1.0, -1.0, 1.0, -1.0]
    np.testing.assert_allclose(np.abs(found), 1.0, atol=0.05)


def test_without_draws_only_the_own_valley() -> None:
    found = multi_start(rows, STARTS, draws=0)
    assert found.shape == (1, 1)
    assert found.tobytes() == multi_start(rows, STARTS, draws=3)[:1].tobytes()
