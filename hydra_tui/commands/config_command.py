"""`hydra config`: every setting, its value, its meaning and the layer it came from."""

from __future__ import annotations

import click

from hydra_tui.commands.output import emit, json_option, table
from hydra_tui.session import Session


@click.group("config")
def command() -> None:
    """Show settings and where each came from."""


@command.command("show")
@click.option("--sources", is_flag=True, help="also print the layer of each value")
@click.argument("prefix", default="")
@json_option
@click.pass_obj
def show(session: Session, sources: bool, prefix: str, as_json: bool) -> None:
    """Print the merged settings, all or those below PREFIX (e.g. risk)."""
    loaded = session.load()
    flat = {
        key: value for key, value in _flatten(loaded.config.model_dump(mode="json")).items() if key.startswith(prefix)
    }
    origin = {key: loaded.sources.get(key, "default.yaml") for key in flat}
    document = {key: {"value": value, "source": origin[key]} for key, value in flat.items()} if sources else flat
    rows = [[key, str(value), origin[key]] if sources else [key, str(value)] for key, value in flat.items()]
    emit(document, as_json, table(rows, ["setting", "value", "from"] if sources else ["setting", "value"]))


@command.command("explain")
@click.argument("key")
@json_option
@click.pass_obj
def explain(session: Session, key: str, as_json: bool) -> None:
    """Say what the setting KEY means, its value and where it came from."""
    from engine.kernel.configuration import describe_setting

    loaded = session.load()
    flat = _flatten(loaded.config.model_dump(mode="json"))
    meaning = describe_setting(key)
    document = {"key": key, "value": flat[key], "meaning": meaning, "source": loaded.sources.get(key, "default.yaml")}
    emit(document, as_json, [f"{key} = {flat[key]}", f"  {meaning}", f"  from {document['source']}"])


def _flatten(tree: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
