"""What a promotion gate is shown of a candidate that runs beside the incumbent."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sandbox.healbench.heal_world import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ShadowScores:
    """A candidate's lead over the incumbent on each shadow bar, twice: `differences[n]` of Gaussian log likelihood in
    standard deviations of the differences on the training bars, and `nats[n]` of Student-t log likelihood of the return
    in units of the volatility expected. `steady_nats[n]` is its lead in nats over a fit on all bars before, which never
    forgets. `trial_number` counts every candidate of the episode put to the test so far, this one included."""

    trial_number: int
    differences: FloatArray
    nats: FloatArray
    steady_nats: FloatArray
