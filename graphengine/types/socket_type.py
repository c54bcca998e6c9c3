"""What a socket type is: a name on the wire, a Python class in the node, a codec between them."""

from dataclasses import dataclass

from graphengine.types.codec import Codec

SEQUENCE = "Sequence"


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A socket type by name, as it stands in a node specification: ``Image``, or ``List[Image]``."""

    name: str
    item: "TypeRef | None" = None

    def __str__(self) -> str:
        return self.name if self.item is None else f"{self.name}[{self.item}]"

    @classmethod
    def parse(cls, text: str) -> "TypeRef":
        """Read what :meth:`__str__` writes."""
        name, bracket, rest = text.partition("[")
        return cls(name, cls.parse(rest[:-1]) if bracket else None)

    @property
    def leaf(self) -> str:
        """The name of the type that a list or sequence is made of, or its own."""
        return self.name if self.item is None else self.item.leaf

    @property
    def flows(self) -> bool:
        """Whether its values are sequences, which come item by item and are never there as a whole."""
        return self.name == SEQUENCE

    @property
    def whole(self) -> "TypeRef":
        """The type of a value of this type when it is asked for as a whole: a sequence is collected into a list."""
        return self if self.item is None or not self.flows else self.item.listed

    @property
    def listed(self) -> "TypeRef":
        """The type of a list of these."""
        return TypeRef("List", self)

    @property
    def flowing(self) -> "TypeRef":
        """The type of a sequence of these."""
        return TypeRef(SEQUENCE, self)


@dataclass(frozen=True, slots=True)
class SocketType:
    """The definition of a socket type.

    Attributes:
        name: how documents, editors and errors call it; unique among all packs.
        python: the class of its values; a node names the type by annotating with this class.
        codec: how its values are measured and stored.
        summary: one line for people.
        colour: ``#rrggbb`` of its sockets and links in an editor.
        literal: whether a document can write a value of it as plain JSON.
        lasting: whether a stored value stays true when its process is gone. What names files by path does not:
            the files may move or change, and the fingerprint knows only what they contained.
        weights: whether its values stand for the weights of a model, which are dear to load: calls that take the same
            ones follow one another where they can, and services that load them are told ahead what will be needed.
        part: of weights, which part of a model they are, such as ``model`` or ``vae``; empty is all of its file.
    """

    name: str
    python: type
    codec: Codec
    summary: str = ""
    colour: str = "#9aa0a6"
    literal: bool = False
    lasting: bool = True
    weights: bool = False
    part: str = ""

    @property
    def ref(self) -> TypeRef:
        """The name of this type, as a reference."""
        return TypeRef(self.name)
