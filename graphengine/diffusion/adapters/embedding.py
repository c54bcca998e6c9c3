"""Textual inversion (Gal et al. 2023): a new word of a prompt, whose vectors were trained and come from a file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from graphengine.diffusion.loaded import Loaded, TextStack
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.header import read_header

_ONE = "emb_params"
_OF_ENCODERS = ("clip_l", "clip_g")


def open_embedding(source: File) -> str | None:
    """Make sure that a file holds the vectors of a word; return the word, if the file names it.

    Raises:
        ModelRefused: it is no safetensors file, or holds something else.
    """
    if source.path.is_dir():
        raise ModelRefused(f"{source.reference!r} is a folder", hint="Choose the file that holds the vectors.")
    shapes = read_header(source.path).shapes
    known = set(shapes) == {_ONE} or (bool(shapes) and set(shapes) <= set(_OF_ENCODERS))
    if not known and len(shapes) != 1:
        raise ModelRefused(
            f"{source.reference!r} holds {len(shapes)} tensors, and no vectors of a word",
            hint="Known: emb_params, clip_l and clip_g, and the form of diffusers.",
        )
    for name, shape in shapes.items():
        if len(shape) not in {1, 2} or 0 in shape:
            raise ModelRefused(f"{name} of {source.reference!r} is no row of vectors: its shape is {list(shape)}")
    return None if known else next(iter(shapes))


def apply_embedding(ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Teach text encoders a word (a :data:`.patcher.Patcher`).

    Raises:
        ModelRefused: the vectors are of another length than those of an encoder.
    """
    if patch.source is None or not isinstance(loaded, TextStack):
        raise ModelRefused(f"without a file no word can be added to the {ref.part}")
    open_embedding(patch.source)
    found = load_file(patch.source.path)
    tokenizers = list(loaded.tokenizers)
    places = [(index, place) for index, each in enumerate(loaded.encoders) for place in _tables(each)]
    for number, (index, place) in enumerate(places):
        table = place.token_embedding
        vectors = _vectors(found, number, table.embedding_dim, patch.source)
        place.token_embedding = extended = ExtendedTable.of(table, vectors)
        words = range(len(extended.extra) - len(vectors), len(extended.extra))
        tokenizers[index] = KnowingTokenizer(tokenizers[index], patch.name, [-1 - word for word in words])
    if not places:
        raise ModelRefused("no text encoder of the model can learn a word")
    return replace(loaded, tokenizers=tuple(tokenizers))


class ExtendedTable(nn.Module):
    """A table of vectors with more rows, whose tokens count down from -1.

    As no text has such tokens, what looks for the end of a text by the highest token is not led astray.
    """

    def __init__(self, table: nn.Embedding, extra: Tensor) -> None:
        super().__init__()
        self.table = table
        self.extra = nn.Parameter(extra, requires_grad=False)

    @property
    def embedding_dim(self) -> int:
        """The length of the vectors."""
        return self.table.embedding_dim

    @classmethod
    def of(cls, table: Any, vectors: Tensor) -> "ExtendedTable":
        """Return a table with more rows; ``table`` may have some already."""
        if isinstance(table, ExtendedTable):
            return cls(table.table, torch.cat([table.extra, vectors.to(table.extra)]))
        return cls(table, vectors.to(table.weight))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return vectors [texts, tokens, width] for tokens [texts, tokens]."""
        plain: Tensor = self.table(tokens.clamp_min(0))
        return torch.where((tokens < 0).unsqueeze(-1), self.extra[(-1 - tokens).clamp_min(0)], plain)


class KnowingTokenizer:
    """A tokenizer that knows one more word; all else is that of the tokenizer within."""

    def __init__(self, tokenizer: Any, word: str, tokens: Sequence[int]) -> None:
        self._tokenizer, self._word, self._tokens = tokenizer, word, list(tokens)
        self._split = re.compile(rf"(?<!\w)({re.escape(word)})(?!\w)")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, text: str, **options: Any) -> SimpleNamespace:
        """Return the tokens of a text as ``input_ids``."""
        tokens: list[int] = []
        for part in self._split.split(text):
            if part == self._word:
                tokens += self._tokens
            elif part:
                tokens += self._tokenizer(part, **options).input_ids
        return SimpleNamespace(input_ids=tokens)


def _tables(encoder: nn.Module) -> list[Any]:
    """Return the modules of an encoder that hold a table of vectors for CLIP's tokens."""
    return [module for module in encoder.modules() if hasattr(module, "token_embedding")]


def _vectors(found: Mapping[str, Tensor], number: int, width: int, source: File) -> Tensor:
    """Return the vectors for one encoder: [tokens, width]."""
    own = found.get(_OF_ENCODERS[number] if number < len(_OF_ENCODERS) else "")
    candidates = [*([] if own is None else [own]), *found.values()]  # of two encoders a model may have the second alone
    vectors = [each.reshape(-1, each.shape[-1]) for each in candidates]
    fitting = next((each for each in vectors if each.shape[-1] == width), None)
    if fitting is None:
        lengths = " and ".join(sorted({str(each.shape[-1]) for each in vectors}))
        raise ModelRefused(
            f"{source.reference!r} has vectors of {lengths} numbers, the text encoder takes {width}",
            hint="Is the embedding for this kind of model?",
        )
    return fitting
