"""Implied volatilities by py_vollib_vectorized, timed warm. Runs in the peers' environment, without HYDRA.

    python py_vollib_vectorized_iv.py OPTIONS.npz ROUNDS VOLATILITIES.npy

prints one JSON object: version, cpu_s of every round, and first_s, the first call, which compiles.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings

os.environ["NUMBA_NUM_THREADS"] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from py_vollib_vectorized import vectorized_implied_volatility_black  # noqa: E402


def main() -> None:
    """Time the library's public call on the options of the file."""
    options, rounds, target = np.load(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    flag = np.where(options["is_call"], "c", "p")
    inputs = (options["price"], options["forward"], options["strike"], options["rate"], options["years"], flag)

    def solve() -> np.ndarray:
        return vectorized_implied_volatility_black(*inputs, on_error="ignore", return_as="numpy")

    began = time.perf_counter()
    volatility = solve()
    first = time.perf_counter() - began
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        volatility = solve()
        taken.append(time.process_time() - began)
    np.save(target, np.asarray(volatility, dtype=np.float64))
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("py_vollib_vectorized", "numba", "numpy"))
    print(json.dumps({"version": libraries, "cpu_s": taken, "first_s": first}))


if __name__ == "__main__":
    main()
