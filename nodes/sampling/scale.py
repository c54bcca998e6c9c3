"""The guidance scale, as the nodes that sample take it."""

from typing import Annotated

from pydantic import Field

from graphengine.node.widgets import Slider, Suits

GuidanceScale = Annotated[float, Field(ge=0, le=100), Slider(1, 20, 0.1), Suits("model", {"flux/schnell": 1.0})]
"""1 is none, as models want it that were distilled without guidance."""
