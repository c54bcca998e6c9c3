"""``graphengine models add``: what is fetched is listed, and what was broken off is gone on with."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import Command
from documents import model_file
from huggingface_hub import constants
from shop import TEMPLATE, Shop, opened, sha, stock

from graphengine.errors import FileRefused
from graphengine.files.digest import Digests
from graphengine.models.adding.lock import reserved


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened() as shop:
        monkeypatch.setattr(constants, "ENDPOINT", shop.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{shop.address}{TEMPLATE}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield shop


@pytest.fixture
def weights(tmp_path: Path) -> bytes:
    model_file(tmp_path / "made.safetensors", 1_000)
    return (tmp_path / "made.safetensors").read_bytes()


def test_a_file_of_an_address_is_added(command: Command, shop: Shop, weights: bytes, tmp_path: Path) -> None:
    shop.files["/my%20model.safetensors"] = weights
    url = f"{shop.address}/my%20model.safetensors?token=x"
    done = command("models", "add", url, "--json", "--sha256", sha(weights))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["reference"], told["sha256"]) == ("models:my model.safetensors", sha(weights))
    assert (tmp_path / "models" / "my model.safetensors").read_bytes() == weights
    again = command("models", "add", url)
    assert (again.exit_code, "already" in again.stderr) == (2, True)
    named = command("models", "add", url, "--name", "loras/mine.safetensors")
    assert (named.exit_code, "models:loras/mine.safetensors" in named.stdout) == (0, True)
    listed = [each["reference"] for each in json.loads(command("models", "--json").stdout)["models"]]
    assert listed == ["models:loras/mine.safetensors", "models:my model.safetensors"]


def test_two_do_not_fetch_the_same_at_once(command: Command, shop: Shop, weights: bytes, tmp_path: Path) -> None:
    shop.files["/a.safetensors"] = weights
    target = tmp_path / "models" / "a.safetensors"
    with reserved(target):
        done = command("models", "add", f"{shop.address}/a.safetensors")
        assert (done.exit_code, "fetches a.safetensors already" in done.stderr) == (1, True), done.output
        assert not shop.asked
        other = command("models", "add", f"{shop.address}/a.safetensors", "--name", "b.safetensors")
        assert other.exit_code == 0, other.output
    assert command("models", "add", f"{shop.address}/a.safetensors").exit_code == 0
    assert sorted(each.name for each in target.parent.iterdir()) == ["a.safetensors", "b.safetensors"]


def test_a_name_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """Also while those before remove what they held."""
    inside = had = 0

    def take(_: int) -> None:
        nonlocal inside, had
        for _ in range(200):
            try:
                with reserved(tmp_path / "a"):
                    assert inside == 0
                    inside += 1
                    had += 1
                    time.sleep(0)
                    inside -= 1
            except FileRefused:
                pass

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(take, range(8)))
    assert had > 0
    assert not list(tmp_path.iterdir())


def test_a_folder_of_a_hub_appears_when_it_is_whole(
    command: Command, shop: Shop, weights: bytes, tmp_path: Path
) -> None:
    index = b'{"_class_name": "StableDiffusionPipeline"}'
    files = {"model_index.json": index, "unet/config.json": b"{}", "unet/model.safetensors": weights}
    stock(shop, "ann/whole", {**files, "vae/model.safetensors": weights + b"", "unet/model.bin": b"pickle"})
    shop.breaks_after = 700
    done = command("models", "add", "ann/whole")
    assert (done.exit_code, "Call again" in done.stderr) == (1, True), done.output
    assert json.loads(command("models", "--json").stdout)["models"] == []
    shop.breaks_after = None
    asked = len(shop.asked)
    done = command("models", "add", "ann/whole", "--json")
    assert done.exit_code == 0, done.output
    later = [path for path, _ in shop.asked[asked:]]
    assert "/ann/whole/resolve/c0ffee/model_index.json" not in later, "what was there is not fetched again"
    folder = tmp_path / "models" / "whole"
    assert sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*.*")) == sorted(
        [*files, "vae/model.safetensors"]
    )
    assert json.loads(done.stdout)["sha256"] == Digests().of(folder)
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["whole"]


@pytest.mark.parametrize(
    ("arguments", "word", "code"),
    [
        (["nonsense"], "neither an address nor", 2),
        (["http://a.example/a.safetensors"], "no address that is asked", 1),
        (["https://a.example/a.ckpt"], "no safetensors file", 2),
        (["https://a.example/a.safetensors", "--name", "../a"], "no name for a model", 2),
        (["https://a.example/a.safetensors", "--name", ".hidden"], "no name for a model", 2),
        (["ann/none"], "does not give", 1),
    ],
)
def test_what_cannot_be_added_is_refused(
    command: Command, shop: Shop, tmp_path: Path, arguments: list[str], word: str, code: int
) -> None:
    done = command("models", "add", *arguments)
    assert (done.exit_code, word in done.stderr) == (code, True), done.output
    assert not (tmp_path / "models").exists()


def test_a_wrong_hash_is_refused_before_and_after(command: Command, shop: Shop, weights: bytes, tmp_path: Path) -> None:
    stock(shop, "ann/one", {"a.safetensors": weights})
    assert "tells another hash" in command("models", "add", "ann/one", "--sha256", "0" * 64).stderr
    shop.files["/ann/one/resolve/c0ffee/a.safetensors"] = weights[:-1] + b"\x01"
    done = command("models", "add", "ann/one")
    assert (done.exit_code, "is not what was wanted" in done.stderr) == (1, True), done.output
    assert not list((tmp_path / "models").iterdir())
