"""Models from an address and from a hub, both on this machine: resumed, checked, whole or absent."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from documents import model_file
from huggingface_hub import constants
from shop import TEMPLATE, Shop, opened, sha, stock

from graphengine.errors import FileRefused, ModelRefused
from graphengine.models.adding.download import Wanted, check_url, fetch
from graphengine.models.adding.hub import chosen_files, find_model


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as shop:
        yield shop


@pytest.fixture
def weights(tmp_path: Path) -> bytes:
    model_file(tmp_path / "made.safetensors", 100_000)
    return (tmp_path / "made.safetensors").read_bytes()


def told(*_: object) -> None:
    pass


def test_a_file_is_fetched_whole_and_checked(shop: Shop, weights: bytes, tmp_path: Path) -> None:
    shop.files["/a.safetensors"] = weights
    progress: list[tuple[int, int | None]] = []
    target = tmp_path / "models" / "deep" / "a.safetensors"
    wanted = Wanted(f"{shop.address}/a.safetensors", sha256=sha(weights).upper())
    assert fetch(wanted, target, 10**9, lambda *each: progress.append(each)) == sha(weights)
    assert target.read_bytes() == weights
    assert progress[-1] == (len(weights), len(weights))
    assert [each.name for each in target.parent.iterdir()] == ["a.safetensors"]
    with pytest.raises(FileRefused, match="already"):
        fetch(wanted, target, 10**9, told)


@pytest.mark.parametrize("known", [True, False])
def test_what_was_broken_off_is_gone_on_with(shop: Shop, weights: bytes, tmp_path: Path, known: bool) -> None:
    shop.files["/a.safetensors"] = weights
    target = tmp_path / "models" / "a.safetensors"
    wanted = Wanted(f"{shop.address}/a.safetensors", sha256=sha(weights) if known else None)
    shop.breaks_after = 5_000
    with pytest.raises(FileRefused, match="broke off") as caught:
        fetch(wanted, target, 10**9, told)
    assert "Call again" in caught.value.hint
    assert not target.exists()
    shop.breaks_after = None
    assert fetch(wanted, target, 10**9, told) == sha(weights)
    assert target.read_bytes() == weights
    assert shop.asked[-1][1]["Range"] == "bytes=5000-"


def test_a_file_that_changed_meanwhile_is_begun_anew(shop: Shop, weights: bytes, tmp_path: Path) -> None:
    shop.files["/a.safetensors"] = weights
    target = tmp_path / "models" / "a.safetensors"
    wanted = Wanted(f"{shop.address}/a.safetensors")
    shop.breaks_after = 5_000
    with pytest.raises(FileRefused):
        fetch(wanted, target, 10**9, told)
    other = weights[:-1] + b"\x01"
    shop.files["/a.safetensors"], shop.breaks_after = other, None
    assert fetch(wanted, target, 10**9, told) == sha(other)
    assert target.read_bytes() == other


def test_what_is_not_what_was_wanted_leaves_nothing(shop: Shop, weights: bytes, tmp_path: Path) -> None:
    target = tmp_path / "models" / "a.safetensors"
    shop.files["/a.safetensors"] = weights
    with pytest.raises(FileRefused, match="is not what was wanted"):
        fetch(Wanted(f"{shop.address}/a.safetensors", sha256="0" * 64), target, 10**9, told)
    shop.files["/a.safetensors"] = b"<!DOCTYPE html><html>please log in</html>"
    with pytest.raises(ModelRefused, match="a web page"):
        fetch(Wanted(f"{shop.address}/a.safetensors"), target, 10**9, told)
    shop.files["/a.json"] = b"{}"
    with pytest.raises(FileRefused, match="git knows it"):
        fetch(Wanted(f"{shop.address}/a.json", git="0" * 40), target.with_suffix(".json"), 10**9, told)
    assert not list(target.parent.iterdir())


def test_more_than_is_allowed_is_not_taken(
    shop: Shop, weights: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.files["/a.safetensors"] = weights
    wanted = Wanted(f"{shop.address}/a.safetensors")
    with pytest.raises(FileRefused, match="more than 1.0 kB"):
        fetch(wanted, tmp_path / "models" / "a.safetensors", 1_000, told)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(FileRefused, match="the disk has 10 B left"):
        fetch(wanted, tmp_path / "models" / "a.safetensors", 10**9, told)
    assert not list((tmp_path / "models").iterdir())


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "http://127.0.0.1.example.org/a",
        "file:///etc/passwd",
        "ftp://x/a",
        "https://",
        "a",
        "http://[1",
        "",
    ],
)
def test_only_safe_addresses_are_asked(url: str) -> None:
    with pytest.raises(FileRefused, match="no address that is asked"):
        check_url(url)
    check_url("https://a.example/a.safetensors")


def test_redirects_are_followed_without_secrets(shop: Shop, weights: bytes, tmp_path: Path) -> None:
    shop.files["/b"] = weights
    elsewhere = shop.address.replace("127.0.0.1", "localhost")
    shop.redirects = {"/a.safetensors": f"{elsewhere}/b", "/out": "http://192.0.2.1/b", "/round": "/round"}
    wanted = Wanted(f"{shop.address}/a.safetensors", headers={"Authorization": "Bearer secret"})
    fetch(wanted, tmp_path / "models" / "a.safetensors", 10**9, told)
    assert [("Authorization" in headers) for _, headers in shop.asked] == [True, False]
    for path, word in {"/out": "no address that is asked", "/round": "from address to address"}.items():
        with pytest.raises(FileRefused, match=word):
            fetch(Wanted(f"{shop.address}{path}"), tmp_path / "models" / "b.safetensors", 10**9, told)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_server_that_refuses_is_quoted(shop: Shop, tmp_path: Path, status: int) -> None:
    shop.files["/a.safetensors"], shop.status = b"x", status
    with pytest.raises(FileRefused, match=f"answers {status}"):
        fetch(Wanted(f"{shop.address}/a.safetensors"), tmp_path / "models" / "a.safetensors", 10**9, told)


# ------------------------------------------------------------------ hubs


@pytest.fixture
def hub(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(constants, "ENDPOINT", shop.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{shop.address}{TEMPLATE}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return shop


def test_a_hub_tells_which_files_make_a_model(hub: Shop, weights: bytes) -> None:
    stock(hub, "ann/net", {"config.json": b"{}", "model.safetensors": weights, "README.md": b"", "../out.json": b"{}"})
    found = find_model("ann/net", None, None)
    assert (found.name, found.is_folder, list(found.files)) == ("net", True, ["config.json", "model.safetensors"])
    assert found.files["model.safetensors"].sha256 == sha(weights)
    assert found.files["config.json"].git is not None
    one = find_model("ann/net/model.safetensors", None, None)
    assert (one.name, one.is_folder) == ("model.safetensors", False)
    for source, word in {
        "ann/net/README.md": "is no safetensors",
        "ann/net/x": "no file",
        "ann/none": "does not give",
    }.items():
        with pytest.raises(FileRefused, match=word):
            find_model(source, None, None)


def test_an_offline_hub_is_not_asked(hub: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileRefused, match="HF_HUB_OFFLINE"):
        find_model("ann/net", None, None)
    assert hub.asked == []


WHOLE = [
    "model_index.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.bin",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "tokenizer/merges.txt",
    "safety_checker/model.safetensors",
    "v1.safetensors",
    "README.md",
]


def test_of_a_folder_all_parts_are_taken_once() -> None:
    plain = [
        "model_index.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "vae/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]
    assert chosen_files(WHOLE, None) == plain
    half = [each.replace("unet/diffusion_pytorch_model", "unet/diffusion_pytorch_model.fp16") for each in plain]
    assert chosen_files(WHOLE, "fp16") == half
    assert chosen_files(["a.safetensors", "README.md"], None) == ["a.safetensors"]
    with pytest.raises(FileRefused, match="several") as caught:
        chosen_files(["a.safetensors", "b.safetensors"], None)
    assert "a.safetensors, b.safetensors" in caught.value.hint
    with pytest.raises(FileRefused, match="no safetensors"):
        chosen_files(["model_index.json", "unet/x.bin"], None)
