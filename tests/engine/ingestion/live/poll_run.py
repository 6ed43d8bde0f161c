"""One poll of a stand-in's source, as a process that can be killed. Arguments: workspace, address, source."""

from __future__ import annotations

import sys
from pathlib import Path


def run(root: Path, url: str, source: str) -> None:
    from engine.ingestion.live.credentials import FoundCredential, find_credential
    from engine.ingestion.live.live_client import LiveClient
    from engine.ingestion.live.live_ingest import poll_source
    from engine.ingestion.live.live_sources import open_live_client
    from storage.stores import Stores
    from tests.engine.ingestion.live.fake_time import FakeTime
    from tests.engine.ingestion.live.stand_ins import SECRET, STAND_INS

    stand_in = next(one for one in STAND_INS if one.source == source)
    environment = dict.fromkeys(stand_in.credentials, SECRET)

    def find(name: str) -> FoundCredential:
        return find_credential(name, environment=environment, keyring_lookup=lambda service, key: None)

    when = FakeTime()
    config = stand_in.config(url)
    client = open_live_client(source, config, when.as_fetch_time(), find=find)
    assert isinstance(client, LiveClient)
    with Stores.open(root) as stores:
        stores.sweep_orphans()
        report = poll_source(stores, config, client, clock=when.clock)
        assert report.status == "ok", report.reason
    client.close()


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
