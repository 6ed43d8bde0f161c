"""Is a diagnosis grounded? Every number it cites is computed again from the world; one false number spoils it.

A number is true where its formula is known, its window lies between bar 1 and the bar of the diagnosis, and the value
agrees to 1e-6 relative (1e-9 absolute near 0). A diagnosis is grounded where it cites at least one number besides mere
counts of bars and all that it cites are true. The inputs that a formula names (the agent's own yardsticks) are taken as
stated; the window is not.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine.sandbox.healbench.episode_record import DiagnosisRecord, EpisodeRecord, EvidenceRecord
from engine.sandbox.healbench.evidence_formulas import EVIDENCE_FORMULAS
from engine.sandbox.healbench.evidence_rows import EvidenceRows, evidence_rows
from engine.sandbox.healbench.forecast_rule import first_rule
from engine.sandbox.healbench.heal_world import HealWorld

RELATIVE_TOLERANCE: Final = 1e-6
ABSOLUTE_TOLERANCE: Final = 1e-9


def recomputed_value(evidence: EvidenceRecord, rows: EvidenceRows) -> float | None:
    """The number again from the rows of the episode; None where the formula is unknown, the window is empty or outside
    the episode, or the stated inputs do not fit the formula."""
    formula = EVIDENCE_FORMULAS.get(evidence.formula)
    if formula is None or not 1 <= evidence.from_bar <= evidence.to_bar <= len(rows.y):
        return None
    try:
        with np.errstate(all="ignore"):
            value = formula(rows.cut(evidence.from_bar, evidence.to_bar), evidence.inputs)
    except (LookupError, TypeError, ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None  # the claim names inputs that its formula cannot use: it is not grounded
    return value if math.isfinite(value) else None


def is_true(evidence: EvidenceRecord, rows: EvidenceRows, diagnosed_bar: int) -> bool:
    """Whether a cited number agrees with the world and uses nothing after the diagnosis."""
    if evidence.to_bar > diagnosed_bar:
        return False
    value = recomputed_value(evidence, rows)
    return value is not None and math.isclose(
        value, evidence.value, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE
    )


def grounded_diagnoses(world: HealWorld, record: EpisodeRecord) -> tuple[bool, ...]:
    """For each diagnosis of the record, in its order, whether it is grounded; none is if the record's forecasts before
    the first change are not those of one linear champion (`first_rule`)."""
    if first_rule(world, record)[1] == "not linear":
        return tuple(False for _ in record.diagnoses)
    rows = evidence_rows(world, record)
    return tuple(_is_grounded(diagnosis, rows) for diagnosis in record.diagnoses)


def _is_grounded(diagnosis: DiagnosisRecord, rows: EvidenceRows) -> bool:
    tells = any(item.formula != "bars" for item in diagnosis.evidence)
    return tells and all(is_true(item, rows, diagnosis.bar) for item in diagnosis.evidence)
