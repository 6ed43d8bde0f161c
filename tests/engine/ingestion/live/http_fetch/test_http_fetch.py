"""The one way to ask: bounds, tries, redirects, conditions, and no secret anywhere."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.ingestion.live.fetch_errors import FetchFailed, NotThere
from engine.ingestion.live.http_fetch import FetchRequest, FetchState, HttpFetcher
from engine.ingestion.live.redaction import Secret
from engine.kernel.config_models import HydraConfig
from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.loopback import Asked, LoopbackServer, Reply

KEY = Secret("a-key-with+signs/in=it")
OpenFetcher = Callable[..., HttpFetcher]


@pytest.fixture
def fetcher(hogs: HydraConfig, when: FakeTime) -> Iterator[OpenFetcher]:
    opened: list[HttpFetcher] = []

    def open_one(requests_per_minute: float = 6_000.0, **changes: Any) -> HttpFetcher:
        settings = hogs.live.http.model_copy(update=changes)
        opened.append(HttpFetcher(settings, when.as_fetch_time(), requests_per_minute=requests_per_minute))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def fine(asked: Asked) -> Reply:
    del asked
    return Reply(b'{"fine": true}')


def always(reply: Reply) -> Callable[[Asked], Reply]:
    return lambda asked: reply


def failure(fetcher: HttpFetcher, request: FetchRequest, state: FetchState | None = None) -> FetchFailed:
    with pytest.raises(FetchFailed) as raised:
        fetcher.fetch(request, state)
    assert KEY.reveal() not in raised.value.message and "\n" not in raised.value.message
    return raised.value


def test_a_good_reply(serve: Any, fetcher: OpenFetcher) -> None:
    server: LoopbackServer = serve(fine)
    request = FetchRequest(f"{server.url}/x?a=1", params={"b": "2 3"}, secret_headers={"X-Api-Key": KEY})
    result = fetcher().fetch(request)
    assert (result.content, result.fetched_ts, result.unchanged) == (b'{"fine": true}', NOW, False)
    (asked,) = server.asked
    assert asked.values == {"a": "1", "b": "2 3"} and asked.headers["x-api-key"] == KEY.reveal()
    assert (asked.method, asked.headers["user-agent"]) == ("GET", "hydra")


def test_waits_double_with_jitter_and_end_at_the_limit_of_tries(
    serve: Any, fetcher: OpenFetcher, when: FakeTime
) -> None:
    server = serve(always(Reply(b"{}", status=500)))
    error = failure(fetcher(max_tries=5, first_wait_seconds=2.0, longest_wait_seconds=6.0), FetchRequest(server.url))
    assert len(server.asked) == 5 and "500" in error.message and "gave up after 5 tries" in error.message
    assert [low <= wait <= high for wait, (low, high) in zip(when.waits, [(1, 2), (2, 4), (3, 6), (3, 6)], strict=True)]
    assert len(set(when.waits)) == 4 and error.retry_after_ts is None


def test_the_total_time_ends_the_tries(serve: Any, fetcher: OpenFetcher, when: FakeTime) -> None:
    server = serve(always(Reply(b"{}", status=500)))
    settings = {"max_tries": 50, "first_wait_seconds": 10.0, "longest_wait_seconds": 10.0, "total_seconds": 30.0}
    failure(fetcher(**settings), FetchRequest(server.url))
    assert sum(when.waits) < 30.0 and 3 <= len(server.asked) <= 6


@pytest.mark.parametrize(
    ("asked_for", "until"),
    [
        ("90", 90),
        ("Fri, 20 Nov 2026 12:05:00 GMT", 300),
        ("999999999", 86_400),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
    ],
)
def test_a_pause_is_kept_and_bounded(
    serve: Any, fetcher: OpenFetcher, when: FakeTime, asked_for: str, until: int
) -> None:
    server = serve(always(Reply(b"{}", status=429, headers={"Retry-After": asked_for})))
    error = failure(fetcher(max_tries=1), FetchRequest(server.url))
    assert error.retry_after_ts == NOW + until * 1_000_000 and when.waits == []


def test_a_pause_longer_than_the_time_left_ends_at_once(serve: Any, fetcher: OpenFetcher, when: FakeTime) -> None:
    server = serve(always(Reply(b"{}", status=429, headers={"Retry-After": "400"})))
    error = failure(fetcher(total_seconds=300.0), FetchRequest(server.url))
    assert len(server.asked) == 1 and when.waits == [] and "too many requests" in error.message


def test_conditions_are_sent_and_304_is_unchanged(serve: Any, fetcher: OpenFetcher) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"v1"' and "if-modified-since" in asked.headers:
            return Reply(status=304)
        return Reply(b"{}", headers={"ETag": '"v1"', "Last-Modified": "Fri, 13 Nov 2026 20:30:00 GMT"})

    server = serve(answer)
    one = fetcher()
    first = one.fetch(FetchRequest(server.url))
    stored = first.state.to_json()
    second = one.fetch(FetchRequest(server.url), FetchState.of(stored))
    assert second.unchanged and second.content == b"" and second.state.to_json() == stored
    assert "without conditions" in failure(one, FetchRequest(server.url + "/y", headers={"If-None-Match": '"v1"',
        "If-Modified-Since": "x"})).message  # fmt: skip


def test_gzip_is_unpacked_and_a_bomb_is_bounded(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(always(Reply.packed(b'{"x": 1}')))
    assert fetcher().fetch(FetchRequest(server.url)).content == b'{"x": 1}'
    bomb = gzip.compress(b"[" + b" " * (40 * 2**20))
    assert len(bomb) < 2**20
    server.answer = always(Reply(bomb, headers={"Content-Encoding": "gzip"}))
    assert "larger than 1 MiB" in failure(fetcher(max_reply_mib=1), FetchRequest(server.url)).message
    server.answer = always(Reply(b"[" + b" " * 2**21))
    assert "larger than 1 MiB" in failure(fetcher(max_reply_mib=1), FetchRequest(server.url)).message
    server.answer = always(Reply(b"xx", headers={"Content-Encoding": "br"}))
    assert "not asked for" in failure(fetcher(), FetchRequest(server.url)).message


def test_gzip_that_ends_early_is_tried_again(serve: Any, fetcher: OpenFetcher) -> None:
    whole = gzip.compress(b'{"x": 1}')
    replies = [whole[:-9], whole]
    server = serve(lambda asked: Reply(replies.pop(0), headers={"Content-Encoding": "gzip"}))
    assert fetcher().fetch(FetchRequest(server.url)).content == b'{"x": 1}' and len(server.asked) == 2


def test_silence_ends(serve: Any, fetcher: OpenFetcher) -> None:
    server: LoopbackServer = serve(fine)

    def silent(asked: Asked) -> Reply:
        server.stopping.wait(0.5)
        return fine(asked)

    server.answer = silent
    error = failure(fetcher(read_timeout_seconds=0.05, max_tries=2), FetchRequest(server.url))
    assert "no answer in time" in error.message and len(server.asked) == 2


def redirecting(target: Callable[[], str], status: int = 302) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/end":
            return Reply(b'{"end": true}')
        return Reply(status=status, headers={"Location": target()})

    return answer


def test_a_redirect_on_the_same_host_keeps_the_credential(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(redirecting(lambda: "/end"))
    request = FetchRequest(f"{server.url}/start", secret_headers={"X-Api-Key": KEY})
    assert fetcher().fetch(request).content == b'{"end": true}'
    assert [asked.headers.get("x-api-key") for asked in server.asked] == [KEY.reveal()] * 2


@pytest.mark.parametrize(
    "secret", [{"secret_headers": {"X-Api-Key": KEY}}, {"secret_params": {"t": KEY}}, {"basic_auth": (KEY, None)}]
)
def test_a_credential_never_goes_to_another_host(serve: Any, fetcher: OpenFetcher, secret: dict[str, Any]) -> None:
    other = serve(fine)
    server = serve(redirecting(lambda: f"{other.url}/end"))
    assert "another host" in failure(fetcher(), FetchRequest(f"{server.url}/a", **secret)).message
    assert other.asked == []
    assert fetcher().fetch(FetchRequest(f"{server.url}/a")).content == b'{"fine": true}'


@pytest.mark.parametrize(
    ("target", "words"),
    [("/a", "loop"), ("ftp://example.org/x", "'ftp' is not followed"), ("", "leads nowhere")],
)
def test_redirects_that_are_refused(serve: Any, fetcher: OpenFetcher, target: str, words: str) -> None:
    server = serve(redirecting(lambda: target))
    assert words in failure(fetcher(), FetchRequest(f"{server.url}/a")).message


def test_redirects_without_end_are_bounded(serve: Any, fetcher: OpenFetcher) -> None:
    steps = iter(range(1_000))
    server = serve(redirecting(lambda: f"/step{next(steps)}"))
    assert "more than 5 redirects" in failure(fetcher(), FetchRequest(f"{server.url}/a")).message
    assert len(server.asked) == 6


def test_a_form_is_not_redirected_unless_it_stays_one(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(redirecting(lambda: "/end"))
    assert "a form" in failure(fetcher(), FetchRequest(f"{server.url}/a", form={"b": "c"})).message
    server.answer = redirecting(lambda: "/end", 307)
    fetcher().fetch(FetchRequest(f"{server.url}/a", form={"b": "c"}))
    assert (server.asked[-1].method, server.asked[-1].values) == ("POST", {"b": "c"})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/x", "plain http"),
        ("ftp://example.org/x", "not an http or https address"),
        ("https://someone:word@example.org/x", "must not hold a user"),
        ("https:///x", "not an http or https address"),
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(fetcher: OpenFetcher, url: str, words: str) -> None:
    error = failure(fetcher(), FetchRequest(url, secret_headers={"X-Api-Key": KEY}))
    assert words in error.message and "word@" not in error.message


def test_a_wrong_content_type_is_told_and_not_tried_again(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(always(Reply(b"<html>", content_type="text/html; charset=utf-8")))
    assert "an HTML page instead of JSON" in failure(fetcher(), FetchRequest(server.url)).message
    server.answer = always(Reply(b"a,b\n1,2\n", content_type="text/csv"))
    assert "text/csv instead of JSON" in failure(fetcher(), FetchRequest(server.url)).message
    server.answer = always(Reply(b"fault", content_type=None))
    assert "does not begin as JSON" in failure(fetcher(), FetchRequest(server.url)).message
    assert len(server.asked) == 3
    server.answer = always(Reply(b"[]", content_type="application/problem+json"))
    assert fetcher().fetch(FetchRequest(server.url)).content == b"[]"


def test_the_words_of_a_refusal_are_repeated_without_the_secret(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(lambda asked: Reply(f"key {asked.values['k']}\nis\tbad".encode(), status=403))
    request = FetchRequest(server.url, secret_params={"k": KEY}, credential="HYDRA_X_KEY")
    error = failure(fetcher(), request)
    assert "403: access refused, check HYDRA_X_KEY (key *** is bad)" in error.message
    assert len(server.asked) == 1


def test_nothing_there_is_a_kind_of_its_own(serve: Any, fetcher: OpenFetcher) -> None:
    server = serve(always(Reply(b"{}", status=404)))
    assert isinstance(failure(fetcher(), FetchRequest(server.url)), NotThere)


def test_requests_keep_the_rate(serve: Any, fetcher: OpenFetcher, when: FakeTime) -> None:
    server = serve(fine)
    one = fetcher(requests_per_minute=6.0)
    for _ in range(3):
        one.fetch(FetchRequest(server.url))
    assert when.waits == pytest.approx([10.0, 10.0])
    slow = fetcher(requests_per_minute=1.0, total_seconds=30.0)
    slow.fetch(FetchRequest(server.url))
    error = failure(slow, FetchRequest(server.url))
    assert "rate limit" in error.message and error.retry_after_ts == when.clock.now_ts() + 60_000_000


def test_a_broken_off_connection_is_tried_again(serve: Any, fetcher: OpenFetcher) -> None:
    replies = [Reply(b'{"a": ', stated_length=100), Reply(b'{"a": 1}')]
    server = serve(lambda asked: replies.pop(0))
    assert fetcher().fetch(FetchRequest(server.url)).content == b'{"a": 1}'
