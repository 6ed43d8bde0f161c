"""Probabilities that a text model gave before, by the hash of the model and of the text; in memory, and in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from engine.kernel.canonical import sha256_hex
from engine.kernel.errors import StoreError

Probabilities = tuple[float, float, float]


def text_key(text: str) -> str:
    """The hash of a text under which its probabilities are kept."""
    return sha256_hex(text.encode("utf-8", errors="surrogatepass"))


class ProbabilityCache:
    """Probabilities of one model. `path` is a file of JSON lines to which new ones are appended; None keeps them in
    memory alone. Lines of other models, and a line cut off by a crash, are passed over; `damaged_lines` counts the
    latter."""

    def __init__(self, model_hash: str, path: Path | None = None) -> None:
        self._model_hash = model_hash
        self._path = path
        self._known: dict[str, Probabilities] = {}
        self.damaged_lines = 0
        if path is not None and path.exists():
            try:
                content = path.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise StoreError(f"{path}: the kept scores cannot be read: {error.strerror}") from error
            for line in content.splitlines():
                self._take(line)

    def get(self, text: str) -> Probabilities | None:
        """What the model said of a text before; None where it was never asked."""
        return self._known.get(text_key(text))

    def keep(self, answers: Mapping[str, Probabilities]) -> None:
        """Remember answers by text; StoreError where the file cannot be written."""
        new = {text_key(text): answer for text, answer in answers.items()}
        self._known.update(new)
        if self._path is None or not new:
            return
        lines = [json.dumps({"model": self._model_hash, "text": key, "p": answer}) for key, answer in new.items()]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise StoreError(f"{self._path}: scores cannot be kept there: {error.strerror}") from error

    def _take(self, line: str) -> None:
        try:
            entry = json.loads(line)
            negative, neutral, positive = (float(one) for one in entry["p"])
            model, text = entry["model"], str(entry["text"])
        except (ValueError, KeyError, TypeError):
            self.damaged_lines += 1
            return
        if model == self._model_hash:
            self._known[text] = (negative, neutral, positive)
