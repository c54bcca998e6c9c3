"""What fields of requests may hold, wherever they stand; what the service itself refuses is refused there."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints


def _whole(value: Any) -> Any:
    """Return a number without a fraction as a whole one: in JSON Schema (6.1.1) 24.0 is an integer, and 3.9 is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: Any) -> Any:
    """Refuse what is no time as RFC 3339 writes one: seconds since 1970 would pass for one else."""
    if isinstance(value, str) and not _TIME.match(value):
        raise ValueError("a time is written like 2027-01-31T09:00:00Z")
    return value


_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")

WHOLE: Final = BeforeValidator(_whole)
"""Stands behind the bounds of a number: before them they would not be in the schema."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written)]

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NodeName = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Priority = Annotated[int, Field(ge=-100, le=100), WHOLE]
InputName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Inputs = dict[Annotated[str, StringConstraints(max_length=200)], JsonValue]
Targets = Annotated[list[NodeName], Field(min_length=1, max_length=1_000)]
Title = Annotated[str, StringConstraints(max_length=500)]
Tags = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=32)]
Document = dict[str, Any]  # as it was parsed; what a workflow may hold is proven later


class Part(BaseModel):
    """A part of what clients send: nothing is converted, nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
