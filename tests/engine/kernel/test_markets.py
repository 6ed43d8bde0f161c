"""The markets: what every file must say, and the operator's own markets beside the shipped ones."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.kernel.config_models import MarketConfig
from engine.kernel.configuration import known_markets, load_config
from engine.kernel.errors import ConfigError

SHIPPED = known_markets()
REAL = [market for market in SHIPPED if market != "simulated_hogs"]
TEMPLATE = resources.files("config").joinpath("markets/oats.yaml").read_text(encoding="utf-8")


def market_of(name: str) -> MarketConfig:
    return load_config(name, environment={}).config.market


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str, str], Path]:
    """`own(name, text)` writes a market file into an operator's folder and returns the folder."""

    def write(name: str, text: str) -> Path:
        folder = tmp_path / "markets"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.mark.parametrize("name", REAL)
def test_a_shipped_market_is_consistent(name: str) -> None:
    market = market_of(name)
    contract = market.contract
    assert not market.simulated
    assert contract.plausible_price_low < contract.plausible_price_high < 100 * contract.plausible_price_low
    assert contract.tick_size * 10 <= contract.daily_limit_points < contract.plausible_price_high / 2
    assert contract.daily_limit_points * contract.usd_per_point < contract.initial_margin_usd
    assert all(len(code) == 6 for code in market.cot_market_codes) and market.cot_market_codes
    assert contract.root not in market.roots
    assert market.aliases and all(alias == alias.lower() for alias in market.aliases)
    assert market.market.replace("_", " ") in market.aliases
    assert ContractCalendar.of(market).last_trade_day(2024, 3) is not None


@pytest.mark.parametrize("part", ["aliases", "roots", "cot_market_codes"])
def test_no_two_markets_share_a_name_a_root_or_a_code(part: str) -> None:
    seen: dict[str, str] = {}
    for name in REAL:
        market = market_of(name)
        own_root = (market.contract.root,) if part == "roots" else ()
        for word in (*getattr(market, part), *own_root):
            assert seen.setdefault(word, name) == name, f"{word} is of {seen[word]} and {name}"


def test_the_simulated_market_claims_no_name_of_a_real_file() -> None:
    assert (market_of("simulated_hogs").aliases, market_of("simulated_hogs").roots) == ((), ())


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
def test_the_cftc_codes_are_those_of_the_market_in_the_files(name: str, real_data: Path) -> None:
    named: dict[str, str] = {}
    for file in ("fut_disagg_txt_2021.zip", "fut_disagg_txt_2023_to_20231010.zip"):
        with zipfile.ZipFile(real_data / "cot" / file) as archive:
            text = archive.read(archive.namelist()[0]).decode("latin-1")
        named.update({row[3].strip(): row[0] for row in csv.reader(text.splitlines())})
    market = market_of(name)
    for code in market.cot_market_codes:
        assert market.title.split()[-1].upper() in named[code].upper(), (code, named[code])


def test_an_operators_market_is_known_and_loads_from_its_file(own: Callable[[str, str], Path]) -> None:
    folder = own("white_oats", TEMPLATE.replace("market: oats", "market: white_oats"))
    assert known_markets(folder) == sorted([*SHIPPED, "white_oats"])
    result = load_config("white_oats", market_folder=folder, environment={})
    assert result.config.market.market == "white_oats"
    assert result.sources["market.contract.root"] == str(folder / "white_oats.yaml")
    assert result.config.risk == load_config("oats", environment={}).config.risk


def test_an_operators_market_is_found_by_its_symbol(own: Callable[[str, str], Path]) -> None:
    text = TEMPLATE.replace("market: oats", "market: white_oats").replace("root: ZO", "root: WO")
    folder = own("white_oats", text.replace("roots: [O]", "roots: []").replace("[oats, oat]", "[white oats]"))
    directory = MarketDirectory(market_of("oats"), shipped_markets(folder))
    assert directory.by_root("WO").market == "white_oats"
    named = directory.named_by("White_Oats.csv")
    assert named is not None and named.market == "white_oats"


@pytest.mark.parametrize(
    ("symbol", "file_name", "market"),
    [("LC", "Live_Cattle.csv", "live_cattle"), ("FC", "Feeder_Cattle.csv", "feeder_cattle"), ("O", "Oat.csv", "oats"),
     ("RR", "rough-rice 2023.csv", "rough_rice"), ("LBS", "Lumber.csv", "lumber"),
     ("JO", "orange_juice", "orange_juice"), ("DA", "Class III Milk.csv", "class_iii_milk"),
     ("LH", "Lean_Hogs.csv", "lean_hogs")],
)  # fmt: skip
def test_a_vendors_symbol_and_a_files_name_mean_the_market(symbol: str, file_name: str, market: str) -> None:
    directory = MarketDirectory(market_of("simulated_hogs"), shipped_markets())
    named = directory.named_by(file_name)
    assert named is not None and (directory.by_root(symbol).market, named.market) == (market, market)


def test_an_operators_market_is_unknown_elsewhere(own: Callable[[str, str], Path], tmp_path: Path) -> None:
    own("white_oats", TEMPLATE)
    for folder in (None, tmp_path / "absent"):
        with pytest.raises(ConfigError, match="unknown market 'white_oats'"):
            load_config("white_oats", market_folder=folder, environment={})


def test_a_shipped_market_cannot_be_replaced_in_silence(own: Callable[[str, str], Path]) -> None:
    folder = own("oats", TEMPLATE)
    with pytest.raises(ConfigError, match=r"oats\.yaml has the name of a shipped market"):
        load_config("oats", market_folder=folder, environment={})
    assert load_config("lumber", market_folder=folder, environment={}).config.market.market == "lumber"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    tick_size: 0.25\n", "", r"'market\.contract\.tick_size' is missing"),
        ("    tick_size: 0.25\n", "    tick_size: -1\n", r"'market\.contract\.tick_size' = -1"),
        ("    tick_size:", "    tick_sizes:", r"market\.contract\.tick_size"),
        ("America/Chicago", "America/Chikago", r"'market\.session\.timezone' = 'America/Chikago'.*no such IANA zone"),
        ('"13:20"', '"13:70"', r"'market\.session\.close_local' = '13:70'"),
        ("HKNUZ", "ZHKNU", r"'market\.contract\.months' = 'ZHKNU'"),
        ("market: white_oats", "market: black_oats", r"'market\.market' must be 'white_oats'.*was 'black_oats'"),
        ("  session:", "  session: [", r"is not valid YAML in line \d+"),
        ("    months: HKNUZ\n", "    months: HKNUZ\n    months: HZ\n", r"in line \d+: 'months' stands twice"),
    ],
)
def test_a_broken_market_file_is_named_with_its_key(
    old: str, new: str, words: str, own: Callable[[str, str], Path]
) -> None:
    text = TEMPLATE.replace("market: oats", "market: white_oats")
    assert old in text
    folder = own("white_oats", text.replace(old, new))
    with pytest.raises(ConfigError, match=words) as caught:
        load_config("white_oats", market_folder=folder, environment={})
    assert str(folder / "white_oats.yaml") in caught.value.message and "\n" not in caught.value.message


@pytest.mark.parametrize("text", ["- 3\n", "", "market: 3\n", "only words"])
def test_a_file_that_holds_no_market_is_refused_by_name(text: str, own: Callable[[str, str], Path]) -> None:
    with pytest.raises(ConfigError, match=r"white_oats\.yaml"):
        load_config("white_oats", market_folder=own("white_oats", text), environment={})


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "white_oats.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"white_oats\.yaml cannot be read: it is no UTF-8 text"):
        load_config("white_oats", market_folder=tmp_path, environment={})


def test_a_name_that_is_no_key_is_refused(own: Callable[[str, str], Path]) -> None:
    with pytest.raises(ConfigError, match="small letters, digits and _"):
        load_config("White Oats", market_folder=own("White Oats", TEMPLATE), environment={})
