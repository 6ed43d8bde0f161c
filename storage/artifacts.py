"""Content-addressed model artifacts: the name is the SHA-256 of the bytes, checked at every load."""

from __future__ import annotations

from pathlib import Path

from engine.kernel.canonical import sha256_hex
from engine.kernel.errors import CorruptStoreError
from storage.durable_files import store_error, write_durably


class ArtifactStore:
    """Immutable byte strings below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path_of(self, artifact_hash: str) -> Path:
        """Where an artifact lies."""
        return self._root / artifact_hash[:2] / artifact_hash

    def save(self, data: bytes) -> str:
        """Store bytes and return their hash; the same bytes are stored once."""
        artifact_hash = sha256_hex(data)
        path = self.path_of(artifact_hash)
        if not path.exists() or sha256_hex(path.read_bytes()) != artifact_hash:
            write_durably(path, data)
        return artifact_hash

    def load(self, artifact_hash: str) -> bytes:
        """Bytes of an artifact. Raises CorruptStoreError if it is missing or does not hash to its name."""
        path = self.path_of(artifact_hash)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise CorruptStoreError(f"the model artifact {artifact_hash[:12]} is missing; restore a backup") from error
        except OSError as error:
            raise store_error(error, f"read the model artifact {artifact_hash[:12]}") from error
        if sha256_hex(data) != artifact_hash:
            raise CorruptStoreError(
                f"the model artifact {artifact_hash[:12]} was changed after it was written; it is refused"
            )
        return data
