"""Coverage-guided damage with Atheris: for each shape of real file, inputs that reach new branches of its parser.

    python -m tests.fuzz.coverage_guided FOLDER [--runs 2000] [--source NAME]

FOLDER is the folder of real data. Each shape runs in a process of its own, because libFuzzer ends the process it runs
in; a parser that crashes, breaks a limit or takes more than ten seconds for one input fails the call and leaves the
input in the scratch folder that is named.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

_SECONDS_PER_INPUT = 10


def main(arguments: list[str]) -> int:
    """Fuzz every shape, or one shape in this very process (`--one FILE`)."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage_guided")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--source", help="only shapes of this source")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one is not None:
        return _fuzz_here(options.one, options.folder, options.runs)

    from tests.fuzz.seeds import real_seeds

    failed = 0
    scratch = Path(tempfile.mkdtemp(prefix="hydra-fuzz-"))
    for place, (source, name, content) in enumerate(real_seeds(options.folder)):
        if options.source not in (None, source):
            continue
        corpus = scratch / f"{place:03d}-{source}"
        corpus.mkdir()
        (corpus / "seed").write_bytes(content)
        (scratch / f"{place:03d}.name").write_text(name)
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.coverage_guided", str(corpus), "--runs", str(options.runs), "--one",
             str(scratch / f"{place:03d}.name")],
            capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        verdict = "ok" if done.returncode == 0 else "FAILED"
        sys.stdout.write(f"{verdict} {source}: {name}, {options.runs} runs\n")
        sys.stdout.flush()
        if done.returncode != 0:
            failed += 1
            sys.stdout.write(f"{done.stderr[-3_000:]}\n{corpus}\n")
    return 1 if failed else 0


def _fuzz_here(name_file: Path, corpus: Path, runs: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["engine.ingestion"]):
        from tests.fuzz.parser_contract import check_bytes

    name = name_file.read_text()

    def one_input(content: bytes) -> None:
        if content:
            check_bytes(name, content)

    largest = max(64, 2 * (corpus / "seed").stat().st_size)
    flags = [f"-runs={runs}", f"-max_len={largest}", f"-timeout={_SECONDS_PER_INPUT}", f"-artifact_prefix={corpus}/"]
    atheris.Setup([sys.argv[0], *flags, "-seed=7", str(corpus)], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
