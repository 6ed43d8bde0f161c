"""Densities of simulated chains by HYDRA, a cubic spline, a plain SVI fit and oipd against the truth, as Markdown.

    python -m tests.bench.density_comparison [--seeds 20] [--style european|american] [--bands]

Every method gets the same noisy chains of tests/engine/signals/options_math/simulated_truths.py, with the forward and
the rate (oipd, which has no way to be told the forward, infers it from put-call parity). oipd runs in its own
environment (`make peers`); where that is absent the table says so. Figures: KS = the largest distance between the CDF
and the true one over prices from a fifth of the forward to three times it, median over seeds; chains with a density
below -1e-9 anywhere; quotes whose price under the density lies within [bid, ask], to a thousandth of a cent.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.host.operations.figures import median
from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density import implied_density
from engine.signals.options_math.european_intervals import OptionTerms
from engine.signals.options_math.implied_volatility import implied_volatility
from tests.engine.signals.options_math.simulated_truths import AMERICAN_RATE, FORWARD, TICK, TRUTH_NAMES, Truth, truth

REPOSITORY = Path(__file__).resolve().parents[2]
OIPD = REPOSITORY / ".venv-oipd" / "bin" / "python"
GRID = FORWARD * np.exp(np.linspace(math.log(0.2), math.log(3.0), 4_001))
INSIDE_CENTS = 1e-3
NEGATIVE = -1e-9
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """CDF and density of one method on GRID."""

    cdf: FloatArray
    pdf: FloatArray


@dataclass(frozen=True)
class Score:
    """One method on one chain: KS distance, whether the density goes negative, share of quotes repriced inside."""

    distance: float
    negative: bool
    inside: float


Method = Callable[[Sequence[CleanQuote], float, float, str], Found | None]


def hydra(quotes: Sequence[CleanQuote], years: float, rate: float, style: str) -> Found | None:
    """The combination of families as `hydra options density` reports it."""
    density = implied_density(quotes, _terms(years, rate, style))
    return None if density is None else Found(density.cdf(GRID), density.pdf(GRID))


def _terms(years: float, rate: float, style: str) -> OptionTerms:
    return OptionTerms(FORWARD, years, rate, style="american" if style == "american" else "european", tick=TICK)


def cubic_spline(quotes: Sequence[CleanQuote], years: float, rate: float, style: str) -> Found | None:
    """Cubic spline through the volatilities of the middles out of the money, flat beyond; differences of prices."""
    from scipy.interpolate import CubicSpline

    del style
    strike, volatility = _middles(quotes, years, rate)
    if strike.size < 3:
        return None
    smile = CubicSpline(strike, volatility)(np.clip(GRID, strike[0], strike[-1]))
    call = price(FORWARD, GRID, years, np.maximum(smile, 1e-4), True)[0]
    slope = np.gradient(call, GRID)
    return Found(1.0 + slope, np.gradient(slope, GRID))


def plain_svi(quotes: Sequence[CleanQuote], years: float, rate: float, style: str) -> Found | None:
    """Raw SVI with positive variance by least squares on the volatilities of the middles out of the money, weighted
    with vega, the best of three starts."""
    from scipy.optimize import least_squares
    from scipy.special import ndtr

    del style
    strike, volatility = _middles(quotes, years, rate)
    if strike.size < 5:
        return None
    k = np.log(strike / FORWARD)
    vega = np.exp(-0.5 * (k / (volatility * math.sqrt(years))) ** 2)

    def variance(p: FloatArray, x: FloatArray) -> FloatArray:
        least, b, rho, m, s = p
        return least + b * (rho * (x - m) + np.sqrt((x - m) ** 2 + s * s) - s * math.sqrt(1.0 - rho * rho))

    def residual(p: FloatArray) -> FloatArray:
        return vega * (np.sqrt(variance(p, k) / years) - volatility)

    bounds = ([1e-6, 0.0, -0.999, -1.0, 1e-3], [4.0, 1.0, 0.999, 1.0, 2.0])
    level = 0.8 * float(volatility.min()) ** 2 * years
    starts = [np.array([level, 0.05, rho, m, 0.1]) for rho, m in ((-0.3, 0.0), (0.3, 0.0), (0.0, 0.05))]
    fits = [least_squares(residual, start, bounds=bounds, x_scale="jac", max_nfev=2_000) for start in starts]
    least, b, rho, m, s = min(fits, key=lambda fit: float(fit.cost)).x
    x = np.log(GRID / FORWARD)
    root = np.sqrt((x - m) ** 2 + s * s)
    w = variance(np.array([least, b, rho, m, s]), x)
    first, second = b * (rho + (x - m) / root), b * s * s / root**3
    d2 = -x / np.sqrt(w) - 0.5 * np.sqrt(w)
    normal = np.exp(-0.5 * d2 * d2) / math.sqrt(2.0 * math.pi)
    durrleman = (1.0 - 0.5 * x * first / w) ** 2 - 0.25 * first**2 * (1.0 / w + 0.25) + 0.5 * second
    return Found(ndtr(-d2) + normal * first / (2.0 * np.sqrt(w)), durrleman * normal / np.sqrt(w) / GRID)


METHODS: dict[str, Method] = {"HYDRA": hydra, "cubic spline": cubic_spline, "plain SVI": plain_svi}


def _middles(quotes: Sequence[CleanQuote], years: float, rate: float) -> tuple[FloatArray, FloatArray]:
    chosen = sorted((q for q in quotes if q.two_sided and q.is_call == (q.strike >= FORWARD)), key=lambda q: q.strike)
    strike, middle = np.array([q.strike for q in chosen]), np.array([q.mid for q in chosen])
    is_call = np.array([q.is_call for q in chosen])
    volatility, status = implied_volatility(middle, FORWARD, strike, years, is_call, math.exp(-rate * years))
    return strike[status == 0], volatility[status == 0]


def oipd(chains: Sequence[tuple[Truth, Sequence[CleanQuote]]], rate: float) -> list[Found | None] | None:
    """Every chain through oipd; None for a chain that it refuses, and altogether where its environment is absent."""
    if not OIPD.exists():
        return None
    asked = [
        {"days": round(case.years * 365.0, 6), "forward": FORWARD, "rate": rate, "prices": GRID.tolist(),
         "quotes": [[q.strike, "C" if q.is_call else "P", q.bid, q.ask] for q in quotes]}
        for case, quotes in chains
    ]  # fmt: skip
    with TemporaryDirectory(prefix="hydra-bench-") as folder:
        source, target = Path(folder) / "chains.json", Path(folder) / "answers.json"
        source.write_text(json.dumps(asked), encoding="utf-8")
        script = Path(__file__).parent / "peers" / "oipd_densities.py"
        subprocess.run([str(OIPD), str(script), str(source), str(target)], check=True)
        answers = json.loads(target.read_text(encoding="utf-8"))
    return [
        None if "error" in answer else Found(np.array(answer["cdf"]), np.array(answer["pdf"])) for answer in answers
    ]


def score(case: Truth, quotes: Sequence[CleanQuote], found: Found, rate: float) -> Score:
    """What a density is worth against the truth and against its own quotes."""
    distance = float(np.max(np.abs(found.cdf - case.cdf(GRID))))
    steps = np.diff(GRID)
    below = np.concatenate([[0.0], np.cumsum(0.5 * steps * (found.cdf[1:] + found.cdf[:-1]))])
    put = np.interp([q.strike for q in quotes], GRID, below)
    discount = math.exp(-rate * case.years)
    inside = []
    for quote, value in zip(quotes, put.tolist(), strict=True):
        fair = discount * (value + FORWARD - quote.strike if quote.is_call else value)
        inside.append(quote.bid - INSIDE_CENTS <= fair <= quote.ask + INSIDE_CENTS)
    return Score(distance, bool(found.pdf.min() < NEGATIVE), sum(inside) / len(inside))


def compare(seeds: int, style: str) -> list[str]:
    """The table as lines of Markdown."""
    rate = AMERICAN_RATE if style == "american" else 0.0
    cases = [truth(name) for name in TRUTH_NAMES]
    chains = [(case, case.chain(seed, style)) for case in cases for seed in range(seeds)]
    found = {
        name: [method(quotes, case.years, rate, style) for case, quotes in chains] for name, method in METHODS.items()
    }
    peer = oipd(chains, rate)
    if peer is not None:
        found["oipd"] = peer
    with_quotes = style == "european"  # American quotes are not European prices: nothing to reprice
    lines = [
        "| truth | " + " | ".join(_heading(name, with_quotes) for name in found) + " |",
        "|---" * (1 + len(found)) + "|",
    ]
    for place, case in enumerate(cases):
        span = range(place * seeds, (place + 1) * seeds)
        cells = [_cell([(chains[i], found[name][i]) for i in span], rate, with_quotes) for name in found]
        lines.append(f"| {case.name} ({case.strikes.size} strikes) | {' | '.join(cells)} |")
    return lines if peer is not None else [*lines, "", "oipd: absent, `make peers` installs it."]


def bands(seeds: int, style: str) -> list[str]:
    """HYDRA's 5-95 % band against the truth, between its 1 and 99 % quantiles, as lines of Markdown.

    Interval score: mean width plus 20 times the distance by which the band misses the truth (Gneiting and Raftery 2007,
    eq. 43 at 10 %); smaller is better, and neither a wide nor a wrong band is cheap.
    """
    rate = AMERICAN_RATE if style == "american" else 0.0
    lines = ["| truth | coverage | mean width | interval score |", "|---|---|---|---|"]
    for name in TRUTH_NAMES:
        case = truth(name)
        price = np.linspace(case.quantile(0.01), case.quantile(0.99), 100)
        exact = case.cdf(price)
        covered, widths, scores = [], [], []
        for seed in range(seeds):
            density = implied_density(case.chain(seed, style), _terms(case.years, rate, style))
            if density is None:
                continue
            report = density.report()
            low = np.interp(price, report.grid, report.cdf_low)
            high = np.interp(price, report.grid, report.cdf_high)
            missed = np.maximum(np.maximum(low - exact, exact - high), 0.0)
            covered.append(float(np.mean(missed == 0.0)))
            widths.append(float(np.mean(high - low)))
            scores.append(float(np.mean(high - low + 20.0 * missed)))
        cells = f"{np.mean(covered):.0%} | {np.mean(widths):.4f} | {np.mean(scores):.4f}"
        lines.append(f"| {case.name} ({case.strikes.size} strikes) | {cells} |")
    return lines


def _heading(name: str, with_quotes: bool) -> str:
    return f"{name}: KS, negative" + (", inside" if with_quotes else "")


def _cell(
    answers: Sequence[tuple[tuple[Truth, Sequence[CleanQuote]], Found | None]], rate: float, with_quotes: bool
) -> str:
    scores = [score(case, quotes, found, rate) for (case, quotes), found in answers if found is not None]
    if not scores:
        return "refused"
    refused = len(answers) - len(scores)
    words = [f"{median([one.distance for one in scores]):.4f}", f"{sum(one.negative for one in scores)}/{len(scores)}"]
    if with_quotes:
        words.append(f"{sum(one.inside for one in scores) / len(scores):.0%}")
    return ", ".join(words) + (f" ({refused} refused)" if refused else "")


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.density_comparison")
    parser.add_argument("--seeds", type=int, default=20, help="chains of every truth")
    parser.add_argument("--style", choices=("european", "american"), default="european")
    parser.add_argument("--bands", action="store_true", help="coverage, width and interval score of HYDRA's band")
    options = parser.parse_args(arguments)
    table = bands if options.bands else compare
    sys.stdout.write("\n".join(table(options.seeds, options.style)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
