"""What every verb starts from: the workspace, the market and the merged settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import ConfigError, NotFoundError, StoreError
from engine.kernel.lake_location import SETTING, VARIABLE
from engine.kernel.workspace_paths import WorkspacePaths, default_workspace

if TYPE_CHECKING:
    from engine.kernel.configuration import LoadedConfig
    from storage.stores import Stores

SIMULATED_MARKET = "simulated_hogs"


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the program. Opening stores and loading settings happens on demand, so that `--help` costs
    nothing."""

    root: Path
    market_option: str | None
    flags: dict[str, Any]

    @staticmethod
    def from_options(workspace: Path | None, market: str | None, settings: tuple[str, ...]) -> Session:
        """Build from command-line options; a malformed `--set` raises ConfigError."""
        flags: dict[str, Any] = {}
        for text in settings:
            key, separator, value = text.partition("=")
            if not separator:
                raise ConfigError(f"--set takes KEY=VALUE, was '{text}'")
            from engine.kernel.configuration import read_value

            if key.strip() == SETTING:
                raise ConfigError(
                    f"{SETTING} is no flag: set it in config.yaml of the workspace or as {VARIABLE}, so that every "
                    "process of the workspace reads the same lake"
                )
            flags[key.strip()] = read_value(value, f"--set {key.strip()}")
        return Session((workspace or default_workspace()).expanduser().absolute(), market, flags)

    @property
    def paths(self) -> WorkspacePaths:
        """Where things lie."""
        return WorkspacePaths(self.root)

    def require_workspace(self, consequence: str = "") -> None:
        """NotFoundError where no workspace was ever made at this path: a mistyped path must not pass for an answer.

        A workspace that is half made or has lost its database counts as one, so that halting it works.
        """
        try:
            self.paths.database.parent.stat()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:  # whoever opens it to use it says what is wrong
            return
        else:
            return
        default = default_workspace().expanduser().absolute()
        which = "that is the default" if default == self.root else f"the default is {default}"
        raise NotFoundError(
            f"no workspace at {self.root}{consequence}; name the one you mean with --workspace ({which}), "
            "or make one with 'hydra', 'hydra run' or 'hydra ingest FILES'"
        )

    def open_stores(self, *, read_only: bool = False) -> Stores:
        """Open the workspace's stores; creates them unless `read_only`, then NotFoundError where there are none."""
        from storage.stores import Stores

        if read_only:
            self.require_workspace()
        return Stores.open(self.root, read_only=read_only)

    def market(self, override: str | None = None) -> str:
        """The market in use: option, else the one this workspace was last run on, else the simulated market."""
        chosen = override or self.market_option
        if chosen:
            return chosen
        if self.paths.database.exists():
            try:
                stores = self.open_stores(read_only=True)
            except StoreError:  # whoever opens it to use it says what is wrong
                return SIMULATED_MARKET
            try:
                remembered = stores.state.get("market")
            finally:
                stores.close()
            if isinstance(remembered, str):
                return remembered
        return SIMULATED_MARKET

    def load(self, market: str | None = None) -> LoadedConfig:
        """The merged settings of the market."""
        from engine.kernel.configuration import load_config

        return load_config(
            self.market(market), user_file=self.paths.user_config, market_folder=self.paths.markets, flags=self.flags
        )
