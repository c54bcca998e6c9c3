"""What makes a patch."""

from collections.abc import Callable, Mapping

from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.types.refs import Patch, WeightsRef

Patcher = Callable[[WeightsRef, Loaded, Patch], Loaded]
"""Changes modules as a patch says and returns them.

The reference says of which model they are. They share their tensors with the model without patches: a patcher may put
others in their place, and must not write into them. It runs under the construction lock.
"""

Patchers = Mapping[str, Patcher]
