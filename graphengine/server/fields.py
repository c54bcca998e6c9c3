"""What fields of requests may hold, wherever they stand; what the service itself refuses is refused there."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NodeName = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Priority = Annotated[int, Field(ge=-100, le=100)]
InputName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Inputs = dict[Annotated[str, StringConstraints(max_length=200)], JsonValue]
Targets = Annotated[list[NodeName], Field(min_length=1, max_length=1_000)]
Title = Annotated[str, StringConstraints(max_length=500)]
Tags = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=32)]
Document = dict[str, JsonValue]


class Part(BaseModel):
    """A part of what clients send: nothing is converted, nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
