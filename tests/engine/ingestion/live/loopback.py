"""A web server on the loopback that answers as a source would, and misbehaves on demand."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DRIP_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; `values` are the parameters of its query and its form."""

    method: str
    path: str
    values: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `stated_length` lies about the length; `drip` sends header or body byte by byte without end."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    stated_length: int | None = None
    drip: str = ""

    @classmethod
    def packed(cls, body: bytes, **more: Any) -> Reply:
        """The same, gzipped on the way."""
        return cls(gzip.compress(body), headers={"Content-Encoding": "gzip", **more.pop("headers", {})}, **more)


Answer = Callable[[Asked], Reply]


class LoopbackServer:
    """Answers by `answer`; where `fault` gives a reply for a request, that one goes out instead."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.fault: Callable[[Asked], Reply | None] = lambda asked: None
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._http = _QuietServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.fault(asked) or self.answer(asked)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def close(self) -> None:
        """From here on the port refuses connections."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def serving(answer: Answer) -> Iterator[LoopbackServer]:
    server = LoopbackServer(answer)
    try:
        yield server
    finally:
        if not server.stopping.is_set():
            server.close()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are the point of many tests."""


def _handler(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the body waits 40 ms for the acknowledgement of the headers

        def do_GET(self) -> None:
            self._serve("")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        def _serve(self, form: str) -> None:
            parts = urlsplit(self.path)
            values = dict(parse_qsl(parts.query) + parse_qsl(form))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply_to(Asked(self.command, parts.path, values, headers))
            try:
                self._send(reply)
            except OSError:  # the client has gone
                self.close_connection = True

        def _send(self, reply: Reply) -> None:
            if reply.drip == "headers":
                self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                return
            self.send_response(reply.status)
            if reply.content_type is not None and reply.status != 304:
                self.send_header("Content-Type", reply.content_type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = 10_000_000 if reply.drip else len(reply.body)
            self.send_header("Content-Length", str(reply.stated_length or length))
            self.end_headers()
            if reply.drip:
                self._drip(b"")
                return
            if reply.status != 304:
                self.wfile.write(reply.body)
            if reply.stated_length is not None:
                self.close_connection = True

        def _drip(self, start: bytes) -> None:
            self.wfile.write(start)
            self.close_connection = True
            while not server.stopping.wait(DRIP_SECONDS):
                self.wfile.write(b"x")
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    return Handler
