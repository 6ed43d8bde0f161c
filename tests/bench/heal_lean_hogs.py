"""What healing does on real CME lean hogs, 2010 to 2023: walk-forward, real costs, everything point in time.

    python -m tests.bench.heal_lean_hogs --date 2026-12-01 [--page docs/healing_lean_hogs.md]
        [--picture docs/pictures/heal_lean_hogs.svg]

Needs the folder of real data (HYDRA_REAL_DATA, or ../shared/data beside the repository). Prints the measured part of
docs/healing_lean_hogs.md and, where they are named, puts it into the page and draws the picture. No row of the data is
written anywhere. Same data, same figures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.historical_walk_forward import walk_forward
from tests.bench.heal_hogs_market import TEACHING_BARS, NoRealDataError, real_data_folder, real_history, study_market
from tests.bench.heal_hogs_picture import draw
from tests.bench.heal_hogs_study import (
    FROZEN,
    HEALER,
    HEALER_OVERRIDDEN,
    Study,
    account_table,
    alert_table,
    aside_share,
    correlation_table,
    diagnosis_table,
    gate_table,
    healing_difference,
    horizon_table,
    measured_correlation,
    money_table,
    repair_table,
    run_study,
    year_table,
)
from tests.bench.measured_page import write_measured

TRADED_FROM: Final = ("2013-12-20", "2010-01-01")  # 1,000 bars of 2010 to 2013 teach; 1,000 bars before 2010 do
WALK_FORWARD_SEED: Final = 20_060_103


def main(arguments: Sequence[str]) -> int:
    """Run both studies."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.heal_lean_hogs")
    parser.add_argument("--page", type=Path, help="replace the measured part of this page")
    parser.add_argument("--picture", type=Path, help="draw the equity curves here (svg)")
    parser.add_argument("--date", default="", help="date of the measurement, printed on the page")
    options = parser.parse_args(arguments)
    try:
        folder = real_data_folder()
    except NoRealDataError as error:
        print(error, file=sys.stderr)
        return 2
    config = load_config("lean_hogs", environment={}).config
    history = real_history(folder, config)
    studies = [run_study(study_market(history, config, day), config) for day in TRADED_FROM]
    call = f"`python -m tests.bench.heal_lean_hogs`, {options.date}."
    text = "\n\n".join((call, *(section(study, number) for number, study in enumerate(studies, start=1))))
    print(text)
    if options.picture is not None:
        draw(studies, options.picture)
    if options.page is not None:
        write_measured(options.page, text)
    return 0


def section(study: Study, number: int) -> str:
    """The measured part of one study."""
    market, config = study.market, study.config
    nats = study.deployment_nats[config.treatment.prior_r2]
    passed = nats > config.treatment.deployment_nats
    gate = (
        f"Deployment gate: {nats:+.1f} nats of prequential evidence, needed "
        f"{config.treatment.deployment_nats:g}: **{'an edge' if passed else 'no edge'}**. "
        f"The fit itself claims a correlation of {study.claimed_correlation:.3f} in training."
    )
    correlations = {
        "claimed in training": study.claimed_correlation,
        "measured while trading, frozen": measured_correlation(study, FROZEN),
        "a usual daily edge, for comparison": 0.05,
    }
    left_out = f"; left out by the coverage rule: {', '.join(market.left_out)}" if market.left_out else ""
    return "\n\n".join(
        (
            f"## Study {number}: traded {study.span}, taught on the {TEACHING_BARS:,} bars before",
            f"{market.live_bars:,} bars traded. Inputs: {', '.join(market.names)}{left_out}.",
            gate,
            gate_table(study),
            product_walk_forward(study, config),
            "After costs, the account's breakers out of the way:",
            money_table(study),
            f"(c') held nothing because a case was open on {aside_share(study, HEALER_OVERRIDDEN):.0%} of the bars.",
            "The same orders under the account's own breakers, a halt resumed after 20 bars, a lockdown never:",
            account_table(study),
            "Healing against no healing, same bars, utility r - r²/(2 · kelly fraction), stationary bootstrap:",
            healing_difference(study),
            "Is there an edge at all? Correlation of forecast and outcome, ± 1/√n:",
            correlation_table(study),
            "Detectability horizon (Lorden's bound at the configured false-alarm rate):",
            horizon_table(study, correlations),
            f"### Alerts of {HEALER_OVERRIDDEN}",
            alert_table(study, HEALER_OVERRIDDEN),
            year_table(study, HEALER_OVERRIDDEN),
            f"{HEALER} raises alerts too ({_alerts(study)}), but diagnoses and repairs nothing: it holds nothing.",
            f"### Diagnoses of {HEALER_OVERRIDDEN}",
            diagnosis_table(study, HEALER_OVERRIDDEN),
            f"### Repairs and promotions of {HEALER_OVERRIDDEN}",
            repair_table(study, HEALER_OVERRIDDEN),
        )
    )


def _alerts(study: Study) -> str:
    return f"{len(study.players[HEALER].happenings)} in all"


def product_walk_forward(study: Study, config: HydraConfig) -> str:
    """What the product's own walk-forward (`hydra sandbox`) would have traded on these bars."""
    market = study.market
    found = walk_forward(
        market.history,
        market.first,
        config,
        kind=config.models.kind,
        features=tuple(config.market.champion_features),
        seed=WALK_FORWARD_SEED,
    )
    bounds = [item.edge_lower_bound for item in found.refits if item.edge_lower_bound is not None]
    return (
        f"The product's own walk-forward ({config.models.kind}, {config.models.training_window_bars} bars, refitted "
        f"each {config.models.retrain_every_bars}) finds a proven edge in {sum(bound > 0.0 for bound in bounds)} of "
        f"{len(found.refits)} fits, and trades on those alone."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
