"""Databento's list of publishers: which dataset and venue a record's `publisher_id` means. Undated."""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.parsing.json_reply import fields_of, leading_keys, read_json
from engine.ingestion.reference.global_facts import GlobalFactsPipeline, undated_fact
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_ID: Final = "publisher_id"
_NAMES: Final = ("dataset", "venue", "description")


class DatabentoPublishersPipeline(GlobalFactsPipeline):
    """Publishers; source "databento_publishers", subject = id, three facts each: dataset, venue, description."""

    name = "databento_publishers"
    title = "publishers of Databento (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """Records of exactly an id, a dataset, a venue and a description."""
        return leading_keys(file) == {_ID, *_NAMES}

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Three facts a publisher."""
        document = read_json(file)
        if not isinstance(document, list):
            raise InputError(f"{file.name}: not a list of publishers")
        problems = ProblemList()
        rows: list[NormalisedRow] = []
        seen: set[int] = set()
        for number, entry in enumerate(document, 1):
            fields = fields_of(entry) or {}
            publisher, texts = fields.get(_ID), [fields.get(name) for name in _NAMES]
            if not isinstance(publisher, int) or isinstance(publisher, bool) or publisher in seen:
                problems.add(number, _ID, "not a whole number, or one that stands above", repr(entry))
            elif not all(isinstance(text, str) and text for text in texts):
                problems.add(number, "entry", "dataset, venue or description is missing", repr(entry))
            else:
                seen.add(publisher)
                rows += [
                    undated_fact(market, self.name, str(publisher), name, str(text))
                    for name, text in zip(_NAMES, texts, strict=True)
                ]
        return problems.finish(rows)
