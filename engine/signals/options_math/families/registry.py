"""The parametric families that every chain is fitted with."""

from __future__ import annotations

from engine.signals.options_math.families.interface import DensityFamily
from engine.signals.options_math.families.lognormal import LognormalFamily
from engine.signals.options_math.families.svi_slices import SviSlices
from engine.signals.options_math.families.two_lognormals import TwoLognormalsFamily

FAMILIES: tuple[DensityFamily, ...] = (LognormalFamily(), TwoLognormalsFamily(), SviSlices())
