"""Option mathematics: `hydra bench options` in a process of its own, where numeric libraries start with one thread."""

from __future__ import annotations

import json
import math
import subprocess
import sys

from tests.bench.figure import Figure


def measure() -> list[Figure]:
    """The figures of the verb; what could not be measured is NaN again."""
    command = [sys.executable, "-m", "hydra_tui.main", "bench", "options", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures = json.loads(done.stdout)["figures"]
    return [Figure(**{**item, "value": math.nan if item["value"] is None else item["value"]}) for item in figures]
