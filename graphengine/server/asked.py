"""What every request on the websocket is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from graphengine.server.fields import WHOLE

Id = Annotated[str, Field(min_length=1, max_length=100)]
JobId = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[int, Field(ge=0, le=2**63 - 1), WHOLE]


class Asked(BaseModel):
    """What a client says; strict, for a field that is not known is a mistake."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Id


def example(**fields: Any) -> ConfigDict:
    """Return the configuration of a message with an example of it."""
    return ConfigDict(json_schema_extra={"examples": [fields]})
