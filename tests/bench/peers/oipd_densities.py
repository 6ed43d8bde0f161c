"""Densities by oipd of many chains. Runs in oipd's environment and imports nothing of HYDRA.

    python oipd_densities.py CHAINS.json ANSWERS.json

CHAINS.json: a list of {days, forward, rate, quotes: [[strike, "C" or "P", bid, ask], ...], prices: [...]}.
ANSWERS.json: per chain {cdf, pdf at the prices, forward (which oipd infers from put-call parity), cpu_s} or {error}.
oipd reads the middles of bid and ask, as those of European options, and fits an SVI slice.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from oipd import MarketInputs, VolCurve  # noqa: E402

VALUED = pd.Timestamp("2026-01-05")


def density(chain: dict[str, Any]) -> dict[str, Any]:
    """One chain through oipd's public interface with its defaults."""
    quotes = pd.DataFrame(chain["quotes"], columns=["strike", "option_type", "bid", "ask"])
    quotes["expiry"] = VALUED + pd.Timedelta(days=chain["days"])
    quotes["last_price"] = np.nan
    quotes["volume"] = 100.0
    market = MarketInputs(
        valuation_date=VALUED, underlying_price=chain["forward"], risk_free_rate=chain["rate"],
        risk_free_rate_mode="continuous",
    )  # fmt: skip
    began = time.process_time()
    curve = VolCurve().fit(quotes, market)
    distribution = curve.implied_distribution()
    grid, pdf, cdf = (np.asarray(item, dtype=float) for item in (
        distribution.prices, distribution.pdf_values, distribution.cdf_values))  # fmt: skip
    taken = time.process_time() - began
    prices = np.asarray(chain["prices"])
    return {
        "forward": float(curve.forward_price),
        "cdf": np.interp(prices, grid, cdf, left=0.0, right=1.0).tolist(),
        "pdf": np.interp(prices, grid, pdf, left=0.0, right=0.0).tolist(),
        "cpu_s": taken,
    }


def main() -> None:
    """All chains; one that oipd refuses is an answer too."""
    answers = []
    for chain in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        try:
            answers.append(density(chain))
        except Exception as error:  # whatever a peer raises is its answer
            answers.append({"error": f"{type(error).__name__}: {error}"})
    Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
