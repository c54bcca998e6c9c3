"""Where faces are."""

from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.faces import Face, by_cascade, by_yunet, mask_of
from graphengine.diffusion.types.image import Image, Mask
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider, Under

Grow = Annotated[float, Field(ge=0, le=2), Slider(0, 1)]
Most = Annotated[int, Field(ge=1, le=64)]


class Faces(NamedTuple):
    """A mask for each face, and how many there are."""

    masks: list[Mask]
    found: int


@node(
    "face.detect", category="face", version=2, title="Find faces", aliases=("Face detector", "Detailer", "Haar cascade")
)
def detect(
    image: Image,
    smallest: Annotated[int, Field(ge=24, le=4096), Slider(24, 512, 1)] = 40,
    agreement: Annotated[int, Field(ge=1, le=50), Slider(1, 12, 1)] = 4,
    grow: Grow = 0.1,
    most: Most = 16,
    *,
    context: Context = injected,
) -> Faces:
    """Find faces that look at the camera; no model is needed.

    What follows runs for each face. Crop to mask cuts it out, Stitch parts puts all of them back. A picture with a side
    of more than 1536 pixels is searched in a smaller copy, in which faces of less than 24 pixels are not found.

    Inputs:
        image: one picture.
        smallest: the side of the smallest face in pixels.
        agreement: how many findings beside each other make a face; more finds fewer things that are none.
        grow: how much larger than the face its mask is, in parts of the face on each side.
        most: how many faces are taken, the largest.

    Outputs:
        masks: an ellipse around each, largest first; an empty list if there is none.
        found: how many.

    Errors: it is a batch of several pictures.

    Source: Zhang et al., Face Detection Based on Multi-Block LBP Representation (2007), by scikit-image.
    """
    context.check()
    return _masked(by_cascade(image, smallest, agreement), image, grow, most, context)


@node("face.detect_with_model", category="face", title="Find faces with model", aliases=("YuNet", "Face detector"))
def detect_with_model(
    image: Image,
    model: Annotated[File, Under("models")],
    confidence: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.8,
    grow: Grow = 0.1,
    most: Most = 16,
    *,
    context: Context = injected,
) -> Faces:
    """Find faces with a YuNet model; it also finds those that look aside.

    Inputs:
        image: one picture.
        model: an .onnx file under the models folder, such as ``face_detection_yunet_2023mar.onnx`` of OpenCV.
        confidence: how sure it must be, 0 to 1.
        grow: how much larger than the face its mask is, in parts of the face on each side.
        most: how many faces are taken, the largest.

    Outputs:
        masks: an ellipse around each, largest first; an empty list if there is none.
        found: how many.

    Errors: it is a batch of several pictures, or the file is no such model.

    Source: Wu et al., YuNet: A Tiny Millisecond-level Face Detector (2023), by OpenCV.
    """
    context.check()
    return _masked(by_yunet(image, model, confidence), image, grow, most, context)


def _masked(faces: list[Face], image: Image, grow: float, most: int, context: Context) -> Faces:
    masks = []
    for face in faces[:most]:
        context.check()
        masks.append(mask_of(face, grow, image.width, image.height))
    return Faces(masks, len(masks))
