"""Printed replies of TWS sessions: the output of notebook cells that hold ib_async and ib_insync objects.

| printed | becomes |
|---|---|
| contracts, ContractDetails, contracts inside tickers, trades and positions | Instrument, once each |
| ContractDescription (answer to a search for symbols) | fact: derivatives of a contract |
| OptionChain | facts: every expiration, strike, multiplier and underlying of the chain |
| Ticker | Quote where it has a bid and an ask; last, high, low, close and volume as statistics |
| RealTimeBar (always five seconds, times in UTC) | bar of the series "ib_5s" in the market of unnamed instruments |
| BarData | bars in that market; a single one is ignored, as nothing says how long it is |
| TradeLogEntry, alone or in a Trade | fact: status of an order at its time |
| Position, OrderState, AccountValue, printed errors | facts |

Everything else (tables of pandas, cut or whole, plain numbers, notices of the session) is counted as ignored by reason.
Facts of no market go to "global". A list of statuses names no order: its subject is the cell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from engine.ingestion.futures.ib_history import UNNAMED_MARKET, PrintedBar, ib_bars, printed_bar
from engine.ingestion.futures.vendor_bars import BarColumns, VendorRow, bars_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import GLOBAL_MARKET, UNDATED_TS, NormalisedRow, Quote, Statistic
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.printed_cells import CELL_HEADER, PrintedPiece, is_cut, is_table, printed_pieces
from engine.ingestion.parsing.printed_objects import PrintedObject
from engine.ingestion.reference.global_facts import fact_at
from engine.ingestion.reference.ib_account import account_fact
from engine.ingestion.reference.ib_contracts import SECURITY_TYPES, SYMBOL, instrument_of, market_of_contract
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import MICROS_PER_SECOND, to_datetime, to_ts

IB_REPLIES: Final = "ib_replies"
_ERROR: Final = re.compile(r"Error (\d{1,6}), reqId (-?\d{1,9}): (.+)")
_MARK: Final = re.compile(
    r"IB connected to|BarData\(|Contract\(|ContractDetails\(|OptionChain\(|TradeLogEntry\(|Ticker\(|AccountValue\("
)
_HEAD_LINES: Final = 40
_REAL_TIME_SECONDS: Final = 5
_REAL_TIME: Final = BarColumns(close=3, open=0, high=1, low=2, volume=4)
_CONTRACT_KINDS: Final = frozenset({"Contract", *SECURITY_TYPES})
_UNSET_DOUBLE: Final = 1.7e308


class IbPrintedRepliesPipeline(SourcePipeline):
    """Printed replies; source "ib_replies"."""

    name = IB_REPLIES
    title = "printed replies of Interactive Brokers (cell outputs)"

    def recognises(self, file: InputFile) -> bool:
        """A cell's header first, and an object or the notice of a connection soon after."""
        head = file.head(_HEAD_LINES)
        return bool(head) and CELL_HEADER.fullmatch(head[0].strip()) is not None and any(map(_MARK.search, head))

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the printed contracts, of unnamed bars, and "global"."""
        return tuple(_Reader(file, directory).read().values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """What is printed of this market; the rest counts as another market's."""
        reader = _Reader(file, MarketDirectory(market, (market,)))
        reader.read()
        return _part(reader, market, others=True)

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Each market's rows; problems and what was ignored with the last market."""
        reader = _Reader(file, directory)
        reader.read()
        for market in markets:
            part = _part(reader, market, others=False)
            yield market, part if market is markets[-1] else ParsedInput(part.rows)


def _part(reader: _Reader, market: MarketConfig, *, others: bool) -> ParsedInput:
    mine = [row for row in reader.rows if row.market == market.market]
    whole = reader.problems.finish(mine)
    left = len(reader.rows) - len(mine)
    if not others or not left:
        return whole
    return ParsedInput(whole.rows, whole.problems, {**whole.ignored, OTHER_MARKET: left})


class _Reader:
    """Reads one file into rows of several markets; `read` once."""

    def __init__(self, file: InputFile, directory: MarketDirectory) -> None:
        self.problems = ProblemList()
        self.rows: list[NormalisedRow] = []
        self._file = file
        self._directory = directory
        self._global = directory.by_root(GLOBAL_MARKET)
        self._unnamed = directory.by_root(UNNAMED_MARKET)
        self._markets: dict[str, MarketConfig] = {}
        self._seen: set[NormalisedRow] = set()
        self._instruments: set[tuple[str, str, str]] = set()
        self._real_time: list[tuple[int, PrintedObject]] = []
        self._where = PrintedPiece(1, "", False, None, "")

    def read(self) -> dict[str, MarketConfig]:
        """Every row; the markets found by name, "global" last."""
        for piece in printed_pieces(self._file):
            self._where = piece
            if piece.is_value:
                self._value(piece.value)
            else:
                self._line(piece.text)
        self._finish_real_time()
        self._markets.pop(self._global.market, None)
        self._markets[self._global.market] = self._global
        return self._markets

    def _line(self, text: str) -> None:
        error = _ERROR.fullmatch(text.strip())
        if is_table(text):
            self.problems.ignore("printed table that is cut" if is_cut(text) else "printed table")
        elif error is not None:
            self._fact(f"{self._where.cell} request {error[2]}", f"error {error[1]}", error[3])
        elif any(f"{kind}(" in text for kind in ("ContractDetails", "BarData", "TradeLogEntry", "OptionChain")):
            self.problems.add(self._where.row_number, self._where.cell, "a printed object that is cut or damaged", text)
        else:
            self.problems.ignore("notice of the session")

    def _value(self, value: object) -> None:
        if isinstance(value, list):
            objects = [one for one in value if isinstance(one, PrintedObject)]
            if not objects or len(objects) < len(value):
                self.problems.ignore("plain value")
            elif objects[0].kind == "BarData":
                self._bars(objects)
            else:
                for one in objects:
                    self._object(one)
        elif isinstance(value, PrintedObject):
            self._bars([value]) if value.kind == "BarData" else self._object(value)
        else:
            self.problems.ignore("plain value")

    def _object(self, one: PrintedObject) -> None:
        fields = one.fields
        contract = fields.get("contract")
        if one.kind in _CONTRACT_KINDS:
            self._instrument(one)
        elif one.kind == "ContractDetails" and isinstance(contract, PrintedObject):
            self._instrument(contract, _number(fields.get("minTick")))
        elif one.kind == "ContractDescription" and isinstance(contract, PrintedObject):
            self._description(contract, fields.get("derivativeSecTypes"))
        elif one.kind == "OptionChain":
            self._chain(fields)
        elif one.kind == "Ticker" and isinstance(contract, PrintedObject):
            self._ticker(contract, fields)
        elif one.kind == "RealTimeBar":
            self._real_time.append((self._where.row_number, one))
        elif one.kind == "TradeLogEntry":
            self._status(self._where.cell, one)
        elif one.kind == "Trade" and isinstance(contract, PrintedObject):
            self._instrument(contract)
            order = fields.get("order")
            number = order.fields.get("orderId") if isinstance(order, PrintedObject) else None
            log = fields.get("log")
            for entry in log if isinstance(log, list) else []:
                if isinstance(entry, PrintedObject):
                    self._status(f"order {number}", entry)
        elif one.kind == "Position" and isinstance(contract, PrintedObject):
            self._instrument(contract)
            name = contract.fields.get("localSymbol") or contract.fields.get("symbol")
            self._fact(f"{fields.get('account')}", f"position {name}", f"{fields.get('position')}")
            self._fact(f"{fields.get('account')}", f"average_cost {name}", f"{fields.get('avgCost')}")
        elif one.kind == "OrderState":
            for name, value in fields.items():
                unset = isinstance(value, float) and value > _UNSET_DOUBLE
                if value not in ("", None) and not unset:
                    self._fact(f"{self._where.cell} order state", name, str(value))
        elif one.kind == "AccountValue" and (fact := account_fact(fields, self._global)) is not None:
            self._keep(fact)
        else:
            self.problems.ignore(f"printed {one.kind}")

    def _instrument(self, contract: PrintedObject, tick_size: float = math.nan) -> MarketConfig | None:
        kind, fields = _security(contract)
        symbol = fields.get("symbol")
        if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol):
            self.problems.add(self._where.row_number, "symbol", "not the symbol of a contract", repr(contract))
            return None
        market = market_of_contract(symbol, kind, self._directory)
        row = instrument_of(fields, kind, market, IB_REPLIES, tick_size=tick_size)
        if row is None:
            self.problems.ignore("contract without an id")
            return None
        key = (row.market, row.instrument_id, row.exchange)
        if key in self._instruments:
            self.problems.ignore("contract printed before")
        else:
            self._instruments.add(key)
            self._keep(row, market)
        return market

    def _description(self, contract: PrintedObject, derivatives: object) -> None:
        fields = contract.fields
        words = (fields.get(name, "") for name in ("symbol", "secType", "primaryExchange", "currency"))
        kinds = ",".join(map(str, derivatives)) if isinstance(derivatives, list) else ""
        self._fact(f"contract {fields.get('conId')}", " ".join(map(str, words)), kinds)

    def _chain(self, fields: dict[str, object]) -> None:
        subject = f"option chain {fields.get('tradingClass')} {fields.get('exchange')}"
        self._fact(subject, "underlying_contract", str(fields.get("underlyingConId", "")))
        self._fact(subject, "multiplier", str(fields.get("multiplier", "")))
        for name, plural in (("expiration", "expirations"), ("strike", "strikes")):
            values = fields.get(plural)
            for value in values if isinstance(values, list) else []:
                self._fact(subject, name, str(value))

    def _ticker(self, contract: PrintedObject, fields: dict[str, object]) -> None:
        market, ts = self._instrument(contract), _moment(fields.get("time"))
        if market is None:
            return
        if ts is None:
            self.problems.ignore("ticker without a time")
            return
        listed = str(contract.fields.get("localSymbol") or contract.fields.get("symbol"))
        bid, bid_size, ask, ask_size = (_number(fields.get(name)) for name in ("bid", "bidSize", "ask", "askSize"))
        if not math.isnan(bid) and not math.isnan(ask):
            flags = ("crossed",) if bid > ask else ()
            sides = (bid, bid_size, ask, ask_size)
            self._keep(Quote(market.market, IB_REPLIES, listed, 0, ts, ts, *sides, *(math.nan,) * 6, flags), market)
        for name, unit in (("last", "price"), ("high", "price"), ("low", "price"), ("close", "price"),
                           ("volume", "lots")):  # fmt: skip
            value = _number(fields.get(name))
            if not math.isnan(value):
                unit_name = market.contract.price_unit if unit == "price" else unit
                self._keep(
                    Statistic(market.market, IB_REPLIES, listed, f"ticker_{name}", unit_name, ts, ts, value), market
                )

    def _status(self, subject: str, entry: PrintedObject) -> None:
        ts = _moment(entry.fields.get("time"))
        if ts is None or entry.kind != "TradeLogEntry":
            self.problems.add(self._where.row_number, "time", "an order status without a time", repr(entry))
            return
        words = (str(entry.fields.get(name, "")) for name in ("status", "message"))
        self._fact(subject, "order_status", " ".join(word for word in words if word), ts)

    def _bars(self, printed: list[PrintedObject]) -> None:
        if len(printed) == 1:
            self.problems.ignore("a single bar, whose length nothing says")
            return
        bars: list[PrintedBar] = []
        for one in printed:
            fields = {**one.fields, "date": _printed_time(one.fields.get("date"))}
            bar = printed_bar(self._where.row_number, fields, self._unnamed, self.problems)
            if bar is not None:
                bars.append(bar)
        for row in ib_bars(self._file.name, bars, self._unnamed, self.problems):
            self._keep(row, self._unnamed)

    def _finish_real_time(self) -> None:
        rows = []
        for number, one in self._real_time:
            ts = _moment(one.fields.get("time"))
            if ts is None:
                self.problems.add(number, "time", "not a moment with a zone", repr(one))
                continue
            cells = [repr(one.fields.get(name)) for name in ("open_", "high", "low", "close", "volume")]
            # TWS says -1 for the volume of bars that are made of quotes.
            cells[4] = "" if cells[4] == "-1" else cells[4]
            known_ts = ts + _REAL_TIME_SECONDS * MICROS_PER_SECOND
            day = to_datetime(ts).date()
            rows.append(VendorRow(number, cells, day, ts, known_ts, None, 0, _REAL_TIME_SECONDS))
        for bar in bars_of(self._file.name, "ib_5s", rows, _REAL_TIME, self._unnamed, self.problems):
            self._keep(bar, self._unnamed)

    def _fact(self, subject: str, name: str, value: str, ts: int = UNDATED_TS) -> None:
        self._keep(fact_at(self._global, IB_REPLIES, subject, name, value, ts))

    def _keep(self, row: NormalisedRow, market: MarketConfig | None = None) -> None:
        kept = market or self._global
        self._markets.setdefault(kept.market, kept)
        if row in self._seen:
            self.problems.ignore("printed before")
        else:
            self._seen.add(row)
            self.rows.append(row)


def _security(contract: PrintedObject) -> tuple[str, dict[str, object]]:
    """The kind of security and the fields of a contract; a currency pair prints its symbol without a name."""
    fields = dict(contract.fields)
    if contract.kind == "Forex" and contract.unnamed and "symbol" not in fields:
        fields["symbol"] = contract.unnamed[0]
    stated = fields.get("secType")
    return (stated if isinstance(stated, str) else SECURITY_TYPES.get(contract.kind, "")), fields


def _moment(value: object) -> int | None:
    return to_ts(value.astimezone(UTC)) if isinstance(value, datetime) and value.tzinfo is not None else None


def _printed_time(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return math.nan
    return float(value)
