"""Measures the option mathematics on one core: volatilities, American prices and densities, beside other libraries.

The others run in the same run on the same numbers, in processes of their own: QuantLib where this environment has it,
py_vollib_vectorized in the peers' environment (`make peers`), which needs an older numpy. A peer that is not there is a
row that says so. All times are processor time, the best of some rounds, warm: nothing compiles or loads in them.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.figures import Figure, at_most, median
from engine.host.operations.machine import machine_lines
from engine.kernel.errors import CalculationError

if TYPE_CHECKING:
    from engine.signals.options_math.black76 import FloatArray

REPOSITORY: Final = Path(__file__).resolve().parents[3]
PEERS: Final = REPOSITORY / ".venv-peers"
_SCRIPTS: Final = REPOSITORY / "tests" / "bench" / "peers"
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_ABSENT: Final = "absent: make peers"
_AMERICAN_BATCH: Final = 100
_CHAINS: Final = 20
TO_VOLLIB: Final = 0.7
TO_NEWTON: Final = 0.2
AMERICAN_US: Final = 122.0
AMERICAN_CENTS: Final = 1e-4
DENSITY_MS: Final = 50.0
BANDS_MS: Final = 500.0
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What a peer's script printed, and the arrays it left."""

    printed: Mapping[str, Any]
    arrays: Any

    @property
    def cpu_s(self) -> float:
        """The best round."""
        return float(min(self.printed["cpu_s"]))


def bench_options(
    options: int = 100_000, rounds: int = 7, peers: Path = PEERS, report: Report | None = None
) -> dict[str, Any]:
    """The measurement as one document. CalculationError where a peer that is there fails."""
    with _one_core() as how:
        figures = measure_options(options, rounds, peers, report)
    return {
        "shape": {"options": options, "rounds": rounds, "american_batch": _AMERICAN_BATCH},
        "cores": how,
        "machine": [line.removeprefix("- ") for line in machine_lines(("numpy", "scipy", "QuantLib"))],
        "figures": [figure.document() for figure in figures],
    }


def measure_options(options: int, rounds: int, peers: Path, report: Report | None = None) -> list[Figure]:
    """Measure and judge, on whatever cores this process may use."""
    tell = report or _silent
    with TemporaryDirectory(prefix="hydra-bench-") as folder:
        tell(0, 3, "implied volatility")
        figures = _volatility_figures(options, rounds, peers, Path(folder))
        tell(1, 3, "American prices")
        figures += _american_figures(rounds, peers, Path(folder))
    tell(2, 3, "densities")
    return figures + _density_figures()


@contextmanager
def _one_core() -> Iterator[str]:
    """Pin this process and its children to one core, and numeric libraries that are not loaded yet to one thread."""
    loaded = "numpy" in sys.modules
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    threads = "numeric threads as before, numpy was loaded" if loaded else "one numeric thread"
    if not hasattr(os, "sched_setaffinity"):
        yield f"not pinned to a core, {threads}"
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield f"pinned to one core, {threads}"
    finally:
        os.sched_setaffinity(0, before)


def _volatility_figures(count: int, rounds: int, peers: Path, folder: Path) -> list[Figure]:
    import numpy as np

    from engine.host.operations.bench_options_cases import european_options, plain_newton
    from engine.signals.options_math.implied_volatility import implied_volatility

    cases = european_options(count)
    truth = cases.pop("volatility")
    source = folder / "european.npz"
    np.savez(source, **cases)
    discount = np.exp(-cases["rate"] * cases["years"])
    order = (*(cases[name] for name in ("price", "forward", "strike", "years", "is_call")), discount)
    own_s, own = _best(rounds, lambda: implied_volatility(*order)[0])
    newton_s, newton = _best(rounds, lambda: plain_newton(*order))
    vollib = _ask(_peer_python(peers), "py_vollib_vectorized_iv.py", [], source, rounds, folder / "vollib.npy")
    quantlib = _ask(_quantlib_python(peers), "quantlib_options.py", ["volatility"], source, rounds, folder / "ql.npy")
    again_s, _ = _best(rounds, lambda: implied_volatility(*order)[0])
    own_s = min(own_s, again_s)

    name = f"implied volatility, {count:,} options"
    how = f"within 3 sd, 3 to 365 days, volatility 12 to 80 %, calls and puts; best of {rounds}"
    vollib_s, quantlib_s = (math.nan if peer is None else peer.cpu_s for peer in (vollib, quantlib))
    vollib_how = _ABSENT if vollib is None else f"{vollib.printed['version']}; first call, which compiles, left out"
    quantlib_how = _ABSENT if quantlib is None else f"{quantlib.printed['version']} to 1e-12, a loop in Python"
    return [
        Figure(name, 1e3 * own_s, "CPU-ms", f"{how}, before and after the others"),
        Figure(f"{name}: plain numpy", 1e3 * newton_s, "CPU-ms", "Newton with bisection as a safeguard"),
        Figure(f"{name}: py_vollib_vectorized", 1e3 * vollib_s, "CPU-ms", vollib_how),
        Figure(f"{name}: QuantLib", 1e3 * quantlib_s, "CPU-ms", quantlib_how),
        _ratio("time over py_vollib_vectorized", own_s / vollib_s, TO_VOLLIB),
        _ratio("time over plain numpy", own_s / newton_s, TO_NEWTON),
        _ratio("time over QuantLib", own_s / quantlib_s),
        Figure("largest relative error of the volatility", _error(own, truth), "", "of the volatility put in"),
        Figure("the same: plain numpy", _error(newton, truth), "", _misses(newton, truth)),
        _peer_error("the same: py_vollib_vectorized", vollib, truth),
        _peer_error("the same: QuantLib", quantlib, truth),
    ]


def _american_figures(rounds: int, peers: Path, folder: Path) -> list[Figure]:
    import numpy as np

    from engine.host.operations.bench_options_cases import american_options
    from engine.signals.options_math.american import american_price

    cases = american_options(_AMERICAN_BATCH)
    source = folder / "american.npz"
    np.savez(source, **cases)
    order = [cases[name] for name in ("forward", "strike", "years", "volatility", "is_call", "rate")]
    own_s, own = _best(rounds, lambda: american_price(*order)[0])
    peer = _ask(
        _quantlib_python(peers), "quantlib_options.py", ["american"], source, rounds, folder / "american.out.npz"
    )
    again_s, _ = _best(rounds, lambda: american_price(*order)[0])
    own_us = 1e6 * min(own_s, again_s) / _AMERICAN_BATCH
    name = f"American price, batches of {_AMERICAN_BATCH}"
    how = f"within 20 % of the forward, 7 days to 2 years, volatility 15 to 60 %, rate 1 to 8 %; best of {rounds}"
    figures = [at_most(name, own_us, "CPU-us/option", how, AMERICAN_US)]
    if peer is None:
        return [*figures, Figure(f"{name}: QuantLib", math.nan, "CPU-us/option", _ABSENT)]
    per_option = 1e6 / _AMERICAN_BATCH
    priced, built = per_option * peer.cpu_s, per_option * min(peer.printed["build_cpu_s"])
    reference, fast = peer.arrays["reference"], peer.arrays["fast"]
    against = "against QdFpAmericanEngine's high-precision scheme"
    return [
        *figures,
        Figure(f"{name}: QuantLib", priced + built, "CPU-us/option",
               f"{peer.printed['version']}, fast scheme of QdFpAmericanEngine; building its objects: {built:.3g}"),
        _ratio("time over QuantLib, objects built anew", own_us / (priced + built)),
        _ratio("time over QuantLib, its objects built beforehand", own_us / priced),
        at_most("largest error of the American price", float(np.max(np.abs(own - reference))), "cents/lb", against,
                AMERICAN_CENTS),
        Figure("the same: QuantLib, fast scheme", float(np.max(np.abs(fast - reference))), "cents/lb", against),
    ]  # fmt: skip


def _density_figures() -> list[Figure]:
    import numpy as np

    from engine.host.operations.bench_options_cases import CHAIN_FORWARD, CHAIN_YEARS, chain
    from engine.signals.options_math.density import implied_density
    from engine.signals.options_math.european_intervals import OptionTerms

    terms = OptionTerms(CHAIN_FORWARD, CHAIN_YEARS, tick=0.025)
    prices = CHAIN_FORWARD * np.linspace(0.6, 1.5, 201)
    bare, banded = [], []
    for seed in range(_CHAINS + 1):
        quotes = chain(seed)
        began = time.process_time()
        density = implied_density(quotes, terms)
        if density is None:
            raise CalculationError(f"chain {seed} of the measurement gave no density")
        density.cdf(prices)
        density.pdf(prices)
        bare.append(1e3 * (time.process_time() - began))
        began = time.process_time()
        density.report()
        density.bounds()
        _ = (density.price_moments, density.log_moments)
        banded.append(bare[-1] + 1e3 * (time.process_time() - began))
    how = f"{_CHAINS} noisy chains of 50 quotes, median; from quotes to density and CDF on 201 prices"
    return [
        at_most("density of 25 strikes, no bands", median(bare[1:]), "CPU-ms", how, DENSITY_MS),
        at_most("density of 25 strikes, with bands", median(banded[1:]), "CPU-ms",
                "the same, with 5 to 95 % band, no-arbitrage bounds, moments and their intervals", BANDS_MS),
    ]  # fmt: skip


def _ask(
    python: Path | None, script: str, words: list[str], source: Path, rounds: int, target: Path
) -> PeerAnswer | None:
    """Run a peer's script; None where its interpreter or the script is not there."""
    import numpy as np

    if python is None or not (_SCRIPTS / script).is_file():
        return None
    done = subprocess.run(
        [str(python), str(_SCRIPTS / script), *words, str(source), str(rounds), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise CalculationError(f"the peer {script} stopped: {last[0]}; make peers installs it anew")
    return PeerAnswer(json.loads(done.stdout), np.load(target))


def _peer_python(peers: Path) -> Path | None:
    found = peers / "bin" / "python"
    return found if found.exists() else None


def _quantlib_python(peers: Path) -> Path | None:
    return Path(sys.executable) if importlib.util.find_spec("QuantLib") else _peer_python(peers)


def _ratio(name: str, value: float, limit: float | None = None) -> Figure:
    how = "CPU, same run, same numbers"
    if math.isnan(value):
        return Figure(name, value, "x", _ABSENT, "" if limit is None else f"<= {limit:g} x")
    return Figure(name, value, "x", how) if limit is None else at_most(name, value, "x", how, limit)


def _peer_error(name: str, peer: PeerAnswer | None, truth: FloatArray) -> Figure:
    if peer is None:
        return Figure(name, math.nan, "", _ABSENT)
    return Figure(name, _error(peer.arrays, truth), "", _misses(peer.arrays, truth))


def _error(found: FloatArray, truth: FloatArray) -> float:
    import numpy as np

    return float(np.nanmax(np.abs(found / truth - 1.0)))


def _misses(found: FloatArray, truth: FloatArray) -> str:
    import numpy as np

    with np.errstate(all="ignore"):
        missed = int(np.sum(~(np.abs(found / truth - 1.0) <= 1e-6)))
    return f"{missed:,} off by more than 1e-6 or no number"


def _best(rounds: int, work: Callable[[], FloatArray]) -> tuple[float, FloatArray]:
    """Processor seconds of the best of some rounds after one that is not counted, and the answer."""
    answer = work()
    best = math.inf
    for _ in range(rounds):
        began = time.process_time()
        answer = work()
        best = min(best, time.process_time() - began)
    return best, answer


def _silent(done: int, total: int, text: str) -> None:
    del done, total, text
