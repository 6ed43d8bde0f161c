"""A Hugging Face folder that classifies texts (FinBERT and its kin), loaded by transformers and torch.

Only a worker process comes here (`text_model_worker.py`). Nothing is downloaded and no code of the folder is run. The
order of the labels is read from the folder's own configuration; a folder whose labels are not the three of tone, or
that lacks weights of its classifier, is refused rather than answered for at random.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.kernel.errors import InputError, RefusedError
from engine.signals.sentiment.tone_labels import LABELS

EXTRA: Final = "finbert"
_OFFLINE: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
_NAMES: Final[dict[str, str]] = {
    "negative": "negative", "neg": "negative", "bearish": "negative",
    "neutral": "neutral", "neu": "neutral", "none": "neutral",
    "positive": "positive", "pos": "positive", "bullish": "positive",
}  # fmt: skip
_MOST_TOKENS: Final = 512
# Position embeddings of this family begin behind the padding index.
_OFFSET_POSITIONS: Final = frozenset({"roberta", "xlm-roberta", "camembert"})


class TextModel:
    """One loaded folder."""

    def __init__(self, folder: Path) -> None:
        """Load a folder. RefusedError where transformers or torch are not installed, InputError where the folder is no
        classifier of tone."""
        os.environ.update(_OFFLINE)
        try:
            import torch
            import transformers
        except ImportError as error:
            raise RefusedError(
                f"a text model needs {error.name}, which is not installed; install HYDRA with its extra '{EXTRA}'"
            ) from error
        torch.set_num_threads(1)
        speech: Any = transformers.utils.logging
        speech.set_verbosity_error()
        speech.disable_progress_bar()
        self._torch: Any = torch
        try:
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
            self._places = label_places(folder.name, getattr(config, "id2label", {}))
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model, report = transformers.AutoModelForSequenceClassification.from_pretrained(
                folder, config=config, local_files_only=True, output_loading_info=True
            )
        except InputError:
            raise
        except Exception as error:  # transformers raises whatever the damage leads to
            raise InputError(
                f"{folder.name}: cannot be loaded as a text classifier: {_first_line(error)}; it needs config.json, "
                "the weights and the tokenizer that save_pretrained writes"
            ) from error
        lacking = sorted(report.get("missing_keys", ())) + sorted(str(one) for one in report.get("mismatched_keys", ()))
        if lacking:
            raise InputError(
                f"{folder.name}: lacks weights of the classifier ({', '.join(lacking[:3])}); it is not trained for tone"
            )
        self._model.eval()
        self._most_tokens = _token_limit(config, self._tokenizer)

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        """Probabilities of `LABELS` for each text, computed as one batch; longer texts are cut at the model's limit.
        Rounded to six decimals, because the last bits depend on what else is in the batch."""
        if not texts:
            return []
        with self._torch.inference_mode():
            batch = self._tokenizer(
                [text.encode("utf-8", "replace").decode() for text in texts],
                truncation=True,
                max_length=self._most_tokens,
                padding=True,
                return_tensors="pt",
            )
            likely = self._torch.softmax(self._model(**batch).logits.double(), dim=-1).tolist()
        return [[round(row[place], 6) for place in self._places] for row in likely]


def label_places(name: str, id2label: dict[Any, Any]) -> list[int]:
    """Where the model's output holds each of `LABELS`; InputError where it does not hold exactly these."""
    found = {str(label): int(place) for place, label in id2label.items()}
    places = {_NAMES[label.lower()]: place for label, place in found.items() if label.lower() in _NAMES}
    if len(found) != len(LABELS) or len(places) != len(LABELS):
        raise InputError(
            f"{name}: its labels are {', '.join(found) or 'not given'}; a model of tone has {', '.join(LABELS)} "
            "(id2label in its config.json)"
        )
    return [places[label] for label in LABELS]


def _token_limit(config: Any, tokenizer: Any) -> int:
    positions = int(getattr(config, "max_position_embeddings", None) or _MOST_TOKENS)
    if getattr(config, "model_type", "") in _OFFSET_POSITIONS:
        positions -= 2
    return min(positions, int(min(tokenizer.model_max_length, _MOST_TOKENS)))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
