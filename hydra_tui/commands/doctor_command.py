"""`hydra doctor`: what is missing, and what to do about it."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, table
from hydra_tui.session import Session


@click.command("doctor")
@json_option
@click.pass_obj
@click.pass_context
def command(ctx: click.Context, session: Session, as_json: bool) -> None:
    """Check terminal, clock, disk, permissions, settings, store and libraries. Exit code 1 if anything stops HYDRA."""
    from hydra_tui.doctor import examine

    findings = examine(session)
    document = {
        "ok": all(item.level != "FAULT" for item in findings),
        "findings": [
            {"check": item.check, "level": item.level, "detail": item.detail, "advice": item.advice}
            for item in findings
        ],
    }
    rows = [[item.level, item.check, item.detail, item.advice] for item in findings]
    emit(document, as_json, table(rows, ["", "check", "found", "what to do"]))
    ctx.exit(0 if document["ok"] else 1)
