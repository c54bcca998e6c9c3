"""What every node of the built-in pack owes: one test per specification, generated from it."""

import ast
import inspect
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pil
from torch import Tensor

import nodes
from graphengine.diffusion.space.meshing import surface_of
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.mesh import PointCloud
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.lazy import Lazy
from graphengine.node.registry import Registry
from graphengine.node.spec import MISSING, Input, NodeSpec
from graphengine.run.context import TaskContext

pytestmark = pytest.mark.torch

REGISTRY = Registry((nodes.PACK,))
SPECS = tuple(REGISTRY.nodes.values())
FOLDER = Path(inspect.getfile(nodes)).parent
FILES = sorted(FOLDER.rglob("*.py"))

each_spec = pytest.mark.parametrize("spec", SPECS, ids=[spec.id for spec in SPECS])
each_file = pytest.mark.parametrize("path", FILES, ids=[path.relative_to(FOLDER).as_posix() for path in FILES])

MAY_IMPORT = {"node", "types", "files", "errors", "diffusion"}
SELF_EVIDENT = {"image", "mask", "text", "value", "file", "a", "b", "c", "d"}
BY_HAND = {
    "control.load",
    "control.load_ip_adapter",
    "data.folder",
    "data.pictures",
    "depth.load_exr",
    "enhance.lut",
    "evaluation.ratings",
    "evaluation.ms_ssim",
    "evaluation.ssim",
    "face.detect",
    "face.detect_with_model",
    "image.load_exr",
    "image.load_folder",
    "inpaint.stitch_parts",
    "list.csv_integers",
    "list.csv_numbers",
    "list.csv_texts",
    "list.files",
    "list.text_file",
    "model.load",
    "model.load_denoiser",
    "model.load_depth",
    "model.load_image_encoder",
    "model.load_pipeline",
    "model.load_text_encoder",
    "model.load_upscaler",
    "model.load_vae",
    "training.load",
    "video.load_interpolator",
}
NOT_GENERATED = {
    *("Model", "TextEncoder", "Vae", "Latent", "Conditioning", "Dataset", "Weights", "Video", "Upscaler", "DepthModel"),
    *("List[Conditioning]", "Sequence[Latent]", "Interpolator", "ImageEncoder"),
    *("Sigmas", "Noise", "Sampler", "Guider", "Pipeline"),
}
"""What these tests make no values of: nodes that require one, or a service, are tested by hand alone."""

SUITABLE: Mapping[str, Mapping[str, Any]] = {
    "evaluation.report": {"rows": []},
    "image.crop": {"width": 5, "height": 4},
    "image.xy_grid": {"rows": ["one"], "columns": ["one", "two", "three"]},
    "image.join_tiles": {"tiles": [Image(torch.rand(2, 6, 8, 3))], "whole": Image(torch.rand(1, 6, 8, 3))},
    "inpaint.stitch": {"width": 5, "height": 4},
    "style.apply_palette": {"palette": ["teal", "#ff8000"]},
    "style.show_palette": {"palette": ["teal", "#ff8000"]},
    "depth.parallax": {"frames": 2},
    "logic.switch": {"condition": True, "yes": Lazy("yes", "one"), "no": Lazy("no", "other")},
    "mesh.turntable": {"frames": 2, "size": 16},
    "text.replace": {"find": "x"},
}
"""Values instead of the defaults, where those do not suit a small picture or are missing."""


# ------------------------------------------------------------------ what it says


@each_spec
def test_identity(spec: NodeSpec) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z][a-z0-9_]*", spec.id)
    assert re.fullmatch(r"[a-z]+(/[a-z]+)*", spec.category)
    assert re.fullmatch(r"[A-Z][^.]*", spec.title)
    assert spec.key == f"{spec.id}@{spec.version}"


@each_spec
def test_help(spec: NodeSpec) -> None:
    assert re.fullmatch(r"[A-Z].{9,100}[.]", spec.summary), "the first line is one whole sentence"
    assert len(spec.help) == len(spec.help.strip())
    undocumented = [
        each.name
        for each in spec.inputs
        if each.name not in SELF_EVIDENT and not re.search(rf"\b{each.name}\b", spec.help)
    ]
    assert not undocumented


@each_spec
def test_every_input_has_one_meaning(spec: NodeSpec) -> None:
    names = [*spec.input, *(each.name for each in spec.injected)]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in (*names, *spec.output))


@each_spec
def test_a_node_without_outputs_is_a_sink(spec: NodeSpec) -> None:
    assert spec.outputs or spec.sink


@each_spec
def test_what_suits_models_is_told_by_an_input(spec: NodeSpec) -> None:
    assert all(each.suits is None or str(spec.input[each.suits.by].type) == "Model" for each in spec.inputs)


# ------------------------------------------------------------------ what an editor reads


@each_spec
def test_defaults(spec: NodeSpec) -> None:
    for each in spec.inputs:
        if each.default is MISSING or each.default is None:
            continue
        written = json.loads(json.dumps(each.default, allow_nan=False))
        assert each.parse(written) == each.default
        assert accepts(each.schema, written), each.name


@each_spec
def test_schemas(spec: NodeSpec) -> None:
    for each in spec.inputs:
        assert json.loads(json.dumps(each.schema)) == each.schema
        assert set(each.schema) <= KEYWORDS.keys() | {"type", "title", "description", "default"}, each.name
        assert bool(each.schema) or each.check is None or str(each.type) == "Any"


@each_spec
def test_widgets_suit_their_type(spec: NodeSpec) -> None:
    for each in spec.inputs:
        if each.widget is None:
            continue
        assert json.loads(json.dumps(each.widget)) == each.widget
        if each.widget["kind"] == "slider":
            assert accepts(each.schema, each.widget["low"]), each.name
            assert accepts(each.schema, each.widget["high"]), each.name
        else:
            assert each.schema["type"] == "string"


JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "array": list,
}
KEYWORDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "enum": lambda words, value: value in words,
    "minimum": lambda bound, value: value >= bound,
    "maximum": lambda bound, value: value <= bound,
    "exclusiveMinimum": lambda bound, value: value > bound,
    "exclusiveMaximum": lambda bound, value: value < bound,
    "minLength": lambda length, value: len(value) >= length,
    "maxLength": lambda length, value: len(value) <= length,
    "items": lambda schema, values: all(accepts(schema, value) for value in values),
}
"""The part of JSON Schema that an editor's form understands; the schemas of nodes use no other."""


def accepts(schema: Mapping[str, Any], value: Any) -> bool:
    kind = schema.get("type")
    if kind is not None and not isinstance(value, JSON_TYPES[kind]):
        return False
    return all(KEYWORDS[word](argument, value) for word, argument in schema.items() if word in KEYWORDS)


# ------------------------------------------------------------------ where it stands


@each_file
def test_files_are_short(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= 150
    assert sum(line.startswith("@node(") for line in lines) <= 4


@each_file
def test_domains_do_not_import_one_another(path: Path) -> None:
    domain = path.relative_to(FOLDER).parts[0]
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "nodes":
            assert rest.partition(".")[0] == domain
        if package == "graphengine":
            assert rest.partition(".")[0] in MAY_IMPORT


def imports(path: Path) -> Iterator[str]:
    for each in ast.parse(path.read_text()).body:
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            assert each.module is not None
            assert each.level == 0
            yield each.module


# ------------------------------------------------------------------ what it does


def generated(spec: NodeSpec) -> bool:
    needs = {str(each.type) for each in spec.inputs if each.required}
    services = {each.python for each in spec.injected} - {Context}
    return spec.id not in BY_HAND and not services and not needs & NOT_GENERATED


CALLED = [spec for spec in SPECS if generated(spec)]


def test_most_nodes_are_called_here() -> None:
    assert len(CALLED) > 25


@pytest.mark.parametrize("spec", CALLED, ids=[spec.id for spec in CALLED])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_call_changes_no_input_and_repeats_itself(
    spec: NodeSpec, channels: int, tmp_path: Path, context: TaskContext
) -> None:
    arguments = {each.name: argument(spec, each, channels, tmp_path) for each in spec.inputs}
    arguments |= {injection.name: context for injection in spec.injected}
    before = [tensor.clone() for tensor in tensors(arguments.values())]
    first, second = (whole(spec.function(**arguments)) for _ in range(2))
    assert first == second
    assert len(spec.outputs) == (len(first) if spec.several else int(first is not None))
    for tensor, copy in zip(tensors(arguments.values()), before, strict=True):
        assert torch.equal(tensor, copy)
    for tensor in tensors(first if isinstance(first, tuple | list) else [first]):
        assert tensor.is_contiguous(), "a codec would have to copy it"
        assert 0 <= tensor.min() <= tensor.max() <= 1


def whole(result: Any) -> Any:
    """What comes item by item, all of it."""
    return list(result) if isinstance(result, Iterator) else result


OTHERS: Mapping[str, Callable[[int], Any]] = {
    "Sequence[Image]": lambda channels: [Image(torch.rand(1, 6, 8, channels)) for _ in range(3)],
    "DepthMap": lambda _: DepthMap(torch.rand(2, 6, 8) + 1),
    "Camera": lambda _: Camera(1.0),
    "Mesh": lambda channels: surface_of(torch.rand(6, 8, channels), torch.rand(6, 8) + 1, Camera(1.0), edge=None),
    "PointCloud": lambda _: PointCloud(torch.rand(5, 3), torch.rand(5, 3)),
}


def argument(spec: NodeSpec, socket: Input, channels: int, folder: Path) -> Any:
    if socket.name in SUITABLE.get(spec.id, {}):
        return SUITABLE[spec.id][socket.name]
    if str(socket.type) in OTHERS:
        return OTHERS[str(socket.type)](channels)
    match str(socket.type):
        case "Image":
            return Image(torch.rand(2, 6, 8, channels))
        case "List[Image]":
            return [Image(torch.rand(batch, 6, 8, channels)) for batch in (1, 2)]
        case "List[String]":
            return ["one", "two"]
        case "List[Any]" | "List[Int]" | "List[Float]":
            return [3, 4]
        case "Mask":
            return Mask(torch.rand(2, 6, 8))
        case "File":
            Pil.new("RGB", (3, 2), "teal").save(folder / "picture.png")
            return File("picture.png", folder / "picture.png", "0" * 64)
        case "String" if socket.required:
            return "one xylophone"
        case _:
            assert not socket.required, f"say in SUITABLE what {socket.name} may be"
            return socket.default


def tensors(values: Collection[Any]) -> list[Tensor]:
    pictures = [value.pixels for value in values if isinstance(value, Image)]
    return pictures + [value.values for value in values if isinstance(value, Mask)]
