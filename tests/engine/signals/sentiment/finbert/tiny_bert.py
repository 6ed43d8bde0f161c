"""A tiny BERT with weights by a fixed seed and a vocabulary of its own, as save_pretrained writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = [
    "hog",
    "hogs",
    "pork",
    "prices",
    "price",
    "rise",
    "rises",
    "fall",
    "falls",
    "rally",
    "slump",
    "strong",
    "weak",
    "on",
    "the",
    "as",
    "demand",
    "supply",
    "glut",
]
LABELS = ("neutral", "positive", "negative")  # another order than HYDRA's, on purpose


def write_tiny_bert(folder: Path, labels: tuple[str, ...] = LABELS, *, classifier: bool = True) -> Path:
    """A model folder with random weights; without `classifier` its encoder alone."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast
    from transformers.utils import logging

    quiet: Any = logging
    quiet.disable_progress_bar()
    folder.mkdir(parents=True)
    vocabulary = folder / "vocab.txt"
    pieces = [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
    pieces += [f"##{piece}" for piece in pieces]
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *pieces]), encoding="utf-8")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=5 + len(WORDS) + len(pieces), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, num_labels=len(labels),
        id2label=dict(enumerate(labels)), label2id={label: place for place, label in enumerate(labels)},
        initializer_range=0.8,
    )  # fmt: skip
    model: Any = BertForSequenceClassification(config) if classifier else BertModel(config)
    model.save_pretrained(folder)
    BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(folder)
    return folder
