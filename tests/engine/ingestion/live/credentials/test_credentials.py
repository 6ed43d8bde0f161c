"""Credentials: environment first, then the keyring; a missing one is an answer."""

from __future__ import annotations

import keyring.errors

from engine.ingestion.live.credentials import find_credential
from engine.kernel.configuration import load_config

NAME = "HYDRA_NEWSAPI_KEY"


def test_the_environment_comes_first() -> None:
    found = find_credential(NAME, environment={NAME: " abc "}, keyring_lookup=lambda service, key: "other")
    assert found.secret is not None and found.secret.reveal() == "abc" and "environment" in found.reason


def test_then_the_keyring() -> None:
    found = find_credential(
        NAME,
        environment={NAME: "  "},
        keyring_lookup=lambda service, key: {("hydra", NAME): "abc\n"}.get((service, key)),
    )
    assert found.secret is not None and found.secret.reveal() == "abc"
    assert found.reason == f"keyring hydra/{NAME}"


def test_a_missing_one_names_its_variable() -> None:
    found = find_credential(NAME, environment={}, keyring_lookup=lambda service, key: None)
    assert found.secret is None and NAME in found.reason and "neither" in found.reason


def test_a_keyring_without_a_backend_is_no_credential() -> None:
    def absent(service: str, key: str) -> str:
        raise keyring.errors.NoKeyringError("install one")

    found = find_credential(NAME, environment={}, keyring_lookup=absent)
    assert found.secret is None and NAME in found.reason and "NoKeyringError" in found.reason


def test_a_secret_never_prints() -> None:
    found = find_credential(NAME, environment={NAME: "abc-secret"}, keyring_lookup=lambda service, key: None)
    assert "abc-secret" not in f"{found} {found!r} {found.secret} {found.secret!r} {[found.secret]}"


def test_a_credential_in_the_environment_is_no_setting() -> None:
    environment = {NAME: "abc", "HYDRA_REDDIT_CLIENT_SECRET": "def", "HYDRA_LIVE__NEWSAPI__QUERY": "pork"}
    loaded = load_config("lean_hogs", environment=environment)
    assert loaded.config.live.newsapi.query == "pork"
    assert "abc" not in str(loaded) and "def" not in [str(value) for value in loaded.sources.values()]
