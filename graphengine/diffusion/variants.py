r"""Texts with choices in them: dynamic prompts.

``{red|blue}`` is one of its choices, ``{3::red|blue}`` takes red three times as often, ``{2$$a|b|c}`` takes two of them
(``{1-2$$ and $$a|b|c}`` one or two, with " and " between), ``__animal__`` is a line of the file ``animal.txt`` in a
folder of wildcards. All of it nests, and ``\{`` is a bracket that means nothing. The syntax is that of the Dynamic
Prompts extension, by which people know it.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from graphengine.errors import NodeError

Look = Callable[[str], Sequence[str]]
"""From the name of a wildcard to its lines; raises a NodeError where there is none."""

_DEEPEST = 20
_LONGEST = 100_000
_TOKEN = re.compile(r"\\[{}|_\\]|__[\w\-/ ]+?__|[{}|]|\$\$|[^\\{}|_$]+|.", re.DOTALL)
_WEIGHT = re.compile(r"\s*(\d+(?:\.\d+)?)::")
_COUNT = re.compile(r"\s*(\d+)(?:-(\d+))?\s*")


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A line of a file."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of several texts, with their weights."""

    options: tuple["Text", ...]
    weights: tuple[float, ...]
    least: int = 1
    most: int = 1
    separator: str = ", "


Text = tuple["str | Wildcard | Choice", ...]


def parse(text: str) -> Text:
    """Return the parts of a text with choices.

    Raises:
        NodeError: brackets do not match, it is too long, or nested too deeply.
    """
    if len(text) > _LONGEST:
        raise NodeError(f"a text with choices has at most {_LONGEST} characters")
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    parts, end = _sequence(tokens, 0, 0)
    if end < len(tokens):
        raise NodeError(f"a bracket is closed that was not opened in {text[:60]!r}", hint=r"Write \} for a plain one.")
    return parts


def choose(text: Text, source: random.Random, look: Look, depth: int = 0) -> str:
    """Return the text with every choice made.

    Raises:
        NodeError: a wildcard is not there, or leads to itself.
    """
    _check(depth)
    return "".join(_chosen(part, source, look, depth) for part in text)


def every(text: Text, look: Look, limit: int) -> list[str]:
    """Return the text with the choices made in every way, the last changing fastest; at most ``limit`` texts.

    Raises:
        NodeError: as for :func:`choose`, or some of several are taken, which has too many ways.
    """
    return list(islice(_ways(text, look, 0), limit))


def _check(depth: int) -> None:
    if depth > _DEEPEST:
        raise NodeError("the choices are nested too deeply", hint="Look for a wildcard that leads to itself.")


def _sequence(pieces: Sequence[str], place: int, depth: int) -> tuple[Text, int]:
    """Read parts up to a bar or a closing bracket; outside of brackets a bar is a letter."""
    _check(depth)
    parts: list[str | Wildcard | Choice] = []
    while place < len(pieces):
        piece = pieces[place]
        if piece == "}" or (piece == "|" and depth):
            break
        if piece == "{":
            choice, place = _choice(pieces, place + 1, depth + 1)
            parts.append(choice)
            continue
        named = len(piece) > 4 and piece.startswith("__") and piece.endswith("__")
        parts.append(Wildcard(piece[2:-2]) if named else piece.removeprefix("\\") if len(piece) > 1 else piece)
        place += 1
    return tuple(parts), place


def _choice(tokens: Sequence[str], place: int, depth: int) -> tuple[Choice, int]:
    least, most, separator, place = _head(tokens, place)
    options: list[Text] = []
    weights: list[float] = []
    while True:
        option, place = _sequence(tokens, place, depth)
        weight = _WEIGHT.match(option[0]) if option and isinstance(option[0], str) else None
        if weight and isinstance(option[0], str):
            option = (option[0][weight.end() :], *option[1:])
        options.append(option)
        weights.append(float(weight[1]) if weight else 1.0)
        if place >= len(tokens):
            raise NodeError("a bracket is not closed", hint=r"Write \{ for a plain one.")
        place += 1
        if tokens[place - 1] == "}":
            if not any(weights):
                raise NodeError("no choice of a bracket has a weight")
            return Choice(tuple(options), tuple(weights), least, min(most, len(options)), separator), place


def _head(tokens: Sequence[str], place: int) -> tuple[int, int, str, int]:
    """Read ``2$$``, ``1-3$$`` or ``2$$ and $$``, if it is there."""
    count = _COUNT.fullmatch(tokens[place]) if place < len(tokens) else None
    if count is None or tokens[place + 1 : place + 2] != ["$$"]:
        return 1, 1, ", ", place
    least, most = int(count[1]), int(count[2] or count[1])
    if least > most:
        raise NodeError(f"from {least} to {most} cannot be taken")
    if tokens[place + 3 : place + 4] == ["$$"]:
        return least, most, tokens[place + 2], place + 4
    return least, most, ", ", place + 2


def _chosen(part: str | Wildcard | Choice, source: random.Random, look: Look, depth: int) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Wildcard):
        return choose(parse(source.choice(look(part.name))), source, look, depth + 1)
    left = list(range(len(part.options)))
    taken = []
    for _ in range(source.randint(min(part.least, part.most), part.most)):
        weights = [part.weights[index] for index in left]
        if not any(weights):
            break
        (index,) = source.choices(left, weights)
        left.remove(index)
        taken.append(choose(part.options[index], source, look, depth + 1))
    return part.separator.join(taken)


def _ways(text: Text, look: Look, depth: int) -> Iterator[str]:
    _check(depth)
    return map("".join, product(*(list(islice(_ways_of(part, look, depth), 10_000)) for part in text)))


def _ways_of(part: str | Wildcard | Choice, look: Look, depth: int) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Wildcard):
        for line in look(part.name):
            yield from _ways(parse(line), look, depth + 1)
    elif (part.least, part.most) != (1, 1):
        raise NodeError("all ways to take some of several are too many", hint="Write the choices without $$.")
    else:
        for option in part.options:
            yield from _ways(option, look, depth + 1)
