"""The tables of `hydra bench heal`, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.host.operations.heal_bench import HealBenchResult
from engine.host.operations.heal_bench_episodes import AGENTS, BLIND, HEALER
from engine.sandbox.healbench.families.registry import CONTROL_FAMILIES, FAMILIES
from engine.sandbox.healbench.family_scores import FamilyScore
from engine.sandbox.healbench.heal_scores import HealScores

Table = Callable[[Sequence[Sequence[str]], Sequence[str]], list[str]]
Interval = tuple[float, float] | None
_SHORT: Final = {"blind 500/100": "b500/100", "blind 250/50": "b250/50", "alarm retrain": "alarm"}


def heal_lines(result: HealBenchResult, table: Table) -> list[str]:
    """All tables of a run; `table` aligns rows under headings."""
    own = result.published()
    last = result.plan.seed_base + result.plan.seeds - 1
    lines = [
        f"HealBench{': ' + result.label if result.label else ''}",
        f"seeds {result.plan.seed_base} to {last}, severity {own.severity:g}; [..] 95 % intervals",
    ]
    faulty = [item for item in own.families if item.family not in CONTROL_FAMILIES]
    if faulty:
        lines += ["", "Recovery: 1 = oracle, 0 = switched off (macro, worst: of values held to -1..1)", ""]
        lines += _recovery(result, faulty, table)
        lines += ["", f"Share of seeds on which {HEALER} earned more than ..", ""]
        lines += _wins(result, own, table)
        lines += ["", "Bars from the fault to the first alarm and diagnosis; early: alarmed before", ""]
        lines += _detection(faulty, table)
        lines += ["", "What the first diagnosis after the fault was, and the repair", ""]
        lines += _diagnosis(faulty, table)
    if len(result.scores[HEALER]) > 1:
        lines += ["", "Recovery against severity", "", *_severities(result.scores[HEALER], table)]
    if result.gates:
        lines += ["", "Forced proposals: null episodes with a false promotion; power at .3 sd, 250 bars", ""]
        lines += _gates(result, table)
    return [*lines, "", "All together", "", *_summary(result, own, table)]


def _recovery(result: HealBenchResult, faulty: Sequence[FamilyScore], table: Table) -> list[str]:
    others = [name for name in AGENTS if name not in (HEALER, "oracle")]
    pooled = {name: {item.family: item for item in result.published(name).families} for name in others}
    rows = [
        [
            item.family,
            _number(item.recovery),
            _interval(item.recovery_interval),
            *(_number(pooled[name][item.family].recovery_unclipped) for name in others),
        ]
        for item in faulty
    ]
    own = result.published()
    if own.macro_recovery is not None:
        macro = [_number(result.published(name).macro_recovery) for name in others]
        worst = [_number(result.published(name).worst_recovery) for name in others]
        rows.append(["macro", _number(own.macro_recovery), _interval(own.macro_interval), *macro])
        rows.append(["worst", _number(own.worst_recovery), own.worst_family or "", *worst])
    return table(rows, ["family", HEALER, "", *(_SHORT.get(name, name) for name in others)])


def _wins(result: HealBenchResult, own: HealScores, table: Table) -> list[str]:
    others = [place for place, name in enumerate(AGENTS) if name != HEALER]
    mine = AGENTS.index(HEALER)
    rows = []
    for item in own.families:
        played = [row for row in result.episodes if (row[0].family, row[0].severity) == (item.family, item.severity)]
        if item.family in CONTROL_FAMILIES:
            played = [row for row in result.episodes if row[0].family == item.family]
        won = [sum(row[mine].utility > row[place].utility for row in played) / len(played) for place in others]
        rows.append([item.family, *map(_number, won), _interval(item.beats_blind_interval)])
    names = [_SHORT.get(AGENTS[place], AGENTS[place]) for place in others]
    return table(rows, ["family", *names, f"{_SHORT[BLIND]}, interval"])


def _detection(faulty: Sequence[FamilyScore], table: Table) -> list[str]:
    rows = [
        [
            item.family,
            _bars(item.delay_median),
            _bar_interval(item.delay_median_interval),
            _bars(item.delay_p90),
            _bars(item.diagnosis_delay_median),
            _number(item.undetected),
            _number(item.alarmed_before_fault),
        ]
        for item in faulty
    ]
    return table(rows, ["family", "median", "", "p90", "diagnosis", "missed", "early"])


def _diagnosis(faulty: Sequence[FamilyScore], table: Table) -> list[str]:
    rows = [
        [
            item.family,
            _number(item.cause_right),
            _number(item.grounded),
            _interval(item.grounded_interval),
            _number(item.repair_right),
        ]
        for item in faulty
    ]
    return table(rows, ["family", "right cause", "and grounded", "", "right repair"])


def _severities(scores: Mapping[float, HealScores], table: Table) -> list[str]:
    by_severity = {
        severity: {item.family: item for item in found.families if item.recovery is not None}
        for severity, found in scores.items()
    }
    names = [name for name in FAMILIES if any(name in found for found in by_severity.values())]
    rows = [
        [
            name,
            *(
                f"{_number(found[name].recovery)} {_interval(found[name].recovery_interval)}" if name in found else "-"
                for found in by_severity.values()
            ),
        ]
        for name in names
    ]
    episodes = {
        severity: max((item.episodes for item in found.values()), default=0) for severity, found in by_severity.items()
    }
    return table(rows, ["family", *(f"{severity:g}, {count} seeds" for severity, count in episodes.items())])


def _gates(result: HealBenchResult, table: Table) -> list[str]:
    rows = [
        [
            row.gate,
            f"{row.result.false_episodes} of {row.result.episodes}",
            _interval(row.result.interval, 3),
            _number(row.power),
        ]
        for row in result.gates
    ]
    return table(rows, ["gate", "false", "", "power"])


def _summary(result: HealBenchResult, own: HealScores, table: Table) -> list[str]:
    blind = result.published(BLIND)
    frozen = result.published("frozen")
    promoted = f"{own.null_false_promotion_episodes} of {own.null_episodes}" if own.null_episodes else "-"
    rows = [
        ["false alarms per 1,000 bars", _number(own.false_alarms_per_1000_bars, 3),
         _interval(own.false_alarms_interval, 3), "", ""],
        ["  of these, diagnoses", _number(own.false_diagnoses_per_1000_bars, 3),
         _interval(own.false_diagnoses_interval, 3), "", ""],
        ["null utility kept", _number(own.null_utility_kept, 3), _interval(own.null_utility_kept_interval, 3),
         _number(frozen.null_utility_kept, 3), _number(blind.null_utility_kept, 3)],
        ["noedge loss per 1,000 bars", _number(own.noedge_loss), _interval(own.noedge_loss_interval),
         _number(frozen.noedge_loss), _number(blind.noedge_loss)],
        ["noedge champions traded", _number(own.noedge_deployed), "", "", ""],
        ["null episodes, own false promotion", promoted, _interval(own.null_false_promotion_interval, 3), "", ""],
        ["diagnoses whose every number is true", f"{own.true_diagnoses} of {own.diagnoses}", "", "", ""],
        ["grounded diagnosis, mean", _number(own.grounded), "", "", ""],
        ["delay score", _number(own.delay_score), "", "", ""],
        ["HEAL", _number(own.heal, 3), "", "", ""],
        ["HEAL, forced proposals", _number(result.heal_forced, 3), "", "", ""],
    ]  # fmt: skip
    return table(rows, ["", HEALER, "", "frozen", _SHORT[BLIND]])


def _number(value: float | None, digits: int = 2) -> str:
    """Without a leading zero; "-" where there is nothing to say."""
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.removeprefix("-")
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + (bare[1:] if bare.startswith("0.") else bare)


def _interval(value: Interval, digits: int = 2) -> str:
    return "" if value is None else f"[{_number(value[0], digits)}, {_number(value[1], digits)}]"


def _bars(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _bar_interval(value: Interval) -> str:
    return "" if value is None else f"[{value[0]:.0f}, {value[1]:.0f}]"
