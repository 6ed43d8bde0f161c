from __future__ import annotations

import math

import pytest

from engine.ingestion.futures.bar_checks import bar_fault, bar_flags, refuse_wrong_unit, unit_jumps
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError


@pytest.mark.parametrize(
    ("bar", "fault"),
    [
        ((80.0, 81.0, 79.0, 80.5, 10.0), None),
        ((80.0, 81.0, 79.0, 82.0, 10.0), None),
        ((math.nan,) * 5, ("close", "all prices missing")),
        ((80.0, 81.0, math.nan, 80.5, 10.0), ("low", "price missing")),
        ((80.0, 81.0, -79.0, 80.5, 10.0), ("low", "implausible price")),
        ((80.0, 8100.0, 79.0, 80.5, 10.0), ("high", "implausible price")),
        ((80.0, 79.0, 81.0, 80.5, 10.0), ("high", "high below low")),
        ((80.0, 81.0, 79.0, 80.5, -1.0), ("volume", "negative volume")),
    ],
)
def test_faults(hogs: HydraConfig, bar: tuple[float, ...], fault: tuple[str, str] | None) -> None:
    assert bar_fault(*bar, hogs.market.contract) == fault


def test_flags() -> None:
    assert bar_flags(80.0, 81.0, 79.0, 80.5, 10.0) == ()
    assert bar_flags(80.0, 81.0, 79.0, 81.5, 0.0) == ("close_outside_range", "zero_volume_with_range")
    assert bar_flags(82.0, 81.0, 79.0, 80.0, 5.0) == ("open_outside_range",)
    assert bar_flags(80.0, 80.0, 80.0, 80.0, 0.0) == ()
    assert bar_flags(-1.0, 2.0, -3.0, 3.0, 5.0) == ("close_outside_range", "negative_price")


@pytest.mark.parametrize(
    ("factor", "sentence"),
    [(0.01, "look like USD/lb .* not cents/lb"), (100.0, "hundredths of cents/lb .* not cents/lb"),
     (10_000.0, "outside 15 to 200 cents/lb")],
)  # fmt: skip
def test_a_file_in_another_unit_is_refused_naming_both(hogs: HydraConfig, factor: float, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        refuse_wrong_unit("x.csv", [70.0 * factor, 75.0 * factor, 71.0 * factor], hogs.market.contract)


def test_a_few_bad_rows_do_not_refuse_the_file(hogs: HydraConfig) -> None:
    refuse_wrong_unit("x.csv", [70.0, 7100.0, 72.0, math.nan], hogs.market.contract)
    refuse_wrong_unit("x.csv", [], hogs.market.contract)


def test_jumps_against_the_neighbours() -> None:
    closes = [100.0 + index for index in range(20)]
    assert unit_jumps(closes) == set()
    assert unit_jumps([*closes[:7], 10_600.0, *closes[8:]]) == {7}
    assert unit_jumps([*closes[:7], 1.06, *closes[8:]]) == {7}
