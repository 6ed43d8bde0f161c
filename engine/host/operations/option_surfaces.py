"""Implied volatility over strikes and expiries, of chains as vendors deliver them.

Expiries of one moment and one underlying make one surface; nothing is interpolated between them. Strikes of the grid
are even in units of the nearest expiry's forward, from the lowest to the highest two-sided strike that any expiry of
the surface has near its money.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.host.operations.option_chain_audit import AuditedChain, AuditRequest, audit_chains
from engine.host.operations.option_rows import json_numbers
from engine.kernel.canonical import finite_or_none
from engine.kernel.timestamps import to_iso
from engine.signals.options_math.surface import CellQuality, ExpirySlice, fit_slice, volatility_surface

if TYPE_CHECKING:
    from engine.ingestion.input_file import InputFile

SurfaceKey = tuple[str, str, int]
_DEVIATIONS: Final = 2.5
GRID_STRIKES: Final = 21


def surface_documents(
    files: Sequence[InputFile], request: AuditRequest, strikes: int = GRID_STRIKES
) -> tuple[list[dict[str, Any]], list[str]]:
    """One document per surface, and a sentence for each file that holds no option chain.

    `volatility` is expiries by strikes, null where `quality` is "none"; per expiry the volatility at the money with its
    standard error, 25-delta risk reversal and butterfly, the spread over the nearest expiry, the family (svi or sabr)
    and its misfit in half widths. An expiry whose quotes bear no smile is listed with nulls.
    """
    audit = audit_chains(files, request)
    groups: dict[SurfaceKey, list[AuditedChain]] = {}
    for one in audit.chains:
        if one.years > 0.0 and one.check.terms is not None:
            groups.setdefault((one.found.file, one.found.market.market, one.found.chain.event_ts), []).append(one)
    refused = [content.refusal for content in audit.files if content.refusal is not None]
    return [_document(key, chains, strikes) for key, chains in groups.items()], refused


def _document(key: SurfaceKey, chains: Sequence[AuditedChain], strikes: int) -> dict[str, Any]:
    ordered = sorted(chains, key=lambda one: one.years)
    slices = [_slice(one) for one in ordered]
    forwards = [_forward(one) for one in ordered]
    grid = _grid(slices, strikes)
    surface = volatility_surface(slices, [one.years for one in ordered], forwards, grid)
    spread = surface.term_spread
    expiries = [
        {
            "expiry": to_iso(one.found.chain.expiry_ts),
            "contract": one.found.chain.contract,
            "years": one.years,
            "forward": forwards[row],
            "atm_volatility": finite_or_none(float(surface.atm_volatility[row])),
            "atm_error": finite_or_none(float(surface.atm_error[row])),
            "term_spread": finite_or_none(float(spread[row])),
            "risk_reversal_25": finite_or_none(float(surface.risk_reversal[row])),
            "risk_reversal_25_error": finite_or_none(float(surface.risk_reversal_error[row])),
            "butterfly_25": finite_or_none(float(surface.butterfly[row])),
            "butterfly_25_error": finite_or_none(float(surface.butterfly_error[row])),
            "family": None if item is None else item.fitted.name,
            "misfit_half_widths": None if item is None else finite_or_none(item.fitted.misfit),
            "volatility": json_numbers(surface.volatility[row]),
            "quality": [CellQuality(cell).name.lower() for cell in surface.quality[row].tolist()],
        }
        for row, (one, item) in enumerate(zip(ordered, slices, strict=True))
    ]
    file, market, moment = key
    return {
        "file": file,
        "market": market,
        "moment": to_iso(moment),
        "strikes": json_numbers(grid),
        "expiries": expiries,
    }


def _slice(one: AuditedChain) -> ExpirySlice | None:
    density = one.check.density
    return None if density is None else fit_slice(density.intervals, density.forward, density.years)


def _forward(one: AuditedChain) -> float:
    assert one.check.terms is not None
    return one.check.terms.forward


def _grid(slices: Sequence[ExpirySlice | None], strikes: int) -> np.ndarray:
    ends = []
    for item in slices:
        if item is not None:
            reach = _DEVIATIONS * item.shape.atm_volatility * math.sqrt(item.years)
            near = item.quoted[np.abs(item.quoted) <= reach]
            ends += (item.forward * np.exp(near)).tolist()
    return np.linspace(min(ends), max(ends), strikes) if ends else np.zeros(0)
