from __future__ import annotations

from engine.ingestion.options.option_columns import option_columns


def test_names_are_told_without_case_and_signs() -> None:
    columns = option_columns(["quote_date", "Underlying Symbol", "expiration", "strike", "option_type", "bid", "ask",
                              "Implied-Volatility"])  # fmt: skip
    assert columns is not None
    assert (columns.moment, columns.underlying, columns.expiry, columns.right) == (
        "quote_date", "Underlying Symbol", "expiration", "option_type")  # fmt: skip
    assert columns.numbers == {
        "strike": "strike", "bid": "bid", "ask": "ask", "implied_volatility": "Implied-Volatility"}  # fmt: skip


def test_a_contract_symbol_tells_expiry_and_right() -> None:
    columns = option_columns(["contractSymbol", "lastTradeDate", "strike", "lastPrice", "bid", "ask"])
    assert columns is not None
    assert (columns.symbol, columns.expiry, columns.moment) == ("contractSymbol", None, None)


def test_other_tables_are_no_options() -> None:
    assert option_columns(["strike", "bid", "ask", "expiry"]) is None
    assert option_columns(["date", "open", "high", "low", "close", "volume"]) is None
    assert option_columns(["expiry", "right", "strike", "close"]) is None
