"""How the whole program heals on the simulated venue: files -> features -> model -> orders -> cases -> repairs.

    python -m tests.bench.heal_venue --seeds 3 --date 2026-12-01 [--seed-base 4242001] [--families concept feature]
        [--episodes EPISODES.jsonl] [--page docs/healing_venue.md]

One run of the program takes about a minute; `--episodes` keeps every finished one as a line of JSON and plays only
those that the file lacks. The words are those of HealBench: delay, diagnosis, halt-anchored recovery (HRR).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from engine.host.operations.demo_report import CAUSES_OF
from engine.sandbox.healbench.recovery import clipped, halt_anchored_recovery
from tests.bench.heal_venue_episode import HORIZON_BARS, LIVE_BARS, VenueEpisode, play
from tests.bench.measured_page import markdown_table, write_measured

FAMILIES: Final = tuple(CAUSES_OF)
FIRST_SEED: Final = 4_242_001


def main(arguments: Sequence[str]) -> int:
    """Play what is missing, print the tables, write the page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.heal_venue")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed-base", type=int, default=FIRST_SEED)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--episodes", type=Path, help="JSON lines of finished runs, read first and added to")
    parser.add_argument("--page", type=Path, help="replace the measured part of this page")
    parser.add_argument("--date", default="", help="date of the measurement, printed on the page")
    options = parser.parse_args(arguments)
    wanted = [
        (family, seed)
        for seed in range(options.seed_base, options.seed_base + options.seeds)
        for family in options.families
    ]
    found = {(item.family, item.seed): item for item in _read(options.episodes)}
    for family, seed in wanted:
        if (family, seed) not in found:
            episode = found[family, seed] = play(family, seed)
            line = json.dumps(asdict(episode))
            print(line, file=sys.stderr, flush=True)
            if options.episodes is not None:
                with options.episodes.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
    episodes = [found[key] for key in wanted]
    tables = family_table(episodes), run_table(episodes)
    print("\n\n".join((tables[0], summary(episodes), tables[1])))
    if options.page is not None:
        call = f"python -m tests.bench.heal_venue --seeds {options.seeds} --seed-base {options.seed_base}"
        told = f"`{call}`, {options.date}: {LIVE_BARS} live bars a run, scored over {HORIZON_BARS} from the fault on."
        write_measured(options.page, "\n\n".join((told, tables[0], summary(episodes), "Run by run:", tables[1])))
    return 0


def _read(path: Path | None) -> list[VenueEpisode]:
    if path is None or not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lists = ("causes_before", "causes_after")
    return [VenueEpisode(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows]


def recovery(episodes: Sequence[VenueEpisode]) -> float:
    """Halt-anchored recovery of a family: utilities summed over its seeds first. NaN where the oracle gains nothing."""
    engine, frozen, oracle = (
        np.array(sum(getattr(item, f"{who}_utility") for item in episodes)) for who in ("engine", "frozen", "oracle")
    )
    return float(clipped(halt_anchored_recovery(engine, frozen, oracle)))


def family_table(episodes: Sequence[VenueEpisode]) -> str:
    """One row a fault: what was found, when, what it was worth."""
    head = ("fault", "seeds", "found", "median delay, bars", "first cause right", "healed", "median bars to the repair",
            "false cases", "utility: engine", "frozen", "oracle", "HRR")  # fmt: skip
    rows = []
    for family in dict.fromkeys(item.family for item in episodes):
        own = [item for item in episodes if item.family == family]
        breaks = bool(CAUSES_OF[family])
        utility = [sum(getattr(item, f"{who}_utility") for item in own) for who in ("engine", "frozen", "oracle")]
        false_cases = sum(len(item.causes_before if breaks else item.causes_after) for item in own)
        rows.append([
            family,
            str(len(own)),
            f"{sum(item.delay_bars is not None for item in own)} of {len(own)}" if breaks else "-",
            _median([item.delay_bars for item in own]) if breaks else "-",
            f"{sum(item.causes_after[:1] == CAUSES_OF[family] for item in own)} of {len(own)}" if breaks else "-",
            f"{sum(item.healed_bars is not None for item in own)} of {len(own)}" if breaks else "-",
            _median([item.healed_bars for item in own]) if breaks else "-",
            str(false_cases),
            *(f"{value:+.3f}" for value in utility),
            f"{recovery(own):+.2f}" if breaks else "-",
        ])  # fmt: skip
    return markdown_table(head, rows)


def summary(episodes: Sequence[VenueEpisode]) -> str:
    """Over all families: recovery, false cases and what the controls cost."""
    broken = [family for family, causes in CAUSES_OF.items() if causes]
    recoveries = [recovery(own) for family in broken if (own := [item for item in episodes if item.family == family])]
    sound_bars = sum(
        item.scored_bars if item.fault_bar is None else item.fault_bar
        for item in episodes
        if item.family != "no-edge"  # nothing is traded there, and nothing diagnosed
    )
    false_cases = sum(
        len(item.causes_before) + (len(item.causes_after) if item.fault_bar is None else 0) for item in episodes
    )
    wrong = sum(cause not in CAUSES_OF[item.family] for item in episodes for cause in item.causes_after)
    later = wrong - sum(len(item.causes_after) for item in episodes if item.fault_bar is None)
    null = [item for item in episodes if item.family == "none"]
    rate = 1000.0 * false_cases / max(sound_bars, 1)
    words = [f"{false_cases} false case(s) in {sound_bars:,} sound bars, {rate:.2f} per 1,000"]
    words.append(f"{later} later cases of a wrong cause in broken markets")
    if recoveries:
        words.insert(0, f"Macro HRR {sum(recoveries) / len(recoveries):+.2f}")
    if null:
        kept = sum(item.engine_utility for item in null) / sum(item.frozen_utility for item in null)
        words.append(f"null utility kept {kept:.2f}")
    return "; ".join(words) + "."


def run_table(episodes: Sequence[VenueEpisode]) -> str:
    """One row a run."""
    head = ("fault", "seed", "fault at live bar", "cases before", "cases after", "delay", "repair in force after",
            "repair", "promotions", "bars in market", "utility: engine", "frozen", "oracle")  # fmt: skip
    rows = [
        [
            item.family,
            str(item.seed),
            _number(item.fault_bar),
            ", ".join(item.causes_before) or "-",
            ", ".join(item.causes_after) or "-",
            _number(item.delay_bars),
            _number(item.healed_bars),
            item.repair or "-",
            str(item.promotions),
            f"{item.bars_in_market} of {item.scored_bars}",
            f"{item.engine_utility:+.3f}",
            f"{item.frozen_utility:+.3f}",
            f"{item.oracle_utility:+.3f}",
        ]
        for item in sorted(episodes, key=lambda item: (FAMILIES.index(item.family), item.seed))
    ]
    return markdown_table(head, rows)


def _median(values: Sequence[int | None]) -> str:
    """Median with what never came counted as later than all: "never" where half or more never came."""
    found = [float("inf") if value is None else float(value) for value in values]
    middle = median(found)
    return "never" if middle == float("inf") else f"{middle:.0f}"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
