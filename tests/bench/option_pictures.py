"""Pictures of docs/options.md: simulated chains, drawn by `hydra options plot`.

    python -m tests.bench.option_pictures

Writes the chains beside the pictures, so that anybody can run the verb on them. The chains are invented.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.engine.signals.options_math.simulated_truths import AMERICAN_RATE, FORWARD, TICK, truth

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PICTURES = (("thin_chain", "fat left 9", 4), ("two_modes", "bimodal", 2), ("liquid_chain", "skewed", 1))


def main() -> None:
    """Write every chain and its picture."""
    for name, of_truth, seed in PICTURES:
        known = truth(of_truth)
        chain = FOLDER / f"{name}.csv"
        interest = np.random.default_rng(seed)
        with chain.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["strike", "right", "bid", "ask", "open_interest"])
            for quote in known.chain(seed, "american"):
                bid = "" if quote.bid == 0.0 else f"{quote.bid:.3f}"
                right = "C" if quote.is_call else "P"
                table.writerow([f"{quote.strike:g}", right, bid, f"{quote.ask:.3f}", int(interest.integers(20, 900))])
        command = [sys.executable, "-m", "hydra_tui.main", "options", "plot", str(chain), "--forward", f"{FORWARD:g}",
                   "--years", f"{known.years:.6f}", "--rate", f"{AMERICAN_RATE:g}", "--style", "american", "--tick",
                   f"{TICK:g}", "--out", str(FOLDER / f"{name}.svg")]  # fmt: skip
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
