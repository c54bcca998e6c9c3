"""How the values of the wing become bytes, and values again."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from torch import Tensor

from graphengine.diffusion.types.buffers import from_buffer, to_buffer
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry, MicroConditioning
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import GivenFrames, Latent, LatentSpec
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef, Patch, WeightsRef
from graphengine.files.roots import File
from graphengine.types.builtin import FileCodec
from graphengine.types.codec import Buffer, Encoded

_FILES = FileCodec()


class LatentCodec:
    """Stores the samples, and mask, surroundings, noise and given frames if there are any."""

    def nbytes(self, value: Latent) -> int:
        """Return the size of all tensors."""
        return sum(tensor.nbytes for tensor in _latent_tensors(value).values())

    def encode(self, value: Latent) -> Encoded:
        """Take the tensors out."""
        parts = {name: to_buffer(tensor) for name, tensor in _latent_tensors(value).items()}
        shapes = {name: shape for name, (shape, _) in parts.items()}
        meta: dict[str, Any] = {"shapes": shapes, "family": value.family, "spec": asdict(value.spec)}
        if value.differential:
            meta["differential"] = True
        if value.given is not None:
            meta["given"] = list(value.given.frames)
        return Encoded(meta, tuple(buffer for _, buffer in parts.values()))

    def decode(self, encoded: Encoded) -> Latent:
        """Put the tensors back."""
        meta = expect(encoded.meta, "shapes", "family", "spec")
        shapes = expect(meta["shapes"], "samples")
        tensors = dict(zip(shapes, map(from_buffer, shapes.values(), encoded.buffers), strict=True))
        mask = Mask(tensors["mask"]) if "mask" in tensors else None
        spec, differential = LatentSpec(**meta["spec"]), bool(meta.get("differential"))
        around, noise = tensors.get("surroundings"), tensors.get("noise")
        given = None
        if "given" in meta:
            given = GivenFrames(expect(tensors, "given")["given"], tuple(meta["given"]), tensors.get("seen"))
        return Latent(tensors["samples"], meta["family"], spec, mask, around, differential, noise, given)


def _latent_tensors(value: Latent) -> Mapping[str, Tensor]:
    mask = None if value.mask is None else value.mask.values
    around, noise = value.surroundings, value.noise
    tensors = {"samples": value.samples, "mask": mask, "surroundings": around, "noise": noise}
    if value.given is not None:
        tensors |= {"given": value.given.latents, "seen": value.given.seen}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


class ConditioningCodec:
    """Stores the embeddings of each entry."""

    def nbytes(self, value: Conditioning) -> int:
        """Return the size of all embeddings."""
        return sum(tensor.nbytes for entry in value.entries for tensor in _entry_tensors(entry).values())

    def encode(self, value: Conditioning) -> Encoded:
        """Take the embeddings out."""
        entries: list[dict[str, Any]] = []
        buffers: list[Buffer] = []
        for entry in value.entries:
            parts = {name: to_buffer(tensor) for name, tensor in _entry_tensors(entry).items()}
            shapes = {name: shape for name, (shape, _) in parts.items()}
            meta: dict[str, Any] = {"shapes": shapes, "strength": entry.strength, "time": [entry.start, entry.end]}
            if entry.micro is not None:
                meta["micro"] = asdict(entry.micro)
            if entry.guidance is not None:
                meta["guidance"] = entry.guidance
            entries.append(meta)
            buffers.extend(buffer for _, buffer in parts.values())
        return Encoded({"family": value.family, "entries": entries}, tuple(buffers))

    def decode(self, encoded: Encoded) -> Conditioning:
        """Put the embeddings back."""
        meta = expect(encoded.meta, "family", "entries")
        buffers = iter(encoded.buffers)
        entries = []
        for entry in meta["entries"]:
            shapes = expect(expect(entry, "shapes", "strength", "time")["shapes"], "embeddings")
            tensors = {name: from_buffer(shape, next(buffers)) for name, shape in shapes.items()}
            mask = Mask(tensors["mask"]) if "mask" in tensors else None
            micro = MicroConditioning(**entry["micro"]) if "micro" in entry else None
            rest = (tensors.get("pooled"), entry["strength"], mask, *entry["time"], micro, entry.get("guidance"))
            entries.append(ConditioningEntry(tensors["embeddings"], *rest))
        return Conditioning(meta["family"], tuple(entries))


def _entry_tensors(entry: ConditioningEntry) -> Mapping[str, Tensor]:
    mask = None if entry.mask is None else entry.mask.values
    tensors = {"embeddings": entry.embeddings, "pooled": entry.pooled, "mask": mask}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


class RefCodec:
    """Stores a reference to weights: a few strings and the pictures that control them, never the weights."""

    def __init__(self, kind: type[WeightsRef]) -> None:
        self._kind = kind

    def nbytes(self, value: WeightsRef) -> int:
        """Return a guess of the size of the reference."""
        controls = value.controls if isinstance(value, ModelRef) else ()
        return 256 + 128 * len(value.patches) + sum(512 + each.image.pixels.nbytes for each in controls)

    def encode(self, value: WeightsRef) -> Encoded:
        """Write the recipe down."""
        meta: dict[str, Any] = {name: getattr(value, name) for name in _plain_fields(self._kind)}
        meta["source"] = _FILES.encode(value.source).meta
        meta["patches"] = [_patch_meta(patch) for patch in value.patches]
        if not isinstance(value, ModelRef):
            return Encoded(meta)
        meta["latent"] = asdict(value.latent)
        pictures = [to_buffer(each.image.pixels) for each in value.controls]
        meta["controls"] = [_control_meta(*pair) for pair in zip(value.controls, pictures, strict=True)]
        return Encoded(meta, tuple(buffer for _, buffer in pictures))

    def decode(self, encoded: Encoded) -> WeightsRef:
        """Read the recipe."""
        meta = expect(encoded.meta, "source", "patches", *_plain_fields(self._kind))
        values: dict[str, Any] = {name: meta[name] for name in _plain_fields(self._kind)}
        values["source"] = _file(meta["source"])
        values["patches"] = tuple(_patch(patch) for patch in meta["patches"])
        if self._kind is ModelRef:
            values["latent"] = LatentSpec(**expect(meta, "latent")["latent"])
            controls = zip(meta.get("controls", ()), encoded.buffers, strict=True)
            values["controls"] = tuple(_control(*pair) for pair in controls)
        return self._kind(**values)


def _plain_fields(kind: type[WeightsRef]) -> tuple[str, ...]:
    """Return the fields of a reference that are JSON as they are."""
    return tuple(f.name for f in fields(kind) if f.name not in {"source", "patches", "latent", "controls"})


def _control_meta(control: Control, picture: tuple[list[int], Buffer]) -> dict[str, Any]:
    network = RefCodec(ControlNetRef).encode(control.network).meta
    counts = {"strength": control.strength, "start": control.start, "end": control.end}
    return {"network": dict(network), "shape": picture[0], **counts}


def _control(meta: Mapping[str, Any], buffer: Buffer) -> Control:
    meta = expect(meta, "network", "shape", "strength", "start", "end")
    network: Any = RefCodec(ControlNetRef).decode(Encoded(meta["network"]))
    return Control(network, Image(from_buffer(meta["shape"], buffer)), meta["strength"], meta["start"], meta["end"])


def _patch_meta(patch: Patch) -> dict[str, Any]:
    source = None if patch.source is None else _FILES.encode(patch.source).meta
    blocks = [list(block) for block in patch.blocks]
    return {"kind": patch.kind, "source": source, "strength": patch.strength, "name": patch.name, "blocks": blocks}


def _patch(meta: Mapping[str, Any]) -> Patch:
    meta = expect(meta, "kind", "source", "strength")
    source = None if meta["source"] is None else _file(meta["source"])
    blocks = tuple((start, much) for start, much in meta.get("blocks", ()))
    return Patch(meta["kind"], source, meta["strength"], meta.get("name", ""), blocks)


def _file(meta: Mapping[str, Any]) -> File:
    return _FILES.decode(Encoded(meta))


def expect(meta: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the description of a value.

    Raises:
        ValueError: it lacks one of ``names``.
    """
    missing = [name for name in names if name not in meta]
    if missing:
        raise ValueError(f"the description lacks {', '.join(missing)}")
    return meta
