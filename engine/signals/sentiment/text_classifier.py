"""A classifier of tone that the project trains from labelled sentences: multinomial logistic regression on word grams.

Trained by scikit-learn, kept as plain numbers in an artifact whose hash is checked, and applied with numpy and scipy
alone. The same texts in the same order give the same bytes on one machine and library version.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CorruptStoreError, InputError
from engine.signals.sentiment.sentiment_score import SentimentScore
from engine.signals.sentiment.text_features import (
    LEXICON_FEATURES,
    learn_vocabulary,
    lexicon_row,
    text_grams,
    weighted,
)
from engine.signals.sentiment.tone_labels import LABELS, macro_f1, score_of_probabilities
from models.artifact import pack, unpack

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = NDArray[np.float64]
KIND: Final = "text_classifier"
LAYOUT: Final = 1
FEWEST_PER_LABEL: Final = 10
_INVERSE_PENALTY: Final = 10.0
_MOST_STEPS: Final = 2_000


class TextClassifier:
    """Probabilities of `LABELS` for texts. `coefficients`[labels, entries + lexicon figures], `intercepts`[labels]."""

    def __init__(
        self,
        vocabulary: dict[str, int],
        idf: Sequence[float],
        coefficients: FloatArray,
        intercepts: FloatArray,
        trained_on: int,
    ) -> None:
        self._vocabulary = vocabulary
        self._idf = list(idf)
        self._coefficients = coefficients
        self._intercepts = intercepts
        self.trained_on = trained_on

    @staticmethod
    def train(texts: Sequence[str], labels: Sequence[str], *, word_lists: bool = True) -> TextClassifier:
        """Fit to texts with a label of `LABELS` each; rare labels weigh more, so that each label counts the same.
        Without `word_lists` it learns from the words of the texts alone. InputError where a label is unknown or has
        fewer than ten texts."""
        _check_labels(labels)
        from sklearn.linear_model import LogisticRegression

        vocabulary, idf = learn_vocabulary(texts)
        model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=_MOST_STEPS)
        # Figures that are always zero get coefficients of exactly zero.
        model.fit(_matrix(texts, vocabulary, idf, word_lists), [LABELS.index(label) for label in labels])
        # As single precision, which is what the artifact keeps: a loaded model answers exactly as the trained one.
        coefficients = np.asarray(model.coef_, dtype=np.float32).astype(np.float64)
        intercepts = np.asarray(model.intercept_, dtype=np.float32).astype(np.float64)
        kept_idf = np.asarray(idf, dtype=np.float32).astype(np.float64).tolist()
        return TextClassifier(vocabulary, kept_idf, coefficients, intercepts, len(texts))

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Probabilities[texts, labels] in the order of `LABELS`; NaN for a text without a letter or digit."""
        if not texts:
            return np.zeros((0, len(LABELS)))
        logits = _matrix(texts, self._vocabulary, self._idf) @ self._coefficients.T + self._intercepts
        logits -= logits.max(axis=1, keepdims=True)
        likely = np.exp(logits)
        result = np.asarray(likely / likely.sum(axis=1, keepdims=True), dtype=np.float64)
        result[[not any(map(str.isalnum, text)) for text in texts]] = np.nan
        return result

    def score(self, text: str, as_of_ts: int = 0) -> SentimentScore:
        """Score and confidence of one text; confidence 0 where it holds no letter or digit."""
        return self.scores([text], as_of_ts)[0]

    def scores(self, texts: Sequence[str], as_of_ts: int = 0) -> list[SentimentScore]:
        """As `score`, for many texts at once."""
        return [
            SentimentScore(float("nan"), 0.0, as_of_ts) if row[0] != row[0] else score_of_probabilities(row, as_of_ts)
            for row in self.probabilities(texts).tolist()
        ]

    def serialize(self) -> bytes:
        """The artifact: a digest, a JSON header, arrays in npz; no pickle."""
        buffer = io.BytesIO()
        entries = np.frombuffer("\n".join(self._vocabulary).encode(), dtype=np.uint8)
        np.savez_compressed(
            buffer,
            vocabulary=entries,
            idf=np.asarray(self._idf, dtype=np.float32),
            coefficients=self._coefficients.astype(np.float32),
            intercepts=self._intercepts.astype(np.float32),
        )
        header: dict[str, Any] = {
            "kind": KIND,
            "features": list(LEXICON_FEATURES),
            "rows": self.trained_on,
            "state": {"layout": LAYOUT, "labels": list(LABELS), "entries": len(self._vocabulary)},
        }
        return pack(header, buffer.getvalue())

    @staticmethod
    def deserialize(data: bytes) -> TextClassifier:
        """The classifier that `serialize` wrote; CorruptStoreError on any changed byte or another layout."""
        header, payload = unpack(data, expected_kind=KIND)
        state = header["state"]
        if state.get("layout") != LAYOUT or state.get("labels") != list(LABELS):
            raise CorruptStoreError("the text classifier was made by another version; train it again")
        if header["features"] != list(LEXICON_FEATURES):
            raise CorruptStoreError("the text classifier was trained on other figures; train it again")
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
                words = arrays["vocabulary"].tobytes().decode().split("\n")
                idf = arrays["idf"].astype(np.float64)
                coefficients = arrays["coefficients"].astype(np.float64)
                intercepts = arrays["intercepts"].astype(np.float64)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
            raise CorruptStoreError("the text classifier's numbers cannot be read") from error
        if coefficients.shape != (len(LABELS), len(words) + len(LEXICON_FEATURES)) or len(idf) != len(words):
            raise CorruptStoreError("the text classifier's numbers do not fit its vocabulary")
        return TextClassifier(
            {word: index for index, word in enumerate(words)}, idf.tolist(), coefficients, intercepts, header["rows"]
        )


def cross_validated(
    texts: Sequence[str], labels: Sequence[str], folds: int = 5, seed: int = 0, *, word_lists: bool = True
) -> list[str]:
    """The label that a classifier trained on the other folds gives each text; folds are stratified by label. With
    `word_lists` six features come from lists and rules outside the folds: where these were written from some of the
    texts, the answer for those is better than it would be for new ones."""
    from sklearn.model_selection import StratifiedKFold

    found = [""] * len(texts)
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(texts)), list(labels))
    for training, testing in splits:
        model = TextClassifier.train([texts[i] for i in training], [labels[i] for i in training], word_lists=word_lists)
        best = model.probabilities([texts[i] for i in testing]).argmax(axis=1)
        for place, label in zip(testing.tolist(), best.tolist(), strict=True):
            found[place] = LABELS[label]
    return found


def cross_validated_f1(
    texts: Sequence[str], labels: Sequence[str], folds: int = 5, seed: int = 0, *, word_lists: bool = True
) -> float:
    """Macro F1 of `cross_validated`."""
    return macro_f1(labels, cross_validated(texts, labels, folds, seed, word_lists=word_lists))


def _check_labels(labels: Sequence[str]) -> None:
    counts = Counter(labels)
    unknown = sorted(counts.keys() - set(LABELS))
    if unknown:
        raise InputError(f"'{unknown[0]}' is no label of a text; the labels are {', '.join(LABELS)}")
    thin = [f"{label} {counts[label]}" for label in LABELS if counts[label] < FEWEST_PER_LABEL]
    if thin:
        raise InputError(
            f"a classifier needs at least {FEWEST_PER_LABEL} texts of every label; too few are {', '.join(thin)}"
        )


def _matrix(
    texts: Sequence[str], vocabulary: dict[str, int], idf: Sequence[float], word_lists: bool = True
) -> csr_array:
    """Rows[texts, entries + lexicon figures]; the latter are zero without `word_lists`."""
    from scipy.sparse import csr_array

    indices: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        for block in text_grams(text):
            places, weights = weighted(block, vocabulary, idf)
            indices += places
            values += weights
        indices += range(len(vocabulary), len(vocabulary) + len(LEXICON_FEATURES))
        values += lexicon_row(text) if word_lists else [0.0] * len(LEXICON_FEATURES)
        ends.append(len(indices))
    shape = (len(texts), len(vocabulary) + len(LEXICON_FEATURES))
    return csr_array((np.asarray(values), np.asarray(indices, dtype=np.int64), np.asarray(ends)), shape=shape)
