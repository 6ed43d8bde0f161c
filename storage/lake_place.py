"""Places that hold a published lake: a local or mounted folder, or a prefix of an S3-style store.

Names are paths with forward slashes below the place. Files are whole or absent: a local one is renamed into place, an
object of S3 appears when its upload is completed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

from engine.kernel.errors import InputError, NotFoundError, StoreError
from storage.durable_files import store_error, write_durably

S3_SCHEME: Final = "s3://"


class LakePlace(ABC):
    """Where files of a lake lie."""

    address: str

    @abstractmethod
    def size_of(self, name: str) -> int | None:
        """Size of a file in bytes, or None where there is none."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A whole file. Raises NotFoundError."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Put a file there, whole or not at all."""

    @abstractmethod
    def location(self, name: str) -> str:
        """The file's name for `filesystem`."""

    @property
    @abstractmethod
    def filesystem(self) -> Any:
        """The Arrow file system that reads `location`."""


class FolderPlace(LakePlace):
    """A local folder or a mounted share."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()
        self.address = str(self._root)

    def size_of(self, name: str) -> int | None:
        try:
            return (self._root / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise store_error(error, f"read {self._root / name}") from error

    def read(self, name: str) -> bytes:
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError(f"there is no file {name} in {self.address}") from error
        except OSError as error:
            raise store_error(error, f"read {self._root / name}") from error

    def write(self, name: str, data: bytes) -> None:
        write_durably(self._root / name, data)

    def location(self, name: str) -> str:
        return str(self._root / name)

    @property
    def filesystem(self) -> Any:
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem()


class S3Place(LakePlace):
    """`s3://bucket/prefix`. Credentials come from the environment or the machine's role, as AWS tools read them."""

    def __init__(self, address: str, *, endpoint: str = "", region: str = "") -> None:
        self._root = address.removeprefix(S3_SCHEME).strip("/")
        self.address = S3_SCHEME + self._root
        if not self._root:
            raise InputError(f"'{address}' names no bucket; write s3://bucket/prefix")
        scheme, _, host = endpoint.rpartition("://")
        self._options: dict[str, Any] = {}
        if host:
            self._options |= {"endpoint_override": host, "scheme": scheme or "https"}
        if region:
            self._options["region"] = region
        self._opened: Any = None

    def size_of(self, name: str) -> int | None:
        from pyarrow.fs import FileType

        for info in self._guarded(lambda: [self.filesystem.get_file_info(self.location(name))]):
            return int(info.size) if info.type == FileType.File else None
        return None

    def read(self, name: str) -> bytes:
        if self.size_of(name) is None:
            raise NotFoundError(f"there is no file {name} in {self.address}")

        def fetch() -> bytes:
            with self.filesystem.open_input_stream(self.location(name)) as stream:
                return bytes(stream.read())

        return bytes(self._guarded(fetch))

    def write(self, name: str, data: bytes) -> None:
        def send() -> None:
            with self.filesystem.open_output_stream(self.location(name)) as stream:
                stream.write(data)

        self._guarded(send)

    def location(self, name: str) -> str:
        return f"{self._root}/{name}"

    @property
    def filesystem(self) -> Any:
        if self._opened is None:
            from pyarrow.fs import S3FileSystem

            self._opened = self._guarded(lambda: S3FileSystem(**self._options))
        return self._opened

    def _guarded(self, call: Any) -> Any:
        import pyarrow as pa

        try:
            return call()
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StoreError(
                f"cannot use {self.address}: {reason}; check storage.s3_endpoint, storage.s3_region and the AWS_… "
                "variables of the environment"
            ) from error


def place_of(address: str, *, s3_endpoint: str = "", s3_region: str = "") -> LakePlace:
    """The place an address names: `s3://bucket/prefix` or a folder. Raises InputError for other schemes."""
    if address.startswith(S3_SCHEME):
        return S3Place(address, endpoint=s3_endpoint, region=s3_region)
    if "://" in address:
        raise InputError(f"'{address}' is no place for a lake: name a folder or s3://bucket/prefix")
    return FolderPlace(Path(address))
