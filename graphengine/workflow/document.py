"""The workflow document: what is written in a file, what an editor edits, what an API receives.

A document says nothing false about its own form (pydantic checks that) but may still be wrong about the
world: unknown nodes, types that do not fit, files that are not there. That is for :mod:`resolve` to find.
Fields that begin with ``x-`` are kept for whoever wrote them; any other unknown field is an error.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from graphengine.errors import shown

FORMAT: Final = "graphengine.workflow"
VERSION: Final = 1

LINK = "$link"
OWN = "x-"
"""How the fields begin that belong to whoever wrote the document."""

NAME_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
ADDRESS_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}\.[A-Za-z_][A-Za-z0-9_]{0,63}$"
DIGEST_PATTERN: Final = r"^[0-9a-f]{64}$"
UNKNOWN: Final = "unknown_field"

Mode = Literal["run", "bypass", "mute"]
Pairing = Literal["zip", "product"]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN)]
NodeId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]


class Socket(NamedTuple):
    """The place of a value: a node and one of its inputs or outputs."""

    node: str
    name: str

    @classmethod
    def parse(cls, address: str) -> "Socket":
        """Read ``node.socket``."""
        node, _, name = address.partition(".")
        return cls(node, name)

    def __str__(self) -> str:
        return f"{self.node}.{self.name}"


_NOTHING_ELSE: Final[JsonDict] = {"additionalProperties": False}
_CLOSED: Final[JsonDict] = {**_NOTHING_ELSE, "patternProperties": {f"^{OWN}": {}}}


class _Part(BaseModel):
    """A part of a document: strict, immutable, and open only to ``x-`` fields."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="allow",
        json_schema_extra=_CLOSED,
    )

    @model_validator(mode="after")
    def _only_known_fields(self) -> "_Part":
        for name in self.model_extra or ():
            if not name.startswith(OWN):
                raise PydanticCustomError(UNKNOWN, "an unknown field")
        return self


class Loop(_Part):
    """A subgraph repeated: after each turn, outputs become inputs of the next, as long as ``while`` comes out true.

    ``carry`` names, by input, the output of the turn before; inputs that are not in it stay what they are.
    """

    while_: Name = Field(alias="while")
    carry: dict[Name, Name] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    limit: int = Field(default=1_000, ge=1, le=100_000)


class Node(_Part):
    """A node: its type and, by name, the value or the link of each input.

    ``mode`` ``bypass`` passes inputs on to the outputs of the same type, ``mute`` leaves the node out. Where lists
    come in and their items are wanted, ``map`` pairs the lists or combines every item with every other; a subgraph
    with ``map`` runs as a whole for each, and one with ``loop`` again and again.
    """

    type: NodeId
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    mode: Mode = "run"
    map: Pairing | None = None
    loop: Loop | None = None
    title: Text | None = None


class WorkflowInput(_Part):
    """A named input of the whole workflow, and the sockets that it sets."""

    to: list[Address] = Field(min_length=1)
    title: Text | None = None
    description: Text | None = None


class WorkflowOutput(_Part):
    """A named output of the whole workflow, and the socket that it shows."""

    from_: Address = Field(alias="from")
    title: Text | None = None
    description: Text | None = None


class Pin(_Part):
    """What lay under the name of a file when the document was made: ``sha256`` of its content, and its size.

    That of a folder is the hash of its files' names and hashes, see :mod:`graphengine.files.digest`. Without ``bytes``
    it takes longer to find the same content elsewhere.
    """

    sha256: Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
    bytes: int | None = Field(default=None, ge=0)


class View(_Part):
    """All that is about looks; the engine never reads it."""

    nodes: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    frames: list[dict[str, JsonValue]] = Field(default_factory=list)
    notes: list[dict[str, JsonValue]] = Field(default_factory=list)


class Subgraph(_Part):
    """A workflow inside a workflow; a node of the type ``subgraph:<its name>`` stands for it."""

    title: Text = ""
    description: Text = ""
    inputs: dict[Name, WorkflowInput] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    outputs: dict[Name, WorkflowOutput] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    nodes: dict[Name, Node] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    view: View = Field(default_factory=View)


class Workflow(_Part):
    """A whole document. Equal documents mean the same; their ``view`` may differ.

    ``models`` says what the models contained that its nodes name, by the names that they give: so each is found
    wherever it lies, and whoever has another under the name is told. What no node names any more, does nothing.
    """

    model_config = ConfigDict(json_schema_extra={**_CLOSED, "required": ["format", "version"]})

    format: Literal["graphengine.workflow"] = FORMAT
    version: Literal[1] = VERSION
    title: Text = ""
    description: Text = ""
    inputs: dict[Name, WorkflowInput] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    outputs: dict[Name, WorkflowOutput] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    nodes: dict[Name, Node] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    subgraphs: dict[Name, Subgraph] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    models: dict[FileName, Pin] = Field(default_factory=dict, json_schema_extra=_NOTHING_ELSE)
    view: View = Field(default_factory=View)

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain data, without what is at its default."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {"format": FORMAT, "version": VERSION, **data}


def json_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of the document (draft 2020-12)."""
    schema = Workflow.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def link_of(value: JsonValue) -> Socket | None:
    """Return where a value comes from if it is a link, ``{"$link": "node.output"}``, else None.

    Raises:
        ValueError: it looks like a link, but is not one.
    """
    if not isinstance(value, dict) or LINK not in value:
        return None
    address = value[LINK]
    if len(value) != 1 or not isinstance(address, str):
        raise ValueError(f'a link is written {{"{LINK}": "node.output"}}')
    socket = Socket.parse(address)
    if not socket.node or not socket.name:
        raise ValueError(f"the link {shown(address)} is not written node.output")
    return socket


def source_of(value: JsonValue) -> Socket | None:
    """Return where a value comes from, or None if it is no link, or a broken one."""
    try:
        return link_of(value)
    except ValueError:
        return None
