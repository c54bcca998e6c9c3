"""Python source: expressions, and how they are laid out as the usual formatter would."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

LINE: Final = 120
"""The columns of a line."""
STEP: Final = 4
"""The columns of an indentation."""

_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Text:
    """A string; one that is too long for its line is written in several parts."""

    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A key before a value: ``key=`` as it is, or the string that is a key of a dict."""

    key: "str | Text"
    value: "Source"


@dataclass(frozen=True, slots=True)
class Group:
    """Sources in brackets: all in one line, or each in its own."""

    opening: str
    items: "tuple[Source, ...]"
    closing: str


Source = str | Text | Pair | Group


def call(function: str, *arguments: Source) -> Group:
    """Return a call."""
    return Group(f"{function}(", arguments, ")")


def literal(value: JsonValue) -> Source:
    """Return the source of a JSON value."""
    match value:
        case str():
            return Text(value)
        case float():
            return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'
        case list():
            return Group("[", tuple(literal(each) for each in value), "]")
        case dict():
            return Group("{", tuple(Pair(Text(key), literal(each)) for key, each in value.items()), "}")
    return repr(value)


def calls_in(source: Source) -> Iterator[str]:
    """Yield what a source begins with a bracket: ``wf.file(``, ``{``."""
    if isinstance(source, Group):
        yield source.opening
        for each in source.items:
            yield from calls_in(each)
    elif isinstance(source, Pair):
        yield from calls_in(source.value)


def flat(source: Source) -> str:
    """Return a source in one line."""
    match source:
        case Text(value):
            return _quoted(list(_characters(value)))
        case Pair(key, value):
            return f"{key if isinstance(key, str) else f'{flat(key)}: '}{flat(value)}"
        case Group(opening, items, closing):
            return f"{opening}{', '.join(flat(each) for each in items)}{closing}"
    return source


def laid_out(source: Source, indent: int, used: int, after: int = 0) -> str:
    """Return a source as it stands in a line, or in several if it is too long.

    Args:
        indent: the columns before the line.
        used: the columns that stand in the line already, those before it included.
        after: the columns that follow.
    """
    line = flat(source)
    if used + width(line) + after <= LINE:
        return line
    inner = " " * (indent + STEP)
    match source:
        case Text(value):
            parts = "".join(f"{inner}{part}\n" for part in _parts(value, LINE - len(inner))) or f'{inner}""\n'
            return f"(\n{parts}{' ' * indent})"
        case Pair(key, value):
            before = f"{key}" if isinstance(key, str) else f"{laid_out(key, indent, used, 2)}: "
            columns = used + width(before) if "\n" not in before else indent + len("): ")
            return f"{before}{laid_out(value, indent, columns, after)}"
        case Group(opening, items, closing) if items:
            lines = (f"{inner}{laid_out(each, len(inner), len(inner), 1)},\n" for each in items)
            return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"
    return line


def width(text: str) -> int:
    """Return the columns that a text takes: two for a wide character, none for one that is drawn over another."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.category(each) in {"Mn", "Me"} for each in text)


def _characters(value: str) -> Iterator[str]:
    """Yield each character as a string literal writes it, but for quotes."""
    for each in value:
        if each in _ESCAPES:
            yield _ESCAPES[each]
        elif each.isprintable():
            yield each
        else:
            code = ord(each)
            yield f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _quoted(characters: list[str]) -> str:
    """Return a literal in double quotes, or in single ones if that saves escapes."""
    quote = "'" if characters.count('"') > characters.count("'") else '"'
    return quote + "".join("\\" + quote if each == quote else each for each in characters) + quote


def _parts(value: str, columns: int) -> Iterator[str]:
    """Yield the literals that together are a string, each at most so wide, and cut after a space where there is one."""
    characters = list(_characters(value))
    start = 0
    while start < len(characters):
        end = start
        room = columns - 2
        while end < len(characters) and (room := room - width(characters[end]) - (characters[end] in "\"'")) >= 0:
            end += 1
        if end < len(characters):
            spaces = (place for place in range(end, start, -1) if characters[place - 1] == " ")
            end = next(spaces, max(end, start + 1))
        yield _quoted(characters[start:end])
        start = end
