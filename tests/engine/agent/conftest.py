"""Makes the world and the campaign of this folder importable, and builds worlds once per session."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
