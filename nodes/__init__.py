"""The built-in pack of nodes: folders by domain, one idea per file."""

from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.node.pack import Pack

PACK = Pack(
    name="builtin",
    package="nodes",
    types=DIFFUSION_TYPES,
)
