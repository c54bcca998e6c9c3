"""What clients learn of the nodes, the types and the files there are: the forms of an editor are made from this."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from graphengine.server.fields import Part
from graphengine.server.schema import Answer


class InputOut(Answer):
    """An input of a node; ``schema`` is that of the values a document may write, empty where it may write none."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    name: str
    type: str
    required: bool
    schema_: dict[str, Any] = Field(alias="schema")
    default: JsonValue = None
    widget: dict[str, JsonValue] | None = None
    roots: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)


class OutputOut(Answer):
    """An output of a node."""

    name: str
    type: str


class NodeOut(Answer):
    """A node; ``passage`` says by output which input stands for it where the node is bypassed.

    ``aliases`` is what people may call it who search for it.
    """

    id: str
    title: str
    aliases: list[str] = Field(default_factory=list)
    category: str
    version: int
    summary: str
    help: str
    lane: Literal["gpu", "cpu", "io"]
    sink: bool
    inputs: list[InputOut]
    outputs: list[OutputOut]
    passage: dict[str, str]


class TypeOut(Answer):
    """A socket type; ``literal`` where a document can write a value of it."""

    name: str
    summary: str
    colour: str
    literal: bool


class ConversionOut(Answer):
    """A way from one type to another that happens by itself on a link."""

    source: str
    target: str


class FitOut(Answer):
    """A pair of types that a link may join; with ``each`` the node is called for each item."""

    source: str
    target: str
    each: bool
    converts: bool


class PackFaultOut(Answer):
    """A pack that could not be loaded; the log of the service says more."""

    pack: str
    reason: str


class NodesOut(Answer):
    """The nodes, the types, which types flow into which, and the packs that are left out."""

    nodes: list[NodeOut]
    types: list[TypeOut]
    conversions: list[ConversionOut]
    fits: list[FitOut]
    faults: list[PackFaultOut]


class FileOut(Answer):
    """A file or folder, and what a document calls it."""

    reference: str
    bytes: int


class FilesOut(Answer):
    """What lies under a root."""

    files: list[FileOut]


class PictureQuery(Part):
    """The file that shall be shown, as a document calls it."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    file: Annotated[str, StringConstraints(max_length=4_096)]


class TokensBody(Part):
    """A prompt, as a node takes it: with weights."""

    text: Annotated[str, StringConstraints(max_length=10_000)]


class TokensOut(Answer):
    """The tokens of a prompt, without begin and end; ``room`` is how many fit into one window of the encoder."""

    tokens: int
    room: int


class WordsOut(Answer):
    """Words that a model knows whole, those that came most often when it learnt first."""

    words: list[str]
