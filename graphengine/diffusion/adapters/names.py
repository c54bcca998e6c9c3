"""What weights are called, whatever adapters stand between."""

from collections.abc import Iterator, Mapping

from torch import nn

from graphengine.diffusion.adapters.embedding import ExtendedTable


def plain_names(layers: Mapping[str, nn.Module], weights: Mapping[str, nn.Parameter]) -> Iterator[tuple[str, str]]:
    """Yield the names that weights had before any adapters came, and those that they have; adapters' own are none."""
    tables = {name for name, each in layers.items() if isinstance(each, ExtendedTable)}
    for place in weights:
        layer, _, attribute = place.rpartition(".")
        outer = layer.removesuffix(".table")
        if ".lora_" in place or layer in tables:
            continue
        yield (f"{outer}.{attribute}" if outer in tables else place).replace(".base_layer.", "."), place
