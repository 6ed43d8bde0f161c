from __future__ import annotations

from engine.ingestion.texts.headline_text import text_hash
from engine.ingestion.texts.headlines_csv import HeadlinesPipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso

HEADER = "published_at,source,title,url\n"


def test_headlines(hogs: HydraConfig, as_input) -> None:
    text = HEADER + (
        '2024-02-20T14:34:30Z,Wire,"Hog desk: loins strong, hams weak",https://x/2\n'
        "2024-02-20T14:33:00Z,Ledger,Pork trade quiet,https://x/1\n"
        "2024-02-20T14:33:00Z,Other,PORK  trade quiet,https://x/9\n"
        "2024-02-20T14:31:00Z,Wire,Chess club opens,https://x/3\n"
        "soon,Wire,Pork rises,https://x/4\n2024-02-20T14:31:00Z,Wire,,https://x/5\n2024-02-20\n"
    )
    pipeline = HeadlinesPipeline()
    assert pipeline.recognises(as_input(text))
    parsed = pipeline.parse(as_input(text), hogs.market)
    assert [row.title for row in parsed.rows] == ["Pork trade quiet", "Hog desk: loins strong, hams weak"]
    assert parsed.rows[1].event_ts == parsed.rows[1].known_ts == parse_iso("2024-02-20T14:34:30Z")
    assert parsed.rows[0].text_hash == text_hash("pork trade  QUIET")
    assert parsed.ignored == {"off topic": 1, "copy": 1}
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (6, "not a time"), (7, "title is empty"), (8, "row is cut short")]  # fmt: skip
