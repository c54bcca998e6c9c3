"""The vocabularies of models, read once."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from graphengine.models import sd, sdxl
from graphengine.models.clip_merges import LONGEST, clip_merges
from graphengine.models.tokens import Vocabulary

_AROUND: Final = 2  # begin and end
_TABLE, _MERGES = "tokenizer.json", "merges.txt"
_CLIP: Final = frozenset((sd.FAMILY, sdxl.FAMILY))
_MOST: Final = 64 * 2**20
"""The bytes that a table may have; no encoder of prompts has more."""


class Vocabularies:
    """Reads vocabularies, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[tuple[Path, int], Vocabulary | None] = {}
        self._clip: Vocabulary | None = None

    def of(self, model: Path, family: str) -> Vocabulary | None:
        """Return the vocabulary of the first text encoder of a model, or None where none is known that reads it.

        A single file has none beside it: those of Stable Diffusion read with CLIP's.
        """
        if model.is_file():
            return self._of_clip() if family in _CLIP else None
        table = next(
            (each for each in (model / "tokenizer" / _TABLE, model / "tokenizer" / _MERGES) if _is_small(each)), None
        )
        if table is None:
            return None
        stamp = (table, table.stat().st_mtime_ns)
        with self._lock:
            if stamp not in self._read:
                self._read[stamp] = _read(table, model)
            return self._read[stamp]

    def _of_clip(self) -> Vocabulary:
        with self._lock:
            if self._clip is None:
                self._clip = Vocabulary.of(clip_merges(), LONGEST - _AROUND)
            return self._clip


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= _MOST
    except OSError:
        return False


def _read(table: Path, model: Path) -> Vocabulary | None:
    """Return what a table holds; None where it is not CLIP's kind, or not to be read."""
    try:
        settings = _json(table.with_name("tokenizer_config.json"))
        longest = _json(model / "text_encoder" / "config.json")["max_position_embeddings"]
        if settings.get("tokenizer_class") not in {"CLIPTokenizer", "CLIPTokenizerFast"} or not isinstance(
            longest, int
        ):
            return None
        merges = _of_json(_json(table)) if table.name == _TABLE else _of_text(table.read_text(encoding="utf-8"))
        return Vocabulary.of(merges, max(longest - _AROUND, 1))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _of_json(told: Any) -> Sequence[tuple[str, str]]:
    pairs = [each.split() if isinstance(each, str) else each for each in told["model"]["merges"]]
    return [(str(left), str(right)) for left, right in pairs]


def _of_text(text: str) -> Sequence[tuple[str, str]]:
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#version")]
    return [(left, right) for left, right in lines]
