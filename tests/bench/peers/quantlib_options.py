"""Implied volatilities and American prices by QuantLib, one option after another. Imports nothing of HYDRA.

    python quantlib_options.py volatility OPTIONS.npz ROUNDS VOLATILITIES.npy
    python quantlib_options.py american   OPTIONS.npz ROUNDS PRICES.npz

prints one JSON object: version, cpu_s of every round and, for American options, build_cpu_s: what it takes to build the
objects, which happens before the clock of cpu_s starts. PRICES.npz holds the prices of the fast and of the
high-precision scheme of QdFpAmericanEngine (Andersen, Lake, Offengenden 2016).
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import QuantLib as ql

ACCURACY = 1e-12


def volatilities(options: dict[str, np.ndarray]) -> np.ndarray:
    """Black-76 volatilities; NaN where the library raises."""
    deviations = np.full(options["price"].shape, np.nan)
    discount = np.exp(-options["rate"] * options["years"]).tolist()
    rows = zip(*(options[name].tolist() for name in ("is_call", "strike", "forward", "price")), discount, strict=True)
    solve, call, put = ql.blackFormulaImpliedStdDev, ql.Option.Call, ql.Option.Put
    for place, (is_call, strike, forward, price, factor) in enumerate(rows):
        try:
            deviations[place] = solve(
                call if is_call else put, strike, forward, price, factor, 0.0, ql.nullDouble(), ACCURACY
            )
        except RuntimeError:
            continue
    return deviations / np.sqrt(options["years"])


def american_options(options: dict[str, np.ndarray], scheme: ql.QdFpIterationScheme) -> list[ql.VanillaOption]:
    """One American option on a future per row, not priced yet."""
    counter = ql.Actual365Fixed()
    today = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    built = []
    names = ("forward", "strike", "days", "rate", "volatility", "is_call")
    for forward, strike, days, rate, volatility, is_call in zip(*(options[n].tolist() for n in names), strict=True):
        curve = ql.YieldTermStructureHandle(ql.FlatForward(today, rate, counter))
        level = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, counter))
        process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(forward)), curve, curve, level)
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + int(days)))
        option.setPricingEngine(ql.QdFpAmericanEngine(process, scheme))
        built.append(option)
    return built


def main() -> None:
    """Time one of the two."""
    what, source, rounds, target = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    options = dict(np.load(source))
    building, taken, result = [], [], np.zeros(0)
    for _ in range(rounds):
        began = time.process_time()
        built = [] if what == "volatility" else american_options(options, ql.QdFpAmericanEngine.fastScheme())
        building.append(time.process_time() - began)
        began = time.process_time()
        result = volatilities(options) if what == "volatility" else np.array([option.NPV() for option in built])
        taken.append(time.process_time() - began)
    if what == "volatility":
        np.save(target, result)
    else:
        exact = american_options(options, ql.QdFpAmericanEngine.highPrecisionScheme())
        np.savez(target, fast=result, reference=np.array([option.NPV() for option in exact]))
    print(json.dumps({"version": f"QuantLib {ql.__version__}", "cpu_s": taken, "build_cpu_s": building}))


if __name__ == "__main__":
    main()
