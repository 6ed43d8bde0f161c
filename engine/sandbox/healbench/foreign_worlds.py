"""Worlds of other makers: read from an npz file, answered with an npz and a JSON file beside it.

In: `x[S, T, D]` (features as delivered, NaN missing), `y[S, T]`, `spread[S, T]`, `volume[S, T]` and the scalar
`train_bars` (101 at least). Out: `position[S, T]` (held over bar t, decided before y[t] is seen), and in the JSON the
alerts, diagnoses with evidence, repairs and promotions by world and bar.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import InputError
from engine.sandbox.healbench.episode_record import (
    AlertRecord,
    DiagnosisRecord,
    EpisodeRecord,
    EvidenceRecord,
    PromotionRecord,
    RepairRecord,
)
from engine.sandbox.healbench.heal_world import FloatArray
from engine.sandbox.healbench.market_view import MarketView

FEWEST_TRAIN_BARS: Final = 101
_ARRAYS: Final = {"x": 3, "y": 2, "spread": 2, "volume": 2}


@dataclass(frozen=True, slots=True, eq=False)
class ForeignWorlds:
    """S worlds of one shape; `view(i)` is what an agent may be given of world i."""

    x: FloatArray
    y: FloatArray
    spread: FloatArray
    volume: FloatArray
    train_bars: int

    def __len__(self) -> int:
        return len(self.x)

    def view(self, index: int) -> MarketView:
        """World `index` as an agent's market."""
        return MarketView(self.x[index], self.y[index], self.spread[index], self.volume[index], self.train_bars)


def read_foreign_worlds(path: Path) -> ForeignWorlds:
    """Read and check a file; InputError says in one sentence what is wrong with it."""
    arrays = _read_arrays(path)
    values = {name: _floats(path, name, arrays[name], rank) for name, rank in _ARRAYS.items()}
    worlds, bars = values["x"].shape[:2]
    if 0 in values["x"].shape:
        raise InputError(f"{path.name}: x has shape {values['x'].shape}; at least one world, bar and feature is needed")
    for name in ("y", "spread", "volume"):
        if values[name].shape != (worlds, bars):
            raise InputError(f"{path.name}: {name} has shape {values[name].shape}, but x asks for {(worlds, bars)}")
        if not np.isfinite(values[name]).all():
            raise InputError(f"{path.name}: {name} holds {_first_bad(~np.isfinite(values[name]))}, not a finite number")
    if np.isinf(values["x"]).any():
        raise InputError(f"{path.name}: x holds {_first_bad(np.isinf(values['x']))}, an infinite number")
    if (values["spread"] < 0.0).any():
        raise InputError(f"{path.name}: spread holds {_first_bad(values['spread'] < 0.0)}, a negative number")
    if (values["volume"] <= 0.0).any():
        raise InputError(f"{path.name}: volume holds {_first_bad(values['volume'] <= 0.0)}, which is not above 0")
    train_bars = _train_bars(path, arrays["train_bars"], bars)
    still = np.flatnonzero(np.ptp(values["y"][:, :train_bars], axis=1) == 0.0)
    if len(still):
        raise InputError(f"{path.name}: y of world {still[0]} never moves on its training bars; nothing can be learned")
    return ForeignWorlds(**values, train_bars=train_bars)


def write_foreign_answers(path: Path, records: Sequence[EpisodeRecord]) -> Path:
    """Write `position[S, T]` to `path` (.npz) and everything else to the JSON beside it, whose path is returned.

    Both files are complete before either takes its place; InputError where the folder or a file cannot be written or
    the records differ in length.
    """
    if path.suffix != ".npz":
        raise InputError(f"the answers go to a file that ends in .npz, not to {path.name}")
    if len({len(record.position) for record in records}) != 1:
        raise InputError("answers need at least one world, all with as many bars")
    beside = path.with_suffix(".json")
    document = {"worlds": [{"world": index, **_answers(record)} for index, record in enumerate(records)]}
    text = json.dumps(document, indent=1, allow_nan=False)
    pending = {target: target.with_name(f".{target.name}.{os.getpid()}.part") for target in (path, beside)}
    try:
        with pending[path].open("wb") as stream:
            np.savez_compressed(stream, position=np.stack([record.position for record in records]))
        pending[beside].write_text(text + "\n", encoding="utf-8")
        os.replace(pending[beside], beside)
        os.replace(pending[path], path)
    except OSError as error:
        raise InputError(f"the answers cannot be written to {path}: {error.strerror or error}") from error
    finally:
        for part in pending.values():
            part.unlink(missing_ok=True)
    return beside


def _read_arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            raise InputError(f"{path.name} is a single array, not an npz file of named arrays")
        with found as file:
            missing = [name for name in (*_ARRAYS, "train_bars") if name not in file.files]
            if missing:
                raise InputError(f"{path.name} holds no array named {', '.join(missing)}")
            return {name: file[name] for name in (*_ARRAYS, "train_bars")}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{path.name} is not a readable npz file of plain numbers") from error


def _floats(path: Path, name: str, array: NDArray[Any], rank: int) -> FloatArray:
    if array.ndim != rank:
        raise InputError(f"{path.name}: {name} has {array.ndim} dimensions, {rank} are needed")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path.name}: {name} holds {array.dtype}, real numbers are needed")
    return np.asarray(array, dtype=np.float64)


def _train_bars(path: Path, array: NDArray[Any], bars: int) -> int:
    if array.ndim != 0 or array.dtype.kind not in "fiu" or not float(array).is_integer():
        raise InputError(f"{path.name}: train_bars must be one whole number")
    count = int(array)
    if not FEWEST_TRAIN_BARS <= count < bars:
        raise InputError(
            f"{path.name}: train_bars is {count}; from {FEWEST_TRAIN_BARS} to {bars - 1} of the {bars} bars can train"
        )
    return count


def _first_bad(bad: NDArray[np.bool_]) -> str:
    where = ", ".join(str(item) for item in np.argwhere(bad)[0].tolist())
    return f"at [{where}]"


def _answers(record: EpisodeRecord) -> dict[str, Any]:
    return {
        "agent": record.agent,
        "deployed": record.deployed,
        "alerts": [_plain(_fields(item)) for item in record.alerts],
        "diagnoses": [
            _plain({**_fields(item), "evidence": [_fields(evidence) for evidence in item.evidence]})
            for item in record.diagnoses
        ],
        "repairs": [_plain(_fields(item)) for item in record.repairs],
        "promotions": [_plain(_fields(item)) for item in record.promotions],
    }


def _fields(value: AlertRecord | DiagnosisRecord | EvidenceRecord | RepairRecord | PromotionRecord) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    """JSON values: arrays and tuples as lists, numbers that are not finite as null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
