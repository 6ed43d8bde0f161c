"""HTTP over connections whose every read and write obeys one deadline.

httpx bounds the silence between two reads, so a server that sends one byte now and then holds it for ever, in the
headers as in the body. Here each read waits at most for what is left of the deadline.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import httpx


class Deadline:
    """A moment on a monotonic clock (seconds) until which everything must be done."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends = monotonic()

    def start(self, seconds: float) -> None:
        """Begin anew: `seconds` from now."""
        self._ends = self._monotonic() + seconds

    def bounded(self, timeout: float | None) -> float:
        """The shorter of `timeout` and what is left. Raises httpcore.ReadTimeout where nothing is."""
        left = self._ends - self._monotonic()
        if left <= 0.0:
            raise DeadlinePassed("the deadline passed before the reply was complete")
        return left if timeout is None else min(timeout, left)


class DeadlinePassed(httpcore.ReadTimeout):
    """The reply kept coming, too slowly."""


class DeadlineTransport(httpx.BaseTransport):
    """A connection pool of one request at a time. Certificates are checked as httpcore does by default (certifi)."""

    def __init__(self, deadline: Deadline) -> None:
        self._pool = httpcore.ConnectionPool(max_connections=4, network_backend=_DeadlineBackend(deadline))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors are those of httpcore."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_ReplyStream(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _ReplyStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _DeadlineBackend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, self._deadline.bounded(timeout), local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.bounded(timeout))
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
