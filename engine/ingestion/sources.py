"""Every source that HYDRA reads from files, and the recognition of a file by its content."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.ingestion.cot.cot_reports import (
    CotDisaggregatedPipeline,
    CotFinancialPipeline,
    CotLegacyPipeline,
    CotSupplementalPipeline,
)
from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.ingestion.futures.barchart_contract import BarchartContractPipeline
from engine.ingestion.futures.databento_bars import DatabentoBarsPipeline
from engine.ingestion.futures.databento_rolls import DatabentoRollsPipeline
from engine.ingestion.futures.ib_history import IbHistoryPipeline
from engine.ingestion.futures.intraday_tables import FirstRateBarsPipeline, NautilusBarsPipeline
from engine.ingestion.futures.investing_daily import InvestingDailyPipeline
from engine.ingestion.futures.settlement_tables import NearbySettlementPipeline, SettlementTablePipeline
from engine.ingestion.futures.yahoo_daily import YahooDailyPipeline
from engine.ingestion.input_file import InputFile, read_input
from engine.ingestion.lean.lean_bars import LeanBarsPipeline
from engine.ingestion.lean.lean_factors import LeanFactorsPipeline
from engine.ingestion.lean.lean_maps import LeanMapsPipeline
from engine.ingestion.lean.lean_margins import LeanMarginsPipeline
from engine.ingestion.lean.lean_open_interest import LeanOpenInterestPipeline
from engine.ingestion.lean.lean_option_universes import LeanOptionUniversePipeline
from engine.ingestion.lean.lean_options import LeanOptionsPipeline
from engine.ingestion.lean.lean_quotes import LeanQuotesPipeline
from engine.ingestion.options.cboe_datashop import CboeDatashopPipeline
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.ingestion.options.option_table import OptionTablePipeline
from engine.ingestion.parsing.prose import is_markdown, is_prose
from engine.ingestion.reference.databento_publishers import DatabentoPublishersPipeline
from engine.ingestion.reference.ib_account import IbAccountPipeline
from engine.ingestion.reference.ib_error_codes import IbErrorCodesPipeline
from engine.ingestion.reference.ib_printed_replies import IbPrintedRepliesPipeline
from engine.ingestion.reference.nass_slaughter import NassSlaughterPipeline
from engine.ingestion.reference.oecd_rates import OecdRatesPipeline
from engine.ingestion.reference.wasde_table import WasdeTablePipeline
from engine.ingestion.source_pipeline import SourcePipeline
from engine.ingestion.texts.benzinga_news import BenzingaPipeline
from engine.ingestion.texts.feed_news import FeedNewsPipeline
from engine.ingestion.texts.headlines_csv import HeadlinesPipeline
from engine.ingestion.texts.labelled_texts import LabelledTextsPipeline
from engine.ingestion.texts.news_tables import NewsTablePipeline
from engine.ingestion.texts.newsapi_articles import NewsApiPipeline
from engine.ingestion.texts.reddit_posts import RedditListingPipeline, RedditTablePipeline
from engine.ingestion.texts.stocktwits_messages import StockTwitsPipeline
from engine.ingestion.texts.word_lists import WordListsPipeline
from engine.kernel.errors import InputError

SOURCES: Final[tuple[SourcePipeline, ...]] = (
    DatabentoBarsPipeline(),
    CboeQuotesPipeline(),
    HeadlinesPipeline(),
    YahooDailyPipeline(),
    DatabentoRollsPipeline(),
    DbnPipeline(),
    FirstRateBarsPipeline(),
    NautilusBarsPipeline(),
    CotLegacyPipeline(),
    CotDisaggregatedPipeline(),
    CotSupplementalPipeline(),
    CotFinancialPipeline(),
    InvestingDailyPipeline(),
    BarchartContractPipeline(),
    SettlementTablePipeline(),
    NearbySettlementPipeline(),
    LeanBarsPipeline(),
    LeanQuotesPipeline(),
    LeanOpenInterestPipeline(),
    LeanMarginsPipeline(),
    LeanFactorsPipeline(),
    LeanMapsPipeline(),
    CboeDatashopPipeline(),
    OptionTablePipeline(),
    LeanOptionsPipeline(),
    LeanOptionUniversePipeline(),
    NewsApiPipeline(),
    BenzingaPipeline(),
    FeedNewsPipeline(),
    NewsTablePipeline(),
    StockTwitsPipeline(),
    RedditListingPipeline(),
    RedditTablePipeline(),
    LabelledTextsPipeline(),
    DatabentoPublishersPipeline(),
    IbAccountPipeline(),
    IbErrorCodesPipeline(),
    IbHistoryPipeline(),
    IbPrintedRepliesPipeline(),
    NassSlaughterPipeline(),
    OecdRatesPipeline(),
    WasdeTablePipeline(),
    WordListsPipeline(),
)


def recognise(path: Path) -> SourcePipeline:
    """The pipeline for a file, told by its content; InputError with one sentence if nothing fits."""
    return recognise_input(read_input(path))


def recognise_input(file: InputFile) -> SourcePipeline:
    """The pipeline for a file that was read already."""
    for source in SOURCES:
        if source.recognises(file):
            return source
    if file.tables:
        raise InputError(f"{file.name}: the zip must hold exactly one table, it holds {len(file.tables)}")
    if is_prose(file) or is_markdown(file):
        raise InputError(f"{file.name}: holds prose and no table; nothing to ingest")
    raise InputError(
        f"{file.name}: the content fits none of the {len(SOURCES)} known sources; 'hydra data sources' lists them"
    )
