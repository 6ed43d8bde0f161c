"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ALL_PACKAGES = ("textual", "duckdb", "pyarrow", "numpy", "scipy", "scikit-learn", "lightgbm")


def machine_lines(packages: Sequence[str] = ALL_PACKAGES) -> list[str]:
    """Processor, cores, memory, system, Python and library versions, and how busy the machine was."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return [
        f"- processor: {_processor()}, {os.cpu_count()} cores",
        f"- memory: {_memory_gib():.0f} GiB",
        f"- system: {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"- libraries: {', '.join(f'{name} {_version(name)}' for name in packages)}",
        f"- load average when the run ended (1, 5, 15 min): {load}",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a frozen program carries no package metadata
        return "(version unknown)"


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _memory_gib() -> float:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return int(line.split()[1]) / 1024**2
    return float("nan")


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
