"""The venue's process: reads requests from stdin, writes files into the inbox and replies to stdout."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from engine.kernel.errors import HydraError, InputError
from engine.kernel.workspace_paths import WorkspacePaths
from engine.sandbox.venue.delivery import deliver
from engine.sandbox.venue.edges import EDGES, FACTORS_EDGE
from engine.sandbox.venue.faults.registry import FAULT_FAMILIES
from engine.sandbox.venue.market_facts import MARKET
from engine.sandbox.venue.private_settings import read_or_draw
from engine.sandbox.venue.protocol import VenueRefusal, VenueRequest, VenueStep, decode_request, encode_reply
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.truth import require_outside, write_truth
from engine.sandbox.venue.world import WorldSettings, build_world


def serve(arguments: Sequence[str], requests: TextIO | None = None, replies: TextIO | None = None) -> int:
    """Run the venue until "stop" or the end of its input; the exit code.

    `arguments` are those of the hidden sub-command. A request that cannot be met is answered with its reason; settings
    that make no market end the process with that error's exit code and one sentence on stderr.
    """
    if requests is None:
        # A keyboard interrupt reaches the whole terminal group; the venue must outlive it until its host has ended.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin if requests is None else requests
    sink = sys.stdout if replies is None else replies
    options = _parser().parse_args(list(arguments))
    try:
        if options.market != MARKET:
            raise InputError(f"market '{options.market}' has no simulated venue; there is '{MARKET}'")
        require_outside(options.private_dir, options.workspace)
        private = read_or_draw(options.private_dir, options.seed, options.fault, options.edge)
        world = build_world(
            WorldSettings(private.seed, options.history_bars, options.live_bars, private.fault, edge=private.edge)
        )
        write_truth(world, options.private_dir, options.workspace)
    except HydraError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    files = SessionFiles(world)
    inbox = WorkspacePaths(options.workspace).inbox
    for line in source:
        try:
            request = decode_request(line)
            if request.op == "stop":
                return 0
            reply: VenueStep | VenueRefusal = _answer(request, files, inbox)
        except HydraError as error:
            reply = VenueRefusal(error.message)
        try:
            sink.write(encode_reply(reply))
            sink.flush()
        except BrokenPipeError:
            return 0  # nobody listens any more: the host is gone
    return 0


def _answer(request: VenueRequest, files: SessionFiles, inbox: Path) -> VenueStep:
    bar = -1 if request.to_bar is None else request.to_bar
    names = deliver(inbox, files.history() if request.op == "history" else files.live(bar))
    return VenueStep(files.now_ts(bar), bar, tuple(names), bar == files.world.settings.live_bars - 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hydra __venue", allow_abbrev=False)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--private-dir", type=Path, required=True)
    parser.add_argument("--market", required=True)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--fault", choices=sorted(FAULT_FAMILIES), default=None)
    parser.add_argument("--edge", choices=EDGES, default=FACTORS_EDGE)
    parser.add_argument("--history-bars", type=int, default=1100)
    parser.add_argument("--live-bars", type=int, default=2000)
    return parser
