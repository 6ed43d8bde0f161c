"""FinBERT, or any local Hugging Face folder that classifies tone, asked through a process of its own.

torch and transformers live in the worker alone. Texts go in batches, equal texts once, and an answer is kept by the
hashes of model and text. A name instead of a path is looked up in the local cache; nothing is ever downloaded. If the
worker ends or stays silent, the call fails with one sentence: nothing else answers in its place.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from engine.kernel.canonical import content_hash
from engine.kernel.child_processes import kill_group, start_child
from engine.kernel.errors import CalculationError, HydraError, InputError, RefusedError
from engine.signals.sentiment.probability_cache import Probabilities, ProbabilityCache
from engine.signals.sentiment.sentiment_score import SentimentScore
from engine.signals.sentiment.tone_labels import LABELS, score_of_probabilities

_BATCH: Final = 32
_MODEL_FILES: Final = frozenset({".json", ".txt", ".safetensors", ".bin", ".model"})
_CHUNK: Final = 1 << 20
_ERRORS: Final[dict[int, type[HydraError]]] = {3: InputError, 4: RefusedError}


def model_folder(model: str) -> Path:
    """The folder of a model: a path, or a name such as "ProsusAI/finbert" whose files are in the local cache."""
    path = Path(model).expanduser()
    if path.is_dir():
        return path.absolute()
    if path.exists():
        raise InputError(f"{model} is a file; a text model is a folder with config.json, weights and tokenizer")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise RefusedError(
            "a text model needs transformers, which is not installed; install HYDRA with its extra 'finbert'"
        ) from error
    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception as error:  # the library raises several kinds for a name it does not hold or does not like
        raise InputError(
            f"there is no folder '{model}', and the local cache of Hugging Face holds no model of that name; nothing "
            "is downloaded, so fetch the model first and name its folder"
        ) from error


def folder_hash(folder: Path) -> str:
    """One hash over the names and contents of a model's files."""
    import hashlib

    digests: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in _MODEL_FILES and path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
            digests[path.name] = digest.hexdigest()
    if "config.json" not in digests:
        raise InputError(f"{folder.name}: holds no config.json; a text model is a folder that save_pretrained wrote")
    return content_hash(digests)


class TextModelScorer:
    """Scores texts by one model folder. Use as a context manager, or call `close`.

    `cache_file` keeps answers between runs. A worker that does not answer one batch within `timeout_s` is killed.
    """

    def __init__(
        self, model: str, *, cache_file: Path | None = None, batch: int = _BATCH, timeout_s: float = 300.0
    ) -> None:
        self._folder = model_folder(model)
        self._cache = ProbabilityCache(folder_hash(self._folder), cache_file)
        self._batch = batch
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._last_words: deque[bytes] = deque(maxlen=1)
        self._listener: threading.Thread | None = None
        self.texts_computed = 0

    def __enter__(self) -> TextModelScorer:
        """The scorer itself; its worker starts with the first text that is not in the cache."""
        return self

    def __exit__(self, *reason: object) -> None:
        """End the worker."""
        self.close()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker; None where none runs."""
        return None if self._process is None else self._process.pid

    def scores(self, texts: Sequence[str], as_of_ts: int = 0) -> list[SentimentScore]:
        """Score of each text; confidence 0 for one without a letter or digit. InputError for a folder that is no
        classifier of tone, RefusedError without the extra, CalculationError where the worker ended or hangs."""
        spoken = {text: None for text in texts if any(map(str.isalnum, text))}
        missing = sorted((text for text in spoken if self._cache.get(text) is None), key=lambda text: (len(text), text))
        for start in range(0, len(missing), self._batch):
            batch = missing[start : start + self._batch]
            self._cache.keep(dict(zip(batch, self._ask(batch), strict=True)))
            self.texts_computed += len(batch)
        return [self._score(text, as_of_ts) for text in texts]

    def close(self) -> None:
        """Kill the worker, if one runs."""
        self._stop(patience_s=0.0)

    def _score(self, text: str, as_of_ts: int) -> SentimentScore:
        known = self._cache.get(text)
        if known is None:
            return SentimentScore(float("nan"), 0.0, as_of_ts)
        return score_of_probabilities(known, as_of_ts)

    def _ask(self, texts: list[str]) -> list[Probabilities]:
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"texts": texts}).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise self._ended() from error
        answers = self._answer()["probabilities"]
        if len(answers) != len(texts) or any(len(answer) != len(LABELS) for answer in answers):
            raise CalculationError("the text model's process gave another number of answers than it was asked for")
        return [(float(negative), float(neutral), float(positive)) for negative, neutral, positive in answers]

    def _start(self) -> subprocess.Popen[bytes]:
        process = start_child(
            ["__textscores", "--folder", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None
        self._process, self._answers, self._last_words = process, queue.Queue(), deque(maxlen=1)
        threading.Thread(target=_collect, args=(process.stdout, self._answers), daemon=True).start()
        self._listener = threading.Thread(target=_listen, args=(process.stderr, self._last_words), daemon=True)
        self._listener.start()
        first = self._answer()
        if "error" in first:
            self._stop()
            raise _ERRORS.get(first["exit_code"], CalculationError)(first["error"])
        return process

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=self._timeout_s)
        except queue.Empty:
            self._stop(patience_s=0.0)
            raise CalculationError(
                f"the text model's process gave no answer in {self._timeout_s:g} s and was ended; give it fewer or "
                "shorter texts at a time"
            ) from None
        if not line:
            raise self._ended()
        document: dict[str, Any] = json.loads(line)
        return document

    def _ended(self) -> CalculationError:
        """The error for a worker that is gone, with the last line it wrote."""
        code = self._stop()
        if self._listener is not None:
            self._listener.join(timeout=1.0)
        said = b"".join(self._last_words).decode("utf-8", errors="replace").strip()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return CalculationError(
            f"the text model's process ended ({how}) before it answered{': ' if said else ''}{said[:200]}"
        )

    def _stop(self, patience_s: float = 5.0) -> int:
        """End the worker, after giving one that ends by itself the time to say its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience_s)
        kill_group(process)
        if process.stdin is not None:
            with contextlib.suppress(OSError):  # what was not sent yet has no reader any more
                process.stdin.close()
        return process.returncode


def _collect(stream: IO[bytes], answers: queue.Queue[bytes]) -> None:
    """Move lines from the worker into the queue; an empty one says that it has ended."""
    with stream:
        for line in stream:
            answers.put(line)
    answers.put(b"")


def _listen(stream: IO[bytes], last_words: deque[bytes]) -> None:
    """Keep the last line that is not blank, and nothing else: a chatty library must not fill a pipe or a disk."""
    with stream:
        for line in stream:
            if line.strip():
                last_words.append(line)
