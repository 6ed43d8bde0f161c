"""Fixtures shared by the tests of the engine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def scenarios() -> ModuleType:
    """The module `trading_scenarios` beside this file, whatever the import mode."""
    path = Path(__file__).with_name("trading_scenarios.py")
    spec = importlib.util.spec_from_file_location("hydra_trading_scenarios", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
