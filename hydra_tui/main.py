"""Entry of the program: hidden worker sub-commands first (they must start fast and alone), then the command line."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    """Run a worker (`__…`) or the command line; every HydraError becomes one sentence and its exit code."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments and arguments[0].startswith("__"):
        sys.exit(_run_worker(arguments[0], arguments[1:]))
    from hydra_tui.command_line import run

    sys.exit(run(arguments))


def _run_worker(name: str, arguments: list[str]) -> int:
    if name == "__venue":
        from engine.kernel.child_processes import adopt_parent
        from engine.sandbox.venue.venue import serve

        adopt_parent()
        return serve(arguments)
    if name == "__experiment":
        from engine.agent.experiment_worker import main as run_experiment

        return run_experiment(arguments)
    if name == "__textscores":
        from engine.signals.sentiment.text_model_worker import main as serve_text_model

        return serve_text_model(arguments)
    if name == "__engine":
        from hydra_tui.engine_process import serve as serve_screen

        return serve_screen(arguments)
    if name == "__bench_store":
        from engine.host.operations.bench_store_steps import serve as serve_bench

        return serve_bench(arguments)
    sys.stderr.write(f"unknown worker '{name}'\n")
    return 2


if __name__ == "__main__":
    main()
