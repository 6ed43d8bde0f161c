"""What must hold of every pipeline on damaged bytes, whatever kinds of rows it gives."""

from __future__ import annotations

from engine.ingestion.input_file import unpack
from engine.ingestion.lake_rows import UNDATED_TS
from engine.ingestion.record_tables import tables_from_rows
from engine.ingestion.source_pipeline import SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError


def assert_storable_rows_or_input_error(pipeline: SourcePipeline, content: bytes, market: MarketConfig) -> None:
    """Parse what is left where it is still recognised: one sentence, or rows that the lake can take."""
    try:
        file = unpack("damaged", content)
        if not pipeline.recognises(file):
            return
        parsed = pipeline.parse(file, market)
    except InputError as error:
        assert error.message.startswith("damaged: ") and "\n" not in error.message
        return
    for row in parsed.rows:
        assert row.market == market.market
        assert row.known_ts == row.event_ts == UNDATED_TS or row.known_ts >= row.event_ts
    for problem in parsed.problems:
        assert problem.row_number >= 1 and problem.reason
    tables = tables_from_rows(parsed.rows)
    assert sum(table.num_rows for table in tables.values()) == len(parsed.rows)
