from __future__ import annotations

import pytest

from engine.ingestion.parsing.snapshot_time import snapshot_ts
from engine.kernel.timestamps import to_iso


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ('"Date: June 11, 2022, 8:47 PM EDT",Bid: 3878.48', "2022-06-12T00:47:00Z"),
        ('"Date: September 14, 2023 at 4:31 PM EDT",Bid: 4483.25', "2023-09-14T20:31:00Z"),
        ("Date: 9 декабря 2023 г. в 13:49 GMT-5,Bid: 4579.7998", "2023-12-09T18:49:00Z"),
        ('"Date: March 4, 2024 at 12:05 AM EST",Bid: 1', "2024-03-04T05:05:00Z"),
        ('"Date: March 4, 2024 at 12:05 PM CST",Bid: 1', "2024-03-04T18:05:00Z"),
        ('"Date: 2024-03-04T14:35:00Z",Bid: 1', "2024-03-04T14:35:00Z"),
        ('"Date: 2024-03-04 09:35",Bid: 1', "2024-03-04T14:35:00Z"),
        ('"Date: 4. März 2024 um 09:35 GMT-5",Bid: 1', "2024-03-04T14:35:00Z"),
        ('"Date: 4 de marzo de 2024, 9:35 a. m. EST",Bid: 1', "2024-03-04T14:35:00Z"),
        ('"Date: 12 мая 2023 г. в 16:01 GMT-4",Bid: 1', "2023-05-12T20:01:00Z"),
        ('"Date: July 4, 2024 at 4:15:30 PM",Bid: 1', "2024-07-04T20:15:30Z"),
    ],
)
def test_spellings(line: str, moment: str) -> None:
    ts = snapshot_ts(line)
    assert ts is not None and to_iso(ts) == moment


@pytest.mark.parametrize(
    "line",
    ["", "Date: soon", "Date: June 11, 2022", "Date: Smarch 11, 2022, 8:47 PM EDT", "Date: June 31, 2022, 8:47 PM"],
)
def test_no_moment(line: str) -> None:
    assert snapshot_ts(line) is None
