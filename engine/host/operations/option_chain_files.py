"""Option chains out of files of any known source, with what the vendor says beside them.

A chain comes as the source gives it; single definitions and quotes (Databento) of all files of one call become chains
together. Which moment the quotes are of, and whether options are on a future or on something with a spot price, is told
here, because a chain does not say it.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from engine.core.records import ExerciseStyle, OptionChain
from engine.ingestion.calendars.session_calendar import is_session_day, previous_session_day
from engine.ingestion.ingest import markets_of
from engine.ingestion.lake_rows import Instrument, OptionMark, Quote, Statistic
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.options.option_chain_assembly import assemble_option_chains
from engine.ingestion.options.option_collector import EXPIRED
from engine.ingestion.options.option_roots import NEW_YORK
from engine.ingestion.sources import recognise_input
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_SECOND, local_ts, to_datetime

if TYPE_CHECKING:
    from engine.ingestion.input_file import InputFile
    from engine.kernel.config_models import MarketConfig

OptionName = tuple[float, str]
_OPTION_SOURCES: Final = frozenset(
    {"cboe_quotes", "cboe_datashop", "option_table", "lean_options", "lean_option_universe"}
)
# US stock and option exchanges keep the holidays of this calendar, Good Friday among them.
_US_HOLIDAYS: Final = "us_grains"
_LAST_QUOTES: Final = (16, 15)
_CASH_ENDS: Final = ((9, 30), (16, 0))
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class FoundChain:
    """A chain of `file` with its market, the moment `quoted_ts` that its quotes are of, the vendor's volatilities by
    strike and right, and the vendor's price of the underlying (NaN where it says none)."""

    file: str
    chain: OptionChain
    market: MarketConfig
    quoted_ts: int
    vendor_volatilities: Mapping[OptionName, float]
    vendor_spot: float

    @property
    def on_spot(self) -> bool:
        """Whether exercise delivers something with a spot price, not a future."""
        listed = self.chain.contract is not None or math.isfinite(self.chain.underlying_price)
        return not listed and is_reference(self.market) and _ends_in_new_york(self.chain.expiry_ts)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds of options. `set_aside` counts options that reading kept out, by reason; `expired` quotes of
    series that had ended by the moment, `ignored` other rows of no concern. `refusal` is the one sentence of a file
    that holds no option data. Files of one name are told apart by the folders above."""

    file: str
    source: str = ""
    chains: tuple[FoundChain, ...] = ()
    set_aside: Mapping[str, int] = field(default_factory=dict)
    expired: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(slots=True)
class _Facts:
    """Single facts of all files, from which chains are put together."""

    instruments: list[Instrument]
    quotes: list[Quote]
    statistics: list[Statistic]
    markets: dict[str, MarketConfig]
    files: list[str]


def read_chains(
    files: Sequence[InputFile], market: MarketConfig, directory: MarketDirectory | None, style: ExerciseStyle | None
) -> list[FileContent]:
    """What each file holds, then the chains put together from single facts, if any. Files go to the markets that they
    name, or all to `market` without a `directory`; `style` is that of chains which do not say theirs."""
    facts = _Facts([], [], [], {}, [])
    contents = [
        _content(name, file, market, directory, style, facts)
        for name, file in zip(_distinct_names(files), files, strict=True)
    ]
    assembled = _assembled(facts, style)
    if not assembled.chains:
        return contents
    # A file of single facts holds no chain, and is no failure where its facts became part of one.
    return [*(one for one in contents if one.chains or one.file not in facts.files), assembled]


def _distinct_names(files: Sequence[InputFile]) -> list[str]:
    """The files' names, with the folders above where two have the same."""
    counts = Counter(file.name for file in files)
    return [file.name if counts[file.name] == 1 else "/".join((*file.folders, file.name)) for file in files]


def _content(
    name: str,
    file: InputFile,
    market: MarketConfig,
    directory: MarketDirectory | None,
    style: ExerciseStyle | None,
    facts: _Facts,
) -> FileContent:
    try:
        pipeline = recognise_input(file)
        markets = markets_of(pipeline, file, market, directory)
        if directory is None:
            parts = [(market, pipeline.parse(file, market))]
        else:
            parts = list(pipeline.parse_markets(file, markets, directory))
    except InputError as error:
        return FileContent(name, refusal=error.message)
    chains: list[FoundChain] = []
    set_aside: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    first = parts[0][0] if parts else market
    for of_market, parsed in parts:
        chains += _found(name, parsed.rows, of_market, style)
        set_aside.update(problem.reason for problem in parsed.problems)
        ignored.update(parsed.ignored)
        options = [row for row in parsed.rows if isinstance(row, Instrument) and row.kind == "option"]
        quotes = [row for row in parsed.rows if isinstance(row, Quote)]
        if options or quotes:
            facts.files.append(name)
            facts.markets[of_market.market] = of_market
        facts.instruments += options
        facts.quotes += quotes
        facts.statistics += [row for row in parsed.rows if isinstance(row, Statistic) and row.contract]
    refusal = None
    if not chains and pipeline.name not in _OPTION_SOURCES:
        refusal = f"{file.name}: holds {pipeline.title}, no option chain"
    expired = ignored.pop(EXPIRED, 0)
    source_name = pipeline.source_of(file, first)
    return FileContent(name, source_name, tuple(chains), dict(set_aside), expired, dict(ignored), refusal)


def _found(name: str, rows: Sequence[object], market: MarketConfig, style: ExerciseStyle | None) -> list[FoundChain]:
    volatilities: dict[tuple[int, int], dict[OptionName, float]] = {}
    spots: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        if isinstance(row, OptionMark):
            place = (row.event_ts, row.expiry_ts)
            if math.isfinite(row.implied_volatility):
                volatilities.setdefault(place, {})[row.strike, row.right] = row.implied_volatility
            if row.underlying_price > 0.0:
                spots.setdefault(place, []).append(row.underlying_price)
    found = []
    for chain in rows:
        if isinstance(chain, OptionChain):
            place = (chain.event_ts, chain.expiry_ts)
            told = style is not None and chain.style == "unknown"
            spot = statistics.median(spots[place]) if place in spots else math.nan
            found.append(
                FoundChain(
                    name,
                    replace(chain, style=style) if told and style is not None else chain,
                    market,
                    quoted_ts(chain.event_ts, chain.expiry_ts, market),
                    volatilities.get(place, {}),
                    spot,
                )
            )
    return found


def quoted_ts(event_ts: int, expiry_ts: int, market: MarketConfig) -> int:
    """The moment the quotes of a snapshot are of: options that end with the New York exchanges are not quoted on
    weekends and holidays, and a snapshot taken then shows those of the last session's end, 16:15."""
    if not (is_reference(market) and _ends_in_new_york(expiry_ts)):
        return event_ts
    day = to_datetime(event_ts).astimezone(ZoneInfo(NEW_YORK)).date()
    if day.weekday() < _SATURDAY and is_session_day(day, _US_HOLIDAYS):
        return event_ts
    last = previous_session_day(day, _US_HOLIDAYS)
    return local_ts(last.year, last.month, last.day, *_LAST_QUOTES, NEW_YORK)


def _ends_in_new_york(expiry_ts: int) -> bool:
    """Whether a series ends as options on shares, funds and indices do (engine/ingestion/options/option_roots.py)."""
    end = to_datetime(expiry_ts).astimezone(ZoneInfo(NEW_YORK))
    return (end.hour, end.minute) in _CASH_ENDS and end - end.replace(second=0, microsecond=0) == timedelta(0)


def _assembled(facts: _Facts, style: ExerciseStyle | None) -> FileContent:
    files = list(dict.fromkeys(facts.files))
    label = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more" if files else ""
    names = {name for row in facts.instruments for name in (row.contract, row.instrument_id)}
    chains: list[FoundChain] = []
    for market in facts.markets.values():
        own = [row for row in facts.instruments if row.market == market.market]
        quotes = [row for row in facts.quotes if row.market == market.market]
        known: ExerciseStyle = market.contract.option_style
        built = assemble_option_chains(
            own,
            [quote for quote in quotes if quote.contract in names],
            statistics=[row for row in facts.statistics if row.market == market.market],
            underlying_quotes=[quote for quote in quotes if quote.contract not in names],
            max_quote_age_us=market.bar_seconds * MICROS_PER_SECOND,
            style=style if style is not None and known == "unknown" else known,
        )
        chains += [FoundChain(label, chain, market, chain.event_ts, {}, math.nan) for chain in built]
    return FileContent(label, "assembled", tuple(chains))
