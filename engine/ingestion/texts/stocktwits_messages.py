"""StockTwits streams: the messages of a symbol, newest first.

`event_ts` = `known_ts` = `created_at`; messages cannot be edited. A message is relevant by its words or by the
symbol of the market's future ("HE_F" for lean hogs; "HE" alone is a share). What an author declares (bullish,
bearish) is an opinion of the platform's own kind and is not read as a label.
"""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.json_reply import Fields, fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.parsing.text_cleaning import one_line
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.social_text import LONGEST_POST, junk_reason
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_STREAM_KEYS: Final = frozenset({"response", "messages"})
_ERROR_KEYS: Final = frozenset({"response", "status", "errors", "message"})
_PUBLISHER: Final = "stocktwits"


class StockTwitsPipeline(TextPipeline):
    """StockTwits; source and publisher "stocktwits"."""

    name = "stocktwits"
    title = "StockTwits streams (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """A response with messages, or a response with errors."""
        keys = leading_keys(file)
        return keys >= _STREAM_KEYS or keys == _ERROR_KEYS

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant messages; InputError with the platform's own words where it answered with an error."""
        reply = fields_of(read_json(file)) or {}
        for error in items_of(reply.get("errors"))[:1]:
            message = one_line((fields_of(error) or {}).get("message", "no message"))
            raise InputError(f"{file.name}: StockTwits answered with an error: {message}")
        if not isinstance(reply.get("messages"), list):
            raise InputError(f"{file.name}: the StockTwits reply has no list of messages")
        collector = HeadlineCollector(market, "body", "created_at", LONGEST_POST)
        symbol = f"{market.contract.root}_F"
        for number, entry in enumerate(items_of(reply["messages"]), 1):
            message_fields = fields_of(entry)
            if message_fields is None:
                collector.not_an_entry(number, entry)
                continue
            collector.add(
                number,
                message_fields,
                publisher=_PUBLISHER,
                title=message_fields.get("body"),
                published=published_ts(message_fields.get("created_at")),
                entry_id=message_fields.get("id"),
                names_market=_names(message_fields, symbol),
                junk=junk_reason,
            )
        return collector.finish(file.name)


def _names(message: Fields, symbol: str) -> bool:
    return any((fields_of(one) or {}).get("symbol") == symbol for one in items_of(message.get("symbols")))
