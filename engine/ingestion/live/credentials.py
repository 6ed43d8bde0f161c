"""Credentials of live sources: an environment variable first, then the machine's keyring. Never a setting or a file.

A variable has single underscores (`HYDRA_NEWSAPI_KEY`); settings in the environment have double ones
(`engine/kernel/configuration.py`), so that a key can never become a setting that is printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.ingestion.live.redaction import Secret

KEYRING_SERVICE: Final = "hydra"
KeyringLookup = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class FoundCredential:
    """What a look-up gave: the secret, or None with the reason in words."""

    name: str
    secret: Secret | None
    reason: str


def find_credential(
    name: str, *, environment: Mapping[str, str] | None = None, keyring_lookup: KeyringLookup | None = None
) -> FoundCredential:
    """The credential called `name`, e.g. HYDRA_NEWSAPI_KEY; in the keyring it is the entry of that name of service
    "hydra". A missing credential or keyring is an answer, never an error."""
    text = (os.environ if environment is None else environment).get(name, "").strip()
    if text:
        return FoundCredential(name, Secret(text), f"environment {name}")
    try:
        stored = (keyring_lookup or _from_keyring)(KEYRING_SERVICE, name)
    except Exception as error:  # a backend may raise whatever its desktop does; the reason is told, the engine starts
        return FoundCredential(
            name, None, f"{name} is not set in the environment and the keyring cannot be read ({type(error).__name__})"
        )
    if stored and stored.strip():
        return FoundCredential(name, Secret(stored.strip()), f"keyring {KEYRING_SERVICE}/{name}")
    return FoundCredential(name, None, f"{name} is set neither in the environment nor in the keyring")


def _from_keyring(service: str, name: str) -> str | None:
    import keyring

    return keyring.get_password(service, name)
