"""Checks of plain values, as data: what pydantic makes of an annotation, written down so that another process has it.

A constraint is data (``ge``, ``max_length``, ``pattern`` …), or one of the functions of :data:`FUNCTIONS`. So a
document can be proven where no pack is loaded, and there as here by the same validator.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, cast

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError
from pydantic_core import CoreConfig, CoreSchema, ErrorDetails, SchemaValidator

from graphengine.errors import DeclarationError, shown
from graphengine.files.naming import check_pattern

STRICT: Final = ConfigDict(strict=True, allow_inf_nan=False)
"""How values are checked: nothing is turned into something else, and numbers are finite."""

FUNCTIONS: Final[Mapping[str, Callable[[Any], Any]]] = {"file_name_pattern": check_pattern}
"""The functions that an annotation may hold as ``AfterValidator``, by the names under which they are written down."""

_NAMES: Final = {function: name for name, function in FUNCTIONS.items()}
_CONFIG: Final = CoreConfig(strict=True, allow_inf_nan=False)
_SIGNS: Final = {"≥": "ge", "≤": "le", ">": "gt", "<": "lt"}
"""The bounds of numbers, and what pydantic calls them."""
_FUNCTION: Final = "$function"
_UNWRITTEN: Final = frozenset({"metadata", "serialization"})
"""What a schema of pydantic holds beside what it checks."""

Written = Mapping[str, JsonValue]


class Misfit(ValueError):
    """A value that is not what was wanted.

    Attributes:
        bound: what was wanted in signs that every language reads, such as ``≥ 1``; empty where it is no bound.
    """

    def __init__(self, message: str, bound: str) -> None:
        super().__init__(message)
        self.bound = bound


class Check:
    """Checks plain values, and gives them back in canonical form (``1`` for a Float is ``1.0``).

    Args:
        schema: what pydantic-core checks, with functions by their names.
    """

    def __init__(self, schema: Written) -> None:
        self.schema = schema

    @classmethod
    def of(cls, adapter: TypeAdapter[Any]) -> "Check":
        """Return what an adapter checks that was made with :data:`STRICT`.

        Raises:
            DeclarationError: a constraint is not data.
        """
        return cls(cast("Written", _written(adapter.core_schema)))

    def parse(self, value: Any) -> Any:
        """Check a value and return it in canonical form.

        Raises:
            ValueError: with a sentence that says what was wanted and what was given.
        """
        try:
            return self._validator.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            reason = first["msg"].removeprefix("Value error, ")
            raise Misfit(f"{reason}; {shown(value)} was given", _bound(first)) from None

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(cast("CoreSchema", _read(dict(self.schema))), _CONFIG)


def _bound(fault: ErrorDetails) -> str:
    """Return the bound that a value is beyond; empty where it is something else, or only within the value."""
    for sign, key in _SIGNS.items():
        if not fault["loc"] and key in fault.get("ctx", {}):
            return f"{sign} {fault['ctx'][key]}"
    return ""


def _written(part: Any) -> JsonValue:
    match part:
        case None | bool() | int() | float() | str():
            return part
        case list() | tuple():
            return [_written(each) for each in part]
        case dict():
            return {str(key): _written(each) for key, each in part.items() if key not in _UNWRITTEN}
        case _ if part in _NAMES:
            return {_FUNCTION: _NAMES[part]}
    raise DeclarationError(
        f"the constraint {shown(part)} is not data; "
        "say it with Field(...), or let the node refuse the value with a NodeError"
    )


def _read(part: JsonValue) -> Any:
    match part:
        case dict() if _FUNCTION in part:
            return FUNCTIONS[str(part[_FUNCTION])]
        case dict():
            return {key: _read(each) for key, each in part.items()}
        case list():
            return [_read(each) for each in part]
        case _:
            return part
