"""`hydra diagnose`: what the observer sees now, and the cause that the rules support."""

from __future__ import annotations

from typing import Any, Final

import click

from hydra_tui.commands.output import emit, json_option, market_option, table
from hydra_tui.session import Session

PRACTICALLY_NEVER_BARS: Final = 1e9


@click.command("diagnose")
@market_option
@json_option
@click.pass_obj
def command(session: Session, verb_market: str | None, as_json: bool) -> None:
    """Print every detector's reading against its threshold, open cases, the last diagnosis with its evidence, and the
    detectability horizon: how long a lost edge of the champion would stay unseen."""
    from engine.host.operations.diagnosis import present_diagnosis

    config = session.load(verb_market).config
    stores = session.open_stores(read_only=True)
    try:
        document = present_diagnosis(stores, config)
    finally:
        stores.close()
    lines = [document["sentence"], ""]
    lines += table([[name, f"{value:.4g}"] for name, value in document["readings"].items()], ["reading", "value"])
    for item in document["evidence"]:
        lines.append(f"  evidence: {item['says']} ({item['formula']} = {item['value']:.4g} {item['unit']})")
    emit(document, as_json, [*lines, *_horizon_lines(document["horizon"])])


def _horizon_lines(horizon: dict[str, Any] | None) -> list[str]:
    """How long a lost edge would stay unseen; nothing before the first champion."""
    if horizon is None:
        return []
    lines = ["", f"detectability of {horizon['model_id']}: {horizon['sentence']}"]
    if horizon["proven_edge"]:
        rate = "practically no false alarm"
        if horizon["false_alarm_bars"] < PRACTICALLY_NEVER_BARS:
            rate = f"one false alarm in {horizon['false_alarm_bars']:,.0f} bars"
        lines.append(
            f"  at {rate} (observer.edge_evidence_h) and the correlation {horizon['correlation']:.3f} of training; "
            "a bound for any detector, which a real one exceeds"
        )
    return lines
