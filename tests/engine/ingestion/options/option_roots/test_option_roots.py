from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.market_directory import reference_market
from engine.ingestion.options.option_roots import OptionRoot
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import local_ts

DAY = date(2024, 4, 19)


@pytest.mark.parametrize(
    ("root", "hour", "minute", "style"),
    [("SPX", 9, 30, "european"), ("SPXW", 16, 0, "european"), ("XSP", 16, 0, "european"), ("VIX", 9, 30, "european"),
     ("SPY", 16, 0, "american"), ("TWX", 16, 0, "unknown")],
)  # fmt: skip
def test_options_on_cash_end_in_new_york(root: str, hour: int, minute: int, style: str) -> None:
    known = OptionRoot.of(root, reference_market(root))
    assert known.expiry_ts(DAY) == local_ts(2024, 4, 19, hour, minute, "America/New_York")
    assert (known.style, known.on_cash, known.future_under(DAY)) == (style, True, None)


def test_options_on_futures_end_with_the_session_of_their_market(hogs: HydraConfig, simulated: HydraConfig) -> None:
    known = OptionRoot.of("HE", hogs.market)
    assert known.expiry_ts(DAY) == local_ts(2024, 4, 19, 13, 5, "America/Chicago")
    assert (known.style, known.future_under(DAY)) == ("american", "HEK24")
    assert OptionRoot.of("HE", simulated.market).future_under(DAY) is None


def test_a_source_may_know_that_a_root_is_on_futures() -> None:
    known = OptionRoot.of("ES", reference_market("ES"), on_future=True)
    assert (known.on_cash, known.future_under(DAY)) == (False, None)
