"""The models that a workflow can name, with what their headers tell, and what is wrong with them."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from graphengine.errors import FileRefused, ModelFault, ModelRefused
from graphengine.files.digest import Digests
from graphengine.models.finding import FoundModel, find_models
from graphengine.models.nature import Nature, nature_of
from graphengine.models.parts import count_weights, formats_of
from graphengine.models.source import open_source
from graphengine.models.tokens import Vocabulary
from graphengine.models.vocabularies import Vocabularies

FRESH: Final = 2.0
"""The seconds for which a list is true enough: folders may be large, and on other machines."""

_PREVIEWS: Final = (".preview.png", ".png", ".preview.jpg", ".jpg", ".jpeg", ".preview.webp", ".webp")
_INSIDE: Final = ("preview.png", "preview.jpg", "preview.webp")  # of a model that is a folder

Stamp = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class ModelProblem:
    """Why a model cannot be loaded."""

    code: ModelFault
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What headers and configurations tell of a model.

    Attributes:
        numbers: how many it holds, and in which ``formats``, such as ``F16``.
    """

    nature: Nature = Nature()  # noqa: RUF009 - frozen
    numbers: int = 0
    formats: Mapping[str, int] = field(default_factory=dict)
    problem: ModelProblem | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a workflow can name.

    Attributes:
        id: stands for it where a name would be a path.
        digest: of its content, if somebody has computed it; None else, for that reads all of it.
        preview: a picture of what it does, from its maker.
    """

    id: str
    found: FoundModel
    facts: Facts
    digest: str | None
    preview: Path | None


class Models:
    """Lists models. Headers are read once; methods touch the disk, from any thread.

    Args:
        folders: where models lie, by the root under which documents name them.
        digests: the content hashes that are known.
    """

    def __init__(self, folders: Mapping[str, Sequence[Path]], digests: Digests) -> None:
        self._folders = folders
        self._digests = digests
        self._lock = threading.Lock()
        self._facts: dict[Stamp, Facts] = {}
        self._listed: tuple[Model, ...] = ()
        self._until = -1.0
        self._vocabularies = Vocabularies()

    def all(self) -> tuple[Model, ...]:
        """Return all models, in the order of the names under which workflows know them."""
        with self._lock:
            if time.monotonic() >= self._until:
                facts: dict[Stamp, Facts] = {}
                self._listed = tuple(sorted(self._models(facts), key=lambda each: each.found.reference))
                self._facts = facts  # of what is gone, nothing is kept
                self._until = time.monotonic() + FRESH
            return self._listed

    def preview(self, id_: str) -> Path | None:
        """Return the picture of a model, by its id."""
        found = _named(id_, self.all())
        return None if found is None else found.preview

    def vocabulary(self, id_: str) -> Vocabulary | None:
        """Return the vocabulary with which a model reads prompts, by its id; None where none is known."""
        found = _named(id_, self._listed) or _named(id_, self.all())  # asked while somebody types: no new list for it
        return None if found is None else self._vocabularies.of(found.found.path, found.facts.nature.family)

    def _models(self, facts: dict[Stamp, Facts]) -> Iterator[Model]:
        named = set()
        for root, places in self._folders.items():
            for found in find_models(root, places):
                if found.reference not in named:  # of the same name in several folders, the first is meant
                    named.add(found.reference)
                    yield self._model(found, facts)

    def _model(self, found: FoundModel, facts: dict[Stamp, Facts]) -> Model:
        try:
            digest = self._digests.known(found.path)
        except (OSError, FileRefused):
            digest = None
        stamp = (str(found.path), found.nbytes, found.changed)
        known = facts[stamp] = self._facts.get(stamp) or facts_of(found.path)
        return Model(_id(found.reference), found, known, digest, _preview(found.path))


def facts_of(path: Path) -> Facts:
    """Return what headers and configurations tell of a model, or what is wrong with it."""
    try:
        source = open_source(path)
        return Facts(nature_of(source), count_weights(source, ""), formats_of(source))
    except ModelRefused as error:
        return Facts(problem=ModelProblem(error.fault, str(error), error.hint))
    except OSError as error:
        return Facts(problem=ModelProblem("unreadable", f"{path.name} cannot be read: {error.strerror or error}"))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        told = f"the configuration of {path.name} is not one of a model: {error}"
        return Facts(problem=ModelProblem("broken", told))


def _id(reference: str) -> str:
    return blake2b(reference.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _preview(path: Path) -> Path | None:
    is_folder = path.is_dir()
    beside = [path.with_name(f"{path.name if is_folder else path.stem}{suffix}") for suffix in _PREVIEWS]
    inside = [path / name for name in _INSIDE] if is_folder else []
    return next((each for each in (*beside, *inside) if each.is_file()), None)


def _named(id_: str, among: Iterable[Model]) -> Model | None:
    return next((each for each in among if each.id == id_), None)
