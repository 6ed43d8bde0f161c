"""The command palette (ctrl+p): the action registry once more, with the reason where an act does not work now."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Provider

from engine.host.operations.action_registry import ActionSpec, actions_on

if TYPE_CHECKING:
    from hydra_tui.app import HydraApp


class ActionProvider(Provider):
    """Acts of the screen in view."""

    async def discover(self) -> AsyncGenerator[DiscoveryHit, None]:
        """Everything that works now."""
        for action in self._actions():
            if not self._app.why_not(action):
                yield DiscoveryHit(self._words(action), partial(self._app.perform, action), help=action.help)

    async def search(self, query: str) -> AsyncGenerator[Hit, None]:
        """Acts whose words match, those that do not work now with the reason."""
        matcher = self.matcher(query)
        for action in self._actions():
            words = self._words(action)
            score = matcher.match(words)
            if score > 0:
                reason = self._app.why_not(action)
                yield Hit(
                    score,
                    words,
                    partial(self._app.perform, action),
                    help=f"not now: {reason}" if reason else action.help,
                )

    def _actions(self) -> tuple[ActionSpec, ...]:
        return actions_on(self._app.screen_name)

    @property
    def _app(self) -> HydraApp:
        return cast("HydraApp", self.app)

    @staticmethod
    def _words(action: ActionSpec) -> str:
        return f"{action.label}  :{action.typed}"
