"""Measures HYDRA and writes docs/benchmarks.md.

    python -m tests.bench.run_benchmarks --date 2026-01-31

`--only NAME` runs one group and prints it without writing. Let nothing else run meanwhile: the figures of the terminal
are about milliseconds. The date is given, so that a page can be made again for the day it was measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.host.operations.bench_store import FULL_SIZE, measure_store
from engine.host.operations.figures import number_text
from engine.host.operations.machine import machine_lines
from tests.bench import (
    data_path,
    first_paint,
    ingest_real_data,
    key_to_paint,
    option_figures,
    replay_speed,
    whole_program,
)
from tests.bench.figure import Figure

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PLAIN: dict[str, tuple[str, Callable[[], list[Figure]]]] = {
    "replay": ("Replay", replay_speed.measure),
    "data": ("Data and features", data_path.measure),
    "ingest": ("Ingestion of real data", ingest_real_data.measure),
    "store": ("Feature store at full size (`hydra bench store`)", lambda: measure_store(FULL_SIZE)),
    "options": ("Option mathematics (`hydra bench options`)", option_figures.measure),
}
ON_DEMO = ("program", "paint", "keys")


def main(arguments: Sequence[str]) -> int:
    """Run the groups asked for; write the page where all of them ran."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run_benchmarks")
    parser.add_argument("--date", required=True, help="the day of this run, YYYY-MM-DD")
    parser.add_argument("--only", choices=[*PLAIN, *ON_DEMO], help="run one group and print it")
    options = parser.parse_args(arguments)
    groups: list[tuple[str, list[Figure]]] = []
    for name, (title, measure) in PLAIN.items():
        if options.only in (None, name):
            groups.append(_told(title, measure()))
    if options.only is None or options.only in ON_DEMO:
        with whole_program.finished_demo() as (workspace, report):
            if options.only in (None, "program"):
                groups.append(_told("Whole program", whole_program.measure(workspace, report)))
            if options.only in (None, "paint"):
                groups.append(_told("First paint", first_paint.measure(workspace)))
            if options.only in (None, "keys"):
                groups.append(_told("Key to paint", key_to_paint.measure(workspace)))
    if options.only is None:
        PAGE.write_text(page(groups, options.date), encoding="utf-8")
    return 0


def page(groups: Sequence[tuple[str, Sequence[Figure]]], date: str) -> str:
    """The page as text."""
    lines = [
        "# Benchmarks",
        "",
        "Measured, not promised. A bar is what HYDRA holds itself to; a figure that misses it says so.",
        "",
        f"- command: `python -m tests.bench.run_benchmarks --date {date}` (`make bench`)",
        f"- date: {date}",
        *machine_lines(),
    ]
    for title, figures in groups:
        lines += [
            "",
            f"## {title}",
            "",
            "| figure | value | unit | bar | | how |",
            "| --- | ---: | --- | --- | --- | --- |",
        ]
        for figure in figures:
            verdict = {None: "", True: "held", False: "**missed**"}[figure.within]
            number = number_text(figure.value)
            lines.append(f"| {figure.name} | {number} | {figure.unit} | {figure.bar} | {verdict} | {figure.how} |")
    return "\n".join(lines) + "\n"


def _told(title: str, figures: list[Figure]) -> tuple[str, list[Figure]]:
    for figure in figures:
        verdict = {None: "", True: "held", False: "MISSED"}[figure.within]
        sys.stdout.write(
            f"{title}: {figure.name}: {number_text(figure.value)} {figure.unit} {figure.bar} {verdict} ({figure.how})\n"
        )
    sys.stdout.flush()
    return title, figures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
