"""What every live client is: it knows where its source goes on, and yields replies that the file pipelines read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from engine.ingestion.input_file import InputFile
from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.http_fetch import FetchTime, HttpFetcher
from engine.ingestion.live.redaction import Secret
from engine.ingestion.parsing.json_reply import read_json
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

Cursor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FetchedReply:
    """One reply. `name` tells source and page, is the same for the same question and holds no secret; `content` is what
    a pipeline recognises, empty where the source had nothing new; `fetched_ts` is when it was complete (UTC
    microseconds). `cursor` is where the source goes on once this reply is stored: plain JSON, no secret."""

    name: str
    content: bytes
    fetched_ts: int
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class ClientParts:
    """What a client is built from: settings, its credentials by name (missing ones left out), time and chance."""

    config: HydraConfig
    when: FetchTime
    credentials: Mapping[str, Secret] = field(default_factory=dict)

    def fetcher(self, requests_per_minute: float) -> HttpFetcher:
        """A fetcher under the settings of all live sources."""
        return HttpFetcher(self.config.live.http, self.when, requests_per_minute=requests_per_minute)


class LiveClient(ABC):
    """Base of every live client. `source` is its key in settings and in `feed_cursors`; `title` is for people;
    `required_credentials` name the variables without which it cannot ask, `optional_credentials` those that help."""

    source: ClassVar[str]
    title: ClassVar[str]
    required_credentials: ClassVar[tuple[str, ...]] = ()
    optional_credentials: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def build(cls, parts: ClientParts) -> Self:
        """The client under these settings."""

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        """Why the settings leave this source nothing to ask, or ""."""
        del config
        return ""

    @classmethod
    @abstractmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        """The sources, as `feeds` and the lake name them, that this client fills under these settings."""

    @abstractmethod
    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        """Replies from where `cursor` stands up to `now_ts` (UTC microseconds), one page each, oldest question first.

        Whoever iterates stores each reply before asking for the next. A reply that could not be stored is thrown into
        the iterator as an InputError: a client of several independent parts then leaves that part where it stood and
        goes on with the next. Raises FetchFailed where a part came to nothing, once the others are done.
        """

    def first_cursor(self, last_known_ts: Mapping[str, int]) -> Cursor:
        """Where to begin when there is no cursor yet. `last_known_ts` holds what is stored already: the newest known
        time (UTC microseconds) of each feed that it fills."""
        del last_known_ts
        return {}

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""


_LAST_PART: Final = "last part"


@dataclass(slots=True)
class PartsCursor:
    """The cursor of a client of several independent parts (feeds, symbols, files): one state each, by name, and which
    part had the last turn, so that a poll that ends early starves none."""

    states: dict[str, Any]

    @classmethod
    def of(cls, cursor: Cursor) -> PartsCursor:
        """From a stored cursor."""
        return cls(dict(cursor))

    def each(
        self, parts: Iterable[str], fetch_part: Callable[[str, Any], Iterator[tuple[FetchedReply, Any]]]
    ) -> Iterator[FetchedReply]:
        """The replies of every part. `fetch_part(part, state)` yields a reply with the part's state after it; the
        state counts once the reply is stored. The first failure is raised when all parts had their turn."""
        failures: list[InputError] = []
        order = list(parts)
        last = self.states.get(_LAST_PART)
        begin = order.index(last) + 1 if last in order else 0
        for part in [*order[begin:], *order[:begin]]:
            try:
                for reply, state in fetch_part(part, self.states.get(part)):
                    after = {**self.states, part: state, _LAST_PART: part}
                    yield FetchedReply(reply.name, reply.content, reply.fetched_ts, after)
                    self.states = after
            except InputError as error:
                failures.append(error)
        if failures:
            pauses = [error.retry_after_ts for error in failures if isinstance(error, FetchFailed)]
            told = failures[0].message
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            raise FetchFailed(f"{told}{more}", retry_after_ts=max((p for p in pauses if p is not None), default=None))


def json_of(name: str, content: bytes) -> object:
    """The document of a JSON reply; FetchFailed where it is cut short or not JSON."""
    try:
        return read_json(InputFile(name, content, ""))
    except InputError as error:
        raise FetchFailed(error.message) from error


def changed_layout(name: str, what: str) -> FetchFailed:
    """The error of a reply that is not laid out as documented."""
    return FetchFailed(f"{name}: {what}; has the source changed its layout?")
