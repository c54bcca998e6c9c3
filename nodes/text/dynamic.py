"""Texts with choices in them."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.variants import Look, choose, every, parse
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Prompt, Under
from graphengine.types.builtin import Seed

Folder = Annotated[File | None, Under("inputs")]


@node("text.dynamic", category="text", title="Dynamic prompt", lane="io")
def dynamic(text: Annotated[str, Prompt()], seed: Seed = Seed(0), wildcards: Folder = None) -> str:
    r"""Make the choices in a text by chance: another seed, another prompt.

    Inputs:
        text: ``{red|blue}`` is one of its choices, ``{3::red|blue}`` takes red three times as often,
            ``{2$$a|b|c}`` takes two of them, and ``__animal__`` is a line of the file ``animal.txt``. All of it nests;
            ``\{`` is a plain bracket.
        seed: equal seeds make equal choices.
        wildcards: the folder, under the inputs, where the files of ``__names__`` lie; lines with # are left out.

    Errors: brackets do not match, a wildcard is not there, or leads to itself.
    """
    source = random.Random(seed)  # noqa: S311 - of words, not of secrets
    return choose(parse(text), source, _look(wildcards))


@node("text.combinations", category="text", title="All combinations", lane="io")
def combinations(
    text: Annotated[str, Prompt()],
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100,
    wildcards: Folder = None,
) -> list[str]:
    """Make the choices in a text in every way: a list of prompts, the last choice changing fastest.

    Inputs:
        text: as for Dynamic prompt; weights do not count, and ``$$`` is not allowed.
        limit: how many prompts at most.
        wildcards: the folder where the files of ``__names__`` lie.

    Errors: as for Dynamic prompt.
    """
    return every(parse(text), _look(wildcards), limit)


def _look(folder: File | None) -> Look:
    @cache  # a line may name it again and again
    def look(name: str) -> Sequence[str]:
        if folder is None:
            raise NodeError(f"there is no folder of wildcards for __{name}__", hint="Name one under the inputs.")
        root = folder.path.resolve()
        path = (root / f"{name}.txt").resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise NodeError(f"{folder.reference!r} has no wildcard __{name}__", hint=f"Put {name}.txt into it.")
        try:
            lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise NodeError(f"the wildcard __{name}__ cannot be read: {error}") from error
        found = [line for line in lines if line and not line.startswith("#")]
        if not found:
            raise NodeError(f"the wildcard __{name}__ is empty")
        return found

    return look
