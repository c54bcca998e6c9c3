"""Which files of a hub make a model: all of a diffusers folder, a single network, or one file of weights.

The hub is the one that huggingface_hub is configured for, with whatever token the user has given to that library.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from huggingface_hub import HfApi, constants, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from graphengine.errors import FileRefused
from graphengine.files.listing import INDEX
from graphengine.models.adding.download import WEIGHTS, Wanted

_TEXTS: Final = (".json", ".txt", ".model")
_UNUSED: Final = ("safety_checker",)
_MANY: Final = 8


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of a hub: its files, by the names that they have within its folder; one file has no folder."""

    name: str
    files: Mapping[str, Wanted]
    is_folder: bool


def find_model(source: str, revision: str | None, variant: str | None) -> HubModel:
    """Return what to fetch for ``owner/name``, or for one file of it: ``owner/name/path/to/file.safetensors``.

    Args:
        revision: a branch, tag or commit; by default the newest.
        variant: the word in names of weights that is preferred, such as ``fp16``.

    Raises:
        FileRefused: the hub is not asked, does not know it, or it holds no safetensors.
    """
    owner, _, rest = source.partition("/")
    name, _, file = rest.partition("/")
    repo = f"{owner}/{name}"
    try:
        info = HfApi(endpoint=constants.ENDPOINT).model_info(repo, revision=revision, files_metadata=True)
    except OfflineModeIsEnabled as error:
        raise FileRefused("the hub is not asked: HF_HUB_OFFLINE is set", hint="Unset it for this command.") from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise FileRefused(f"the hub does not give {repo!r}: {str(error).splitlines()[0]}") from error
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    found: dict[str, Wanted] = {}
    for each in info.siblings or ():
        if _is_inside(each.rfilename):
            lfs = each.lfs
            found[each.rfilename] = Wanted(
                hf_hub_url(repo, each.rfilename, revision=info.sha, endpoint=constants.ENDPOINT),
                sha256=None if lfs is None else lfs.sha256,
                git=each.blob_id if lfs is None else None,
                nbytes=each.size,
                headers=headers,
            )
    if file:
        return _one(repo, file, found)
    chosen = chosen_files(found, variant)
    if len(chosen) == 1 and not any("/" in each for each in chosen):
        return _one(repo, chosen[0], found)
    return HubModel(name, {each: found[each] for each in chosen}, is_folder=True)


def chosen_files(names: Iterable[str], variant: str | None) -> list[str]:
    """Return which files of a repository make a model.

    Raises:
        FileRefused: it holds no safetensors, or several of which one must be named.
    """
    there = sorted(names)
    weights = [each for each in there if each.lower().endswith(WEIGHTS)]
    if INDEX in there:
        parts = [each for each in there if "/" in each and each.partition("/")[0] not in _UNUSED]
        texts = [each for each in parts if each.endswith(_TEXTS) and not _is_variant(each.removesuffix(".index.json"))]
        inner = _of_variant([each for each in weights if each in parts], variant)
        if inner:
            return [INDEX, *texts, *inner]
    outer = _of_variant([each for each in weights if "/" not in each], variant)
    if "config.json" in there and len(outer) == 1:
        return [*(each for each in there if "/" not in each and each.endswith(_TEXTS)), *outer]
    if len(outer) == 1:
        return outer
    if not weights:
        raise FileRefused("it holds no safetensors", hint="Other weights are not loaded: a pickle can run any program.")
    listed = ", ".join(weights[:_MANY]) + (", …" if len(weights) > _MANY else "")
    raise FileRefused("it holds several models", hint=f"Name one, as owner/name/file: {listed}.")


def _one(repo: str, file: str, found: Mapping[str, Wanted]) -> HubModel:
    if file not in found:
        raise FileRefused(f"{repo!r} holds no file {file!r}")
    if not file.lower().endswith(WEIGHTS):
        raise FileRefused(f"{file!r} is no safetensors file", hint="Other weights are not loaded.")
    return HubModel(PurePosixPath(file).name, {PurePosixPath(file).name: found[file]}, is_folder=False)


def _of_variant(names: Iterable[str], variant: str | None) -> list[str]:
    """Return of each folder the weights of a variant, and where it has none those that are of no variant."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(str(PurePosixPath(name).parent), []).append(name)
    chosen = []
    for listed in folders.values():
        plain = [each for each in listed if not _is_variant(each)]
        wanted = [each for each in listed if variant and f".{variant}" in PurePosixPath(each).name]
        chosen += wanted or plain
    return chosen


def _is_variant(name: str) -> bool:
    return PurePosixPath(name).name.count(".") > 1


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and not any(part in ("..", ".") or part.startswith(".") for part in path.parts)
