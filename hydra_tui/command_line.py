"""The command line: one verb per file in `hydra_tui/commands/`, loaded only when called.

Exit codes: 0 done · 1 unexpected error · 2 usage or configuration · 3 input · 4 refused · 5 not found · 6 store ·
7 no engine · 8 cannot be computed · 130 interrupted.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from engine.kernel.errors import HydraError

PAINTS_PER_SECOND = "150"  # at most; Textual's own 60 lets a key wait up to 16 ms for its paint
VERBS: dict[str, str] = {
    "status": "what runs, in which state, and what waits for you",
    "ingest": "store files: prices, COT, option chains, headlines",
    "fetch": "poll live sources now: prices, COT, news, posts",
    "features": "read or rebuild the point-in-time features",
    "diagnose": "look for a cause of degradation now",
    "explain": "recompute every number that a diagnosis cites from the stored data",
    "experiment": "start, list and show experiments",
    "journal": "search what was decided, and why",
    "options": "price options, read densities and flows from chains in CSV",
    "signals": "score news and Commitments of Traders from files",
    "sandbox": "replay history through the live step function",
    "model": "list, show, promote, roll back and retire models",
    "approve": "approve a waiting request (types its subject, gives a reason)",
    "reject": "reject a waiting request",
    "run": "run the engine without a screen, in the foreground",
    "pause": "pause or resume the agent's own initiative",
    "halt": "stop all new positions, at once",
    "resume": "leave HALTED for RUNNING",
    "unlock": "leave LOCKDOWN for HALTED",
    "flatten": "close the position over the reduce-only path",
    "lockdown": "enter LOCKDOWN on purpose",
    "limit": "change a risk limit",
    "ack": "acknowledge alerts",
    "defer": "look at a waiting request later",
    "autonomy": "show or set how much the agent may do alone",
    "config": "show settings and where each came from",
    "data": "feeds, their age and health, and the quarantine",
    "doctor": "check terminal, clock, disk, store and what is missing",
    "demo": "a simulated market that breaks and heals, with or without a screen",
    "backup": "write a verified backup of the workspace",
    "restore": "restore a backup into a workspace (lands in HALTED)",
    "bench": "measure this machine: feature store, option mathematics",
    "verify": "verify the event chain, the journal and every artifact",
}


class LazyGroup(click.Group):
    """Loads `hydra_tui/commands/<verb>.py` when the verb is called, so that `hydra --help` imports nothing heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs in the order of the table above."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command object of a verb, or None."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"hydra_tui.commands.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, but an unknown verb names the nearest one."""
        import difflib

        if args and args[0] not in VERBS:
            close = difflib.get_close_matches(args[0], list(VERBS), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; see hydra --help"
            raise click.UsageError(f"there is no verb '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)


EXIT_CODES = (
    "Exit codes: 0 done, 1 unexpected error, 2 usage or configuration, 3 input, 4 refused, 5 not found, 6 store, "
    "7 no engine, 8 cannot be computed, 130 interrupted."
)


@click.command(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--workspace", type=click.Path(path_type=Path), envvar="HYDRA_WORKSPACE", help="directory of this workspace"
)
@click.option("--market", envvar="HYDRA_MARKET", help="market key; without any data the simulated market opens")
@click.option("--daemon", is_flag=True, help="host the engine without a screen")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="override a setting, e.g. --set agent.autonomy=supervised",
)
@click.option("--readonly", is_flag=True, help="the app shows everything and changes nothing")
@click.option("--version", "show_version", is_flag=True, help="print the version")
@click.pass_context
def hydra(
    ctx: click.Context,
    workspace: Path | None,
    market: str | None,
    daemon: bool,
    settings: tuple[str, ...],
    readonly: bool,
    show_version: bool,
) -> None:
    """HYDRA: a self-healing trading agent for thin futures markets. Without a verb the full-screen app opens."""
    from hydra_tui.session import Session

    if show_version:
        from engine.kernel.version import VERSION

        click.echo(f"hydra {VERSION}")
        ctx.exit(0)
    ctx.obj = Session.from_options(workspace, market, settings)
    if ctx.invoked_subcommand is not None:
        if readonly:
            raise click.UsageError("--readonly is for the full-screen app; a verb does what its help says")
        return
    if daemon:
        from hydra_tui.daemon import run_daemon

        ctx.exit(run_daemon(ctx.obj))
    os.environ.setdefault("TEXTUAL_FPS", PAINTS_PER_SECOND)  # Textual reads it once, when it is imported
    from hydra_tui.full_screen import run_full_screen

    ctx.exit(run_full_screen(ctx.obj, readonly=readonly))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and turn every expected failure into one sentence and an exit code."""
    wants_json = "--json" in arguments
    try:
        result = hydra.main(args=list(arguments), prog_name="hydra", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        return _fail("Usage", error.format_message(), 2, wants_json)
    except HydraError as error:
        return _fail(error.title, error.message, error.exit_code, wants_json)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def _fail(title: str, message: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"error": {"title": title, "message": message, "exit_code": exit_code}}))
    sys.stderr.write(f"hydra: {title}: {message}\n")
    return exit_code
