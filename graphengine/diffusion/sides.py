"""Left and right in captions, which are not true any more of pictures that are mirrored."""

import re
from typing import Final

_OTHER: Final = {"left": "right", "right": "left"}
_SIDES: Final = re.compile(r"\b(left|right)\b")
_NAMED: Final = re.compile(
    r"\b(left|right)(y|ies|s|most|wards?|hand|handed|side|sided)?\b|\b(anti|counter)?-?clockwise\b", re.IGNORECASE
)


def names_side(text: str) -> bool:
    """Whether an English text may say on which side something is; ``all right`` is taken for that too."""
    return _NAMED.search(text) is not None


def mirrored_words(text: str) -> str:
    """Exchange ``left`` and ``right`` in a caption or tag of a drawn picture, where they mean nothing else."""
    return _SIDES.sub(lambda found: _OTHER[found[0]], text)
