"""`hydra signals`: what news say of a market, and a classifier of tone from labelled sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hydra_tui.commands.output import emit, json_option, market_option
from hydra_tui.commands.row_output import emit_rows, result_lines
from hydra_tui.commands.signals_cot import cot
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.host.operations.news_scores import ToneSource

_SHOWN_TITLE = 60
_MICROS_PER_HOUR = 3_600_000_000


@click.group("signals")
def command() -> None:
    """Score news and Commitments of Traders from files. Nothing of the workspace is changed."""


command.add_command(cot)


@command.command("news")
@click.argument("file", metavar="FILE")
@click.option("--classifier", type=click.Path(path_type=Path), help="a classifier that 'hydra signals train' wrote")
@click.option("--model", help="a local Hugging Face folder, or a name in its local cache (nothing is downloaded)")
@click.option("--cache", "cache_file", type=click.Path(path_type=Path), help="file that keeps the model's answers")
@click.option("--fallback", is_flag=True, help="where the model cannot answer, let the word lists, and say so")
@click.option(
    "--window-hours",
    default=48.0,
    show_default=True,
    type=click.FloatRange(0.0, 8_760.0),
    help="copies of a text within this time of its first publication count once",
)
@market_option
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object per row, in row order")
@click.pass_obj
def news(
    session: Session,
    file: str,
    classifier: Path | None,
    model: str | None,
    cache_file: Path | None,
    fallback: bool,
    window_hours: float,
    verb_market: str | None,
    as_json: bool,
) -> None:
    """Relevance and tone of every row of FILE ("-": standard input); columns published, title and, if there, body.

    Tone comes from word lists unless --classifier or --model is given. score is in [-1, 1] and null where nothing can
    be said; status says why: off_topic, duplicate (of the row in duplicate_of), no_tone, invalid (reason says what).
    """
    from engine.host.operations.news_scores import lexicon_tone, news_rows

    if classifier is not None and model is not None:
        raise click.UsageError("--classifier and --model are two answers to one question; give one of them")
    if model is None and (fallback or cache_file is not None):
        raise click.UsageError("--fallback and --cache belong to --model")
    market = session.load(verb_market).config.market
    other = lexicon_tone() if fallback else None
    tone = _tone(classifier, model, cache_file)
    rows = news_rows(file, market, tone, window_hours * _MICROS_PER_HOUR, fallback=other)
    if rows[0]["fallback"]:
        click.echo(f"hydra: the word lists answer in place of the model: {rows[0]['fallback']}", err=True)
    emit_rows(rows, as_json, lambda: _lines(rows))


@command.command("train")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="the artifact to write")
@json_option
@click.pass_obj
def train(session: Session, files: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Train a classifier of tone on the labelled texts in FILES, or without FILES on those in the lake.

    Lines of 'sentence@label' or a CSV with the columns text and label (negative, neutral, positive) are read. The
    report has the macro F1 of a five-fold cross-validation, with the features from word lists and without them: the
    lists were written with texts like yours in view.
    """
    from engine.host.operations.train_text_classifier import labelled_from_files, labelled_from_lake, train_classifier

    if files:
        pairs = labelled_from_files(files)
    else:
        stores = session.open_stores(read_only=True)
        try:
            pairs = labelled_from_lake(stores)
        finally:
            stores.close()
    document = train_classifier(pairs, out)
    counts = ", ".join(f"{count:,} {label}" for label, count in document["labels"].items())
    lines = [
        f"{document['artifact']}: trained on {document['texts']:,} texts ({counts})",
        f"macro F1 {document['macro_f1']:.3f} in {document['folds']}-fold cross-validation with word-list features, "
        f"{document['macro_f1_without_word_lists']:.3f} without them",
        f"sha256 {document['sha256']}",
    ]
    emit(document, as_json, lines)


def _tone(classifier: Path | None, model: str | None, cache_file: Path | None) -> ToneSource:
    from engine.host.operations.news_scores import classifier_tone, lexicon_tone, model_tone

    if classifier is not None:
        return classifier_tone(classifier)
    return lexicon_tone() if model is None else model_tone(model, cache_file)


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    shown = [{**row, "evidence": "; ".join(row["evidence"])[:_SHOWN_TITLE]} for row in rows]
    columns = ("row", "published", "status", "score", "confidence", "relevance", "duplicate_of", "evidence")
    return result_lines(shown, columns)
