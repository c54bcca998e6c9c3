"""How the parts of a sampling become bytes, and values again."""

from dataclasses import astuple

from graphengine.diffusion.types.codecs import ConditioningCodec, expect
from graphengine.diffusion.types.custom import Guider, NoiseRef, SamplerRef, Weakening
from graphengine.types.codec import Encoded

_CONDITIONING = ConditioningCodec()


class NoiseCodec:
    """Stores the seed."""

    def nbytes(self, value: NoiseRef) -> int:
        """Return about the size of a few numbers."""
        del value
        return 64

    def encode(self, value: NoiseRef) -> Encoded:
        """Write it down."""
        return Encoded({"seed": str(value.seed), "adds": value.adds})  # a seed may have 64 bits

    def decode(self, encoded: Encoded) -> NoiseRef:
        """Read it."""
        meta = expect(encoded.meta, "seed", "adds")
        return NoiseRef(int(meta["seed"]), meta["adds"])


class SamplerCodec:
    """Stores the name."""

    def nbytes(self, value: SamplerRef) -> int:
        """Return the size of the name."""
        return 64 + len(value.name)

    def encode(self, value: SamplerRef) -> Encoded:
        """Write it down."""
        return Encoded({"name": value.name})

    def decode(self, encoded: Encoded) -> SamplerRef:
        """Read it."""
        return SamplerRef(expect(encoded.meta, "name")["name"])


class GuiderCodec:
    """Stores both conditionings and the numbers."""

    def nbytes(self, value: Guider) -> int:
        """Return the size of the conditionings."""
        return 128 + sum(map(_CONDITIONING.nbytes, (value.positive, value.negative)))

    def encode(self, value: Guider) -> Encoded:
        """Take the conditionings out."""
        wanted, unwanted = map(_CONDITIONING.encode, (value.positive, value.negative))
        meta = {
            "positive": wanted.meta,
            "negative": unwanted.meta,
            "wanted": len(wanted.buffers),
            "numbers": [value.scale, value.kind, value.amount],
            "weakenings": [astuple(each) for each in value.weakenings],
        }
        return Encoded(meta, (*wanted.buffers, *unwanted.buffers))

    def decode(self, encoded: Encoded) -> Guider:
        """Put them back."""
        meta = expect(encoded.meta, "positive", "negative", "wanted", "numbers")
        parts = (encoded.buffers[: meta["wanted"]], encoded.buffers[meta["wanted"] :])
        wanted = _CONDITIONING.decode(Encoded(meta["positive"], tuple(parts[0])))
        unwanted = _CONDITIONING.decode(Encoded(meta["negative"], tuple(parts[1])))
        weakenings = tuple(Weakening(*each) for each in meta.get("weakenings", ()))
        scale, kind, amount = meta["numbers"]
        return Guider(wanted, unwanted, scale, kind, amount, weakenings)
