"""Text and files to link to several places."""

from typing import Annotated

from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Multiline, Under


@node("primitive.string", category="primitive", title="Text", aliases=("String", "Primitive"))
def string(value: str = "") -> str:
    """Give a text of one line."""
    return value


@node("primitive.text", category="primitive", title="Long text", aliases=("Multiline string", "Prompt text"))
def text(value: Annotated[str, Multiline()] = "") -> str:
    """Give a text of several lines."""
    return value


@node("primitive.file", category="primitive", title="File")
def file(file: Annotated[File, Under("inputs", "models")]) -> File:
    """Give a file from the input folders, or else from the model folders."""
    return file
