"""A loopback server that speaks as much of the S3 protocol as Arrow's client uses: HEAD, GET with range, PUT, multipart
upload, and a list. Keeps objects in memory and checks no signature."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    parts: dict[str, dict[int, bytes]]

    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        data = self.objects.get(self._key)
        self._answer(404 if data is None else 200, b"", length=None if data is None else len(data))

    def do_GET(self) -> None:
        query = self._query
        if "list-type" in query or self._key.count("/") == 0:
            bucket = self._key.partition("/")[0]
            prefix = f"{bucket}/{query.get('prefix', [''])[0]}"
            keys = [key for key in self.objects if key.startswith(prefix)]
            listed = "".join(
                f"<Contents><Key>{key.partition('/')[2]}</Key><Size>{len(self.objects[key])}</Size></Contents>"
                for key in keys
            )
            text = f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{len(keys)}</KeyCount>{listed}"
            self._answer(200, f"<?xml version='1.0'?>{text}</ListBucketResult>".encode())
            return
        data = self.objects.get(self._key)
        if data is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        wanted = self.headers.get("Range")
        if not wanted:
            self._answer(200, data)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        end = min(int(last), len(data) - 1) if last else len(data) - 1
        piece = data[int(first) : end + 1]
        self._answer(206, piece, {"Content-Range": f"bytes {first}-{end}/{len(data)}"})

    def do_PUT(self) -> None:
        body = self._body()
        if "uploadId" in self._query:
            self.parts[self._query["uploadId"][0]][int(self._query["partNumber"][0])] = body
        else:
            self.objects[self._key] = body
        self._answer(200, b"", {"ETag": '"etag"'})

    def do_POST(self) -> None:
        self._body()
        if "uploadId" in self._query:
            parts = self.parts.pop(self._query["uploadId"][0])
            self.objects[self._key] = b"".join(parts[number] for number in sorted(parts))
            self._answer(200, b"<CompleteMultipartUploadResult><ETag>etag</ETag></CompleteMultipartUploadResult>")
            return
        name = f"upload-{len(self.parts)}-{len(self.objects)}"
        self.parts[name] = {}
        text = f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
        self._answer(200, text.encode())

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return data
        body = b""
        while True:
            head, _, data = data.partition(b"\r\n")
            size = int(head.split(b";")[0], 16)
            if not size:
                return body
            body, data = body + data[:size], data[size + 2 :]

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def object_store() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Its endpoint and the objects it holds, by "bucket/key"."""
    objects: dict[str, bytes] = {}
    handler = type("Handler", (_Handler,), {"objects": objects, "parts": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
