from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from engine.ingestion.input_file import read_input
from engine.ingestion.sources import SOURCES, recognise, recognise_input
from engine.kernel.errors import InputError
from tests.engine.ingestion.dbn_samples import he_hours

SIDE = (3.1, 3.0, 3.2, 12, 345)
REAL_FILES = {
    "cot/*.xls.gz": "cot_supplemental",
    "cot/deacot*": "cot_legacy",
    "cot/legacy_fut_socrata_*": "cot_legacy",
    "cot/*disagg*": "cot_disaggregated",
    "futures/yahoo_continuous/*": "yahoo",
    "futures/investing_2016_2022/*": "investing",
    "futures/barchart_contracts/*": "barchart",
    "futures/settle_oi_2005_2014/*": "settlement",
    "futures/nearby/*": "nearby_settlement",
    "futures/yahoo_2000_2021/*": "yahoo",
    "futures/lean/*/daily/*_trade.zip": "lean",
    "futures/lean/*/daily/*_quote.zip": "lean_quote",
    "futures/lean/*/daily/*_openinterest.zip": "lean_openinterest",
    "futures/lean/*/margins/*": "lean_margins",
    "futures/lean/*/factor_files/*": "lean_factors",
    "futures/lean/*/map_files/*": "lean_maps",
    "options/cboe_datashop/*": "cboe_datashop",
    "options/yahoo/*": "option_table",
    "options/spx_2014_2016/*": "option_table",
    "options/lean_*/**/*.zip": "lean_options",
    "options/lean_*/**/universes/**/*.csv*": "lean_option_universe",
    "intraday/databento_1h/*.csv.gz": "databento",
    "intraday/databento_1h/*_rolls.csv": "databento_rolls",
    "intraday/firstrate/*": "firstrate",
    "intraday/nautilus/*": "nautilus",
    "databento/**/*.dbn*": "databento_dbn",
    "databento/**/*.dbz": "databento_dbn",
    "options/cboe_quotedata/*": "cboe_quotes",
    "ib/account_values*": "ib_account",
    "ib/error_codes.tsv": "ib_error_codes",
    "ib/historic_*": "ib_history",
    "ib/captured_outputs/*": "ib_replies",
    "databento/nautilus/publishers.json": "databento_publishers",
    "databento/nautilus/options_catalog/*.xml": "oecd",
    "usda/nass_*": "nass_slaughter",
    "usda/USDA_corn_WASDE*": "wasde",
    "news/loughran_mcdonald/*": "loughran_mcdonald",
    "news/ag_headlines/*": "news_table",
    "news/benzinga/*": "benzinga",
    "news/newsapi/*": "newsapi",
    "news/fiqa/*": "labelled_texts",
    "news/gold_headlines/*": "labelled_texts",
    "news/twitter_financial/*": "labelled_texts",
    "news/financial_phrasebank/Sentences*": "labelled_texts",
    "social/stocktwits/*": "stocktwits",
    "social/reddit/*": "reddit_table",
}
NUMBERS = (219240, 73029, 72834, 43697, 83800, 77521, 18714, 25188)


@pytest.fixture
def samples(yahoo_text, databento_text, legacy_text, cboe_text) -> dict[str, str]:
    return {
        "yahoo": yahoo_text([("2020-04-15", 45.75, 46.05, 45.5, 45.6, 420)]),
        "databento": databento_text([("2023-03-15T14:00:00.000000000Z", 350, 79.0, 79.0, 79.0, 79.0, 1, "HE.v.0")]),
        "databento_rolls": "symbol,start_date,end_date,instrument_id\nHE.v.0,2010-06-06,2010-06-20,9852\n",
        "firstrate": "timestamp,open,high,low,close,volume\n2026-05-11 00:00:00,80,81,79,80,5\n",
        "nautilus": "timestamp_utc,open,high,low,close,volume\n2024-01-01 23:01:00,80,81,79,80,5\n",
        "databento_dbn": he_hours().decode("latin-1"),
        "cot_legacy": legacy_text([("054642", "2021-06-08", *NUMBERS)]),
        "cboe_quotes": cboe_text([("Fri Apr 12 2024", "84.00", SIDE, SIDE)]),
        "headlines": "published_at,source,title,url\n2024-02-20T14:34:30Z,Wire,Hog desk,https://x\n",
        "investing": '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"04/15/2020","45.60","45.75","46.05","45.50","0.42K","-0.11%"\n',
        "barchart": 'Time,Open,High,Low,Last,Change,%Chg,Volume,"Open Int"\n'
        "12/01/2023,69,69.8,68.9,69.525,-0.2,-0.3%,9000,50123\n",
        "settlement": "Date,Open,High,Low,Settle,Volume,Prev. Day Open Interest,Returns\n"
        "2013-06-20,100,102.5,99.5,101.225,1777,8958,\n",
        "nearby_settlement": '"Index","Nearby"\n2010-01-04,65.85\n',
        "lean_margins": "date,initial,maintenance\n20040203,1013,750\n",
        "lean_factors": '{"Date":"2009-11-30T00:00:00","BackwardsRatioScale":[0.9],"BackwardsPanamaCanalScale":[-2.0],'
        '"ForwardPanamaCanalScale":[0.0],"DataMappingMode":1}\n',
        "lean_maps": "18991230,he,CME\n20091130,he uik2f7cj4v0h,CME,1\n",
        "lean_option_universe": "#expiry,strike,right,open,high,low,close,volume,open_interest\n"
        "20200320,3000,C,1,1,1,1,5,7\n",
        "cboe_datashop": "underlying_symbol,quote_date,root,expiration,strike,option_type,close,trade_volume,bid_1545,"
        "ask_1545,bid_eod,ask_eod,open_interest\n^VIX,2016-06-01,VIX,2016-06-08,16,C,0.25,5,0.2,0.3,0.2,0.25,7\n",
        "option_table": "symbol,strike,expiry_date,option_type,bid,ask,quote_date\n"
        "HE,80,2024-04-12,put,1,2,2024-03-04\n",
        "newsapi": '{"status":"ok","totalResults":1,"articles":[{"source":{"id":null,"name":"W"},"title":"Pork",'
        '"url":"https://x","publishedAt":"2024-02-20T14:34:30Z"}]}',
        "benzinga": '[{"id":1,"created":"2018-01-25T12:00:00Z","updated":"2018-01-25T12:00:00Z","title":"Pork",'
        '"channels":[{"name":"x"}]}]',
        "feed": "<rss><channel><item><title>Pork</title><pubDate>20 Feb 2024</pubDate></item></channel></rss>",
        "news_table": "title,date\nPork rises,2024-02-20\n",
        "stocktwits": '{"response":{"status":200},"messages":[{"id":1,"body":"pork","created_at":"2024-02-20"}]}',
        "reddit": '{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"title":"Pork",'
        '"created_utc":1708439670}}]}}',
        "reddit_table": "title,score,id,comms_num,created\nPork,1,a,0,1708439670\n",
        "labelled_texts": "The company grew .@positive\nIt fell .@negative\n",
        "ib_account": '[{"account":"D","tag":"T","value":"1","currency":"USD","modelCode":""}]',
        "ib_error_codes": "code\tname\n202\tORDER_CANCELLED\n",
        "ib_history": '{"date":"2021-01-05T09:28:00","open":69.0,"high":69.0,"low":69.0,"close":69.0,"volume":1.0,'
        '"average":69.0,"barCount":1}\n{"date":"2021-01-05T09:29:00","open":69.0,"high":69.0,"low":69.0,"close":69.0,'
        '"volume":1.0,"average":69.0,"barCount":1}\n',
        "ib_replies": "## cell 1 execute_result\n<IB connected to 127.0.0.1:7497 clientId=1>\n",
        "databento_publishers": '[{"publisher_id":1,"dataset":"A","venue":"B","description":"C"}]',
        "nass_slaughter": "Livestock Slaughter\nReleased August 24, 2023, by the National Agricultural Statistics "
        "Service\n",
        "oecd": "<GenericData><Header><Prepared>2025-01-31</Prepared></Header></GenericData>",
        "wasde": "Date,Area Planted,Area Harvested,Yield,Beginning Stocks,Ending Stocks\n2014-01-10,1,2,3,4,5\n",
    }


def test_names_and_titles_are_unique() -> None:
    assert len({source.name for source in SOURCES}) == len({source.title for source in SOURCES}) == len(SOURCES)


def test_every_format_is_recognised_by_exactly_one_source(samples, as_input) -> None:
    for name, text in samples.items():
        assert [source.name for source in SOURCES if source.recognises(as_input(text))] == [name]


def test_the_name_of_a_file_says_nothing(samples, tmp_path: Path) -> None:
    path = tmp_path / "HE.v.0_rolls.xls"
    path.write_text(samples["yahoo"])
    assert recognise(path).name == "yahoo"


def test_no_source_raises_anything_but_input_error_on_damaged_content(samples, as_input, hogs) -> None:
    for text in samples.values():
        for kept in range(40, len(text), 41):
            file = as_input(text[:kept])
            try:
                recognise_input(file).parse(file, hogs.market)
            except InputError as error:
                assert error.message.startswith("input.csv: ") and "\n" not in error.message


def test_a_zip_of_tables_of_no_known_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("b", "2")
    with pytest.raises(InputError, match=r"^x\.zip: the zip must hold exactly one table, it holds 2"):
        recognise(path)


@pytest.mark.real_data
def test_every_real_file_has_the_source_of_its_folder_and_no_other(real_data: Path) -> None:
    expected = {path: source for pattern, source in REAL_FILES.items() for path in real_data.glob(pattern)}
    assert set(expected.values()) == set(REAL_FILES.values())
    for path in sorted(entry for entry in real_data.rglob("*") if entry.is_file()):
        try:
            file = read_input(path)
        except InputError:
            assert path not in expected
            continue
        names = [source.name for source in SOURCES if source.recognises(file)]
        assert names == ([expected[path]] if path in expected else []), path.name


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\0", b"hello world\n", b"{}", b"a,b,c\n1,2,3\n", b"\0" * 100]
)
def test_wrong_file_types_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "HE_to_2023.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^HE_to_2023\.csv: the content fits none of the \d+ known sources; "):
        recognise(path)
