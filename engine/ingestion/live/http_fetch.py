"""One way to ask a live source: bounded in time, size, redirects and tries, and silent about secrets.

A try ends with a complete reply of the expected kind, with "unchanged" (304), or with a fault. Faults that may pass
(429, 5xx, 408, 425, time-outs, broken or truncated replies, refused connections) are tried again; the others (401,
403, other statuses, redirects that are refused, a wrong content type, a reply too large) end at once.
"""

from __future__ import annotations

import random
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from engine.ingestion.live.fetch_errors import FetchFailed, NotThere
from engine.ingestion.live.rate_limit import TokenBucket
from engine.ingestion.live.redaction import Secret, place_of, redacted
from engine.ingestion.live.reply_body import JSON, ExpectedContent, TruncatedReply, read_body
from engine.ingestion.live.retry_policy import RetryPolicy, asked_pause_seconds
from engine.ingestion.parsing.text_cleaning import one_line
from engine.kernel.clock import Clock, SystemClock
from engine.kernel.config_models import LiveHttpConfig
from engine.kernel.timestamps import MICROS_PER_SECOND

if TYPE_CHECKING:
    import httpx

USER_AGENT: Final = "hydra"
_PASSING_STATUSES: Final = frozenset({408, 425, 429})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD: Final = frozenset({307, 308})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_WORDS_OF_AN_ERROR_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class FetchState:
    """What a source said about the version it last gave, to be asked "anything newer?". Plain data for a cursor."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, str] | None) -> FetchState:
        """From what `to_json` gave; nothing stored is nothing known."""
        stored = stored or {}
        return cls(stored.get("etag", ""), stored.get("last_modified", ""))

    def to_json(self) -> dict[str, str]:
        """As JSON for a cursor."""
        return {"etag": self.etag, "last_modified": self.last_modified}


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One request. `secret_params`, `secret_headers` and `basic_auth` are never shown and never sent to another host;
    `credential` names the variable behind them, for the reason of a refusal. `hidden` is no credential but never shown
    either. A `form` makes it a POST."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_params: Mapping[str, Secret] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    basic_auth: tuple[Secret, Secret | None] | None = None
    hidden: tuple[Secret, ...] = ()
    form: Mapping[str, str] | None = None
    expected: ExpectedContent = JSON
    credential: str = ""

    def credentials(self) -> tuple[Secret, ...]:
        """Every credential that goes with the request."""
        pair: list[Secret] = []
        if self.basic_auth is not None:
            user, password = self.basic_auth
            words = f"{user.reveal()}:{password.reveal() if password is not None else ''}"
            pair = [Secret(b64encode(words.encode()).decode()), user, *([password] if password is not None else [])]
        return (*self.secret_params.values(), *self.secret_headers.values(), *pair)

    def redacted(self, text: str) -> str:
        """`text` without what this request must not show."""
        return redacted(text, (*self.credentials(), *self.hidden))


@dataclass(frozen=True, slots=True)
class FetchResult:
    """A complete reply, or `unchanged` without content. `fetched_ts` is when it was complete (UTC microseconds)."""

    content: bytes
    fetched_ts: int
    state: FetchState = FetchState()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class FetchTime:
    """Time, waiting and chance, from outside: the wall clock, a monotonic clock (seconds), a sleeper, a seeded
    generator for the jitter of waits."""

    clock: Clock
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: random.Random


def system_time() -> FetchTime:
    """Time of the machine; the jitter is seeded by the moment of the call."""
    clock = SystemClock()
    return FetchTime(clock, time.monotonic, time.sleep, random.Random(clock.now_ts()))


class _PassingFault(Exception):
    """A fault after which another try makes sense; `pause_seconds` where the source asked for one."""

    def __init__(self, reason: str, pause_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause_seconds = pause_seconds


class HttpFetcher:
    """Requests to one source. Close it, or use it as a context manager."""

    def __init__(self, settings: LiveHttpConfig, when: FetchTime, *, requests_per_minute: float) -> None:
        self._settings = settings
        self._retry = RetryPolicy.of(settings)
        self._when = when
        self._bucket = TokenBucket(requests_per_minute, burst=max(1, int(requests_per_minute / 10)))
        self._client: httpx.Client | None = None

    @property
    def clock(self) -> Clock:
        """The wall clock of this fetcher."""
        return self._when.clock

    def fetch(self, request: FetchRequest, state: FetchState | None = None) -> FetchResult:
        """One reply. Raises FetchFailed with one sentence that names the place and holds no secret."""
        place = place_of(request.url)
        self._check_address(request, place)
        ends = self._when.monotonic() + self._settings.total_seconds
        tries = 0
        while True:
            self._wait_for_turn(place, ends)
            tries += 1
            try:
                return self._attempt(request, state or FetchState(), place, ends)
            except _PassingFault as fault:
                wait = max(self._retry.wait_seconds(tries, self._when.chance.random()), fault.pause_seconds or 0.0)
                if tries >= self._retry.max_tries or self._when.monotonic() + wait >= ends:
                    times = "1 try" if tries == 1 else f"{tries} tries"
                    raise FetchFailed(
                        request.redacted(f"{place}: {fault.reason}; gave up after {times}"),
                        retry_after_ts=self._retry_after_ts(fault.pause_seconds),
                    ) from None
            self._when.sleep(wait)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> HttpFetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attempt(self, request: FetchRequest, state: FetchState, place: str, ends: float) -> FetchResult:
        import httpcore
        import httpx

        from engine.ingestion.live.deadline_transport import Deadline, DeadlinePassed, DeadlineTransport

        if self._client is None:
            self._deadline = Deadline(self._when.monotonic)
            self._client = httpx.Client(transport=DeadlineTransport(self._deadline), follow_redirects=False)
        self._deadline.start(min(self._settings.attempt_seconds, ends - self._when.monotonic()))
        try:
            return self._exchange(self._client, self._first(self._client, request, state), request, state, place)
        except DeadlinePassed:
            raise _PassingFault(
                f"the reply was not complete within {self._settings.attempt_seconds:g} s (too slow)"
            ) from None
        except httpcore.TimeoutException as error:
            kind = "no connection" if isinstance(error, httpcore.ConnectTimeout) else "no answer"
            raise _PassingFault(f"{kind} in time") from None
        except TruncatedReply as error:
            raise _PassingFault(f"truncated reply: {error}") from None
        except httpcore.ConnectError as error:
            raise _PassingFault(f"no connection: {one_line(error)}") from None
        except httpcore.RemoteProtocolError as error:
            raise _PassingFault(f"truncated or broken reply: {one_line(error)}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _PassingFault(f"the connection broke: {one_line(error) or type(error).__name__}") from None
        except (httpx.InvalidURL, httpcore.UnsupportedProtocol) as error:
            raise FetchFailed(request.redacted(f"{place}: not an address: {one_line(error)}")) from None

    def _first(self, client: httpx.Client, request: FetchRequest, state: FetchState) -> httpx.Request:
        import httpx

        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **request.headers}
        headers |= {name: secret.reveal() for name, secret in request.secret_headers.items()}
        if state.etag:
            headers["If-None-Match"] = state.etag
        if state.last_modified:
            headers["If-Modified-Since"] = state.last_modified
        params = {**request.params, **{name: secret.reveal() for name, secret in request.secret_params.items()}}
        url = httpx.URL(request.url)
        url = url.copy_merge_params(params) if params else url
        data = None if request.form is None else dict(request.form)
        built = client.build_request(
            "GET" if data is None else "POST", url, headers=headers, data=data, timeout=self._timeouts()
        )
        if request.basic_auth is not None:
            user, password = request.basic_auth
            auth = httpx.BasicAuth(user.reveal(), password.reveal() if password is not None else "")
            built = next(auth.auth_flow(built))
        return built

    def _timeouts(self) -> httpx.Timeout:
        import httpx

        return httpx.Timeout(self._settings.read_timeout_seconds, connect=self._settings.connect_timeout_seconds)

    def _exchange(
        self, client: httpx.Client, sent: httpx.Request, request: FetchRequest, state: FetchState, place: str
    ) -> FetchResult:
        seen = {str(sent.url)}
        while True:
            response = client.send(sent, stream=True)
            try:
                if response.status_code not in _REDIRECTS:
                    return self._read(response, request, state, place)
                sent = self._redirected(client, sent, response, request, place, seen)
            finally:
                response.close()

    def _read(self, response: httpx.Response, request: FetchRequest, state: FetchState, place: str) -> FetchResult:
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        if status == 304:
            if not state.etag and not state.last_modified:
                raise FetchFailed(f"{place}: answered 304 'not modified' to a request without conditions")
            return FetchResult(b"", self.clock.now_ts(), state, unchanged=True)
        if status != 200:
            self._refuse_status(response, headers, request, place)
        limit = self._settings.max_reply_mib * 2**20
        body = read_body(response.iter_raw(), headers, place=place, max_bytes=limit)
        if not body.strip():
            raise FetchFailed(f"{place}: an empty reply instead of {request.expected.words}")
        refusal = request.expected.refusal(headers.get("content-type", ""), body)
        if refusal:
            raise FetchFailed(f"{place}: {one_line(refusal)}")
        version = FetchState(headers.get("etag", ""), headers.get("last-modified", ""))
        return FetchResult(body, self.clock.now_ts(), version)

    def _refuse_status(
        self, response: httpx.Response, headers: Mapping[str, str], request: FetchRequest, place: str
    ) -> None:
        status = response.status_code
        said = self._said(response, headers, request, place)
        if status in _PASSING_STATUSES or status >= 500:
            meaning = "too many requests" if status == 429 else "the source has a fault"
            raise _PassingFault(f"{status}: {meaning}{said}", asked_pause_seconds(headers, self.clock.now_ts()))
        if status in (401, 403):
            check = f", check {request.credential}" if request.credential else ""
            raise FetchFailed(request.redacted(f"{place}: {status}: access refused{check}{said}"))
        kind = NotThere if status in (404, 410) else FetchFailed
        meaning = "nothing there" if kind is NotThere else "request refused"
        raise kind(request.redacted(f"{place}: {status}: {meaning}{said}"))

    def _said(self, response: httpx.Response, headers: Mapping[str, str], request: FetchRequest, place: str) -> str:
        """The beginning of the source's own words; none where they do not come as text."""
        if "html" in headers.get("content-type", "").lower():
            return ""
        try:
            body = read_body(response.iter_raw(), headers, place=place, max_bytes=_WORDS_OF_AN_ERROR_BYTES)
        except (FetchFailed, TruncatedReply):
            return ""
        words = one_line(request.redacted(body.decode("utf-8", errors="replace")))
        return f" ({words})" if words and not words.lower().startswith(("<!doctype html", "<html")) else ""

    def _redirected(
        self,
        client: httpx.Client,
        sent: httpx.Request,
        response: httpx.Response,
        request: FetchRequest,
        place: str,
        seen: set[str],
    ) -> httpx.Request:
        target = response.headers.get("location", "")
        if not target:
            raise FetchFailed(f"{place}: a redirect that leads nowhere")
        url = sent.url.join(target)
        to = place_of(str(url))
        if str(url) in seen:
            raise FetchFailed(f"{place}: redirects lead in a loop")
        if len(seen) > self._settings.max_redirects:
            raise FetchFailed(f"{place}: more than {self._settings.max_redirects} redirects")
        if url.scheme not in ("http", "https"):
            raise FetchFailed(f"{place}: a redirect to '{one_line(url.scheme, 20)}' is not followed")
        if sent.url.scheme == "https" and url.scheme == "http":
            raise FetchFailed(f"{place}: a redirect from https to http ({to}) is not followed")
        same = (url.scheme, url.host, url.port) == (sent.url.scheme, sent.url.host, sent.url.port)
        if request.credentials() and not same:
            raise FetchFailed(f"{place}: a redirect to another host ({to}) is not followed with a credential")
        if sent.method == "POST" and response.status_code not in _KEEPS_METHOD:
            raise FetchFailed(f"{place}: a redirect of a form to {to} is not followed")
        seen.add(str(url))
        headers = {
            name: value for name, value in sent.headers.items() if name.lower() not in ("host", "content-length")
        }
        data = None if request.form is None else dict(request.form)
        return client.build_request(sent.method, url, headers=headers, data=data, timeout=self._timeouts())

    def _check_address(self, request: FetchRequest, place: str) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise FetchFailed(f"{place}: not an http or https address")
        if parts.username is not None or parts.password is not None:
            raise FetchFailed(f"{place}: an address must not hold a user or password")
        if request.credentials() and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise FetchFailed(f"{place}: a credential is not sent over plain http; use https")

    def _wait_for_turn(self, place: str, ends: float) -> None:
        wait = self._bucket.reserve(self.clock.now_ts())
        if self._when.monotonic() + wait >= ends:
            self._bucket.give_back()
            raise FetchFailed(
                f"{place}: the rate limit of this source leaves no time for the request",
                retry_after_ts=self._retry_after_ts(wait),
            )
        if wait > 0.0:
            self._when.sleep(wait)

    def _retry_after_ts(self, pause_seconds: float | None) -> int | None:
        if pause_seconds is None:
            return None
        pause = min(pause_seconds, self._retry.longest_retry_after_seconds)
        return self.clock.now_ts() + round(pause * MICROS_PER_SECOND)
