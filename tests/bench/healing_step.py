"""What one step of the healing trader costs: `python -m tests.bench.healing_step`.

A market of HealBench without a fault, six features, one core; CPU time over 2,000 steps in each of five markets. No
experiment runs, but the rule that forgets is kept up to date on every bar.
"""

from __future__ import annotations

import sys
import time

from engine.agent.treatment.bench_player import market_bar, teach
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

SEEDS = range(1, 6)


def main() -> int:
    """Print the figures, microseconds a step."""
    config = load_config("simulated_hogs", environment={}).config
    costs = []
    for seed in SEEDS:
        view = MarketView.of(make_world("null", seed))
        trader = teach(view, config, seed)
        bars = [market_bar(view, bar) for bar in range(view.train_bars, len(view.y))]
        begun = time.process_time()
        for bar in bars:
            trader.step(bar)
        costs.append(1e6 * (time.process_time() - begun) / len(bars))
    mean = sum(costs) / len(costs)
    sys.stdout.write(f"healing step: mean {mean:.0f}, least {min(costs):.0f}, most {max(costs):.0f} us of CPU\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
