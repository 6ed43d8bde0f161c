"""Values of an Interactive Brokers account, as TWS gives them: a list of account, tag, value, currency and model.

One fact a tag: subject = account, and model behind a slash where there is one; name = tag, with its currency in
brackets ("NetLiquidation[USD]"); value = the text as printed. The list says no time: facts are undated.
"""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, ReferenceFact
from engine.ingestion.parsing.json_reply import Fields, fields_of, leading_keys, read_json
from engine.ingestion.reference.global_facts import GlobalFactsPipeline, undated_fact
from engine.ingestion.source_pipeline import ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

IB_ACCOUNT: Final = "ib_account"
_KEYS: Final = ("account", "tag", "value", "currency", "modelCode")


class IbAccountPipeline(GlobalFactsPipeline):
    """Account values; source "ib_account"."""

    name = IB_ACCOUNT
    title = "account values of Interactive Brokers (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """Records of exactly account, tag, value, currency and modelCode."""
        return leading_keys(file) == set(_KEYS)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """One fact a tag and currency; a tag that comes twice with two values is a problem the second time."""
        document = read_json(file)
        if not isinstance(document, list):
            raise InputError(f"{file.name}: not a list of account values")
        problems = ProblemList()
        facts: dict[tuple[str, str], ReferenceFact] = {}
        for number, entry in enumerate(document, 1):
            fact = account_fact(fields_of(entry) or {}, market)
            if fact is None:
                problems.add(number, "entry", "not an account value of five texts", repr(entry))
                continue
            held = facts.setdefault((fact.subject, fact.name), fact)
            if held is not fact:
                problems.add(number, "tag", "second value of the same tag, currency and account", repr(entry))
        rows: list[NormalisedRow] = list(facts.values())
        return problems.finish(rows)


def account_fact(entry: Fields, market: MarketConfig) -> ReferenceFact | None:
    """The fact of one account value, None where a field is missing or no text."""
    texts = [entry.get(key) for key in _KEYS]
    if not all(isinstance(text, str) for text in texts) or not texts[0] or not texts[1]:
        return None
    account, tag, value, currency, model = map(str, texts)
    subject = f"{account}/{model}" if model else account
    return undated_fact(market, IB_ACCOUNT, subject, f"{tag}[{currency}]" if currency else tag, value)
