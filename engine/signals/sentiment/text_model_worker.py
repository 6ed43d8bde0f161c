"""The process of a text model: one JSON line in, one JSON line out, until standard input ends.

It first says `{"ready": true}` or why it cannot begin. A request `{"texts": [...]}` is answered with
`{"probabilities": [[negative, neutral, positive], ...]}`. Whatever libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from engine.kernel.child_processes import adopt_parent
from engine.kernel.errors import HydraError


def main(arguments: Sequence[str]) -> int:
    """Entry of the hidden sub-command `__textscores`; `--folder` names the model."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    adopt_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return serve(Path(options["--folder"]), sys.stdin, answers)


def serve(folder: Path, requests: TextIO, answers: TextIO) -> int:
    """Load the model and answer until the requests end."""
    from engine.signals.sentiment.text_model import TextModel

    try:
        model = TextModel(folder)
    except HydraError as error:
        _say(answers, {"error": error.message, "exit_code": error.exit_code})
        return error.exit_code
    _say(answers, {"ready": True})
    for line in requests:
        _say(answers, {"probabilities": model.probabilities(json.loads(line)["texts"])})
    return 0


def _say(answers: TextIO, document: dict[str, Any]) -> None:
    answers.write(json.dumps(document) + "\n")
    answers.flush()
