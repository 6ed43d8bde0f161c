"""Where a workspace keeps its raw lake and feature segments: in itself, or where `storage.lake_root` says.

Every process of a workspace must read the same lake, so the setting counts in the workspace's own `config.yaml` and in
the environment alone; flags of one call are refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.kernel.errors import ConfigError

SETTING: Final = "storage.lake_root"
VARIABLE: Final = "HYDRA_STORAGE__LAKE_ROOT"


def lake_root_of(workspace: Path, user_config: Path, environment: Mapping[str, str] | None = None) -> Path | None:
    """The configured folder (a relative one is below the workspace), or None for the workspace itself.

    Raises ConfigError for an address that is no folder, e.g. `s3://…`.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE)
    if text is None and user_config.exists():
        import yaml

        try:
            content = yaml.safe_load(user_config.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, OSError):
            return None  # whoever loads the settings says what is wrong with the file
        section = content.get("storage") if isinstance(content, dict) else None
        text = section.get("lake_root") if isinstance(section, dict) else None
    if not text:
        return None
    if not isinstance(text, str):
        raise ConfigError(f"{SETTING} must be a folder, was {text!r}")
    if "://" in text:
        raise ConfigError(
            f"{SETTING} is '{text}', but HYDRA writes its lake to a local or mounted folder; to share it over S3 use "
            "`hydra data publish` and read it with `hydra data sql --lake`"
        )
    return workspace / Path(text).expanduser()
