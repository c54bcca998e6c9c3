"""The models over HTTP and the websocket."""

import io
import shutil
from pathlib import Path

import pytest
from documents import model_file, weights_file
from PIL import Image
from servers import Client, document, serving

from graphengine.app import Engine
from graphengine.client import Client as Follower
from graphengine.files.digest import Digests

EMBEDDED = Path(__file__).parents[2] / "graphengine" / "diffusion" / "embedded" / "shapes-128"


def picture(kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, kind)
    return content.getvalue()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    weights_file(path / "vae" / "one.safetensors", {"decoder.conv_in.weight": (8, 4, 3, 3)})
    (path / "old.ckpt").write_bytes(b"PK\x03\x04" + bytes(100))
    (path / "vae" / "one.png").write_bytes(picture())
    return path


@pytest.mark.usefixtures("models")
async def test_models_are_told_with_what_their_headers_say(client: Client, tmp_path: Path) -> None:
    told = await client.get("/api/models")
    old, one = told["models"]
    assert told["after"] is None
    assert (one["name"], one["kind"], one["role"], one["title"]) == (
        "models:vae/one.safetensors",
        "safetensors",
        "vae",
        "VAE",
    )
    assert (one["numbers"], one["formats"], one["loads"], one["problem"]) == (288, {"F16": 288}, False, None)
    assert (old["name"], old["problem"]["code"]) == ("models:old.ckpt", "pickle")
    assert str(tmp_path) not in str(told), "no path of this machine goes out"
    reply = await client.ask("GET", one["preview"])
    assert (reply.status, reply.content, reply.headers["Content-Type"]) == (200, picture(), "image/png")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert (reply.headers["Cache-Control"], "ETag" in reply.headers) == ("private, no-cache", False)


async def test_only_pictures_are_shown(client: Client, models: Path) -> None:
    (models / "vae" / "one.png").write_text("<script>alert(1)</script>")
    one = (await client.get("/api/models"))["models"][1]
    for path in (one["preview"], "/api/models/nobody/preview", "/api/models/..%2F..%2Fvae%2Fone/preview"):
        assert (await client.ask("GET", path)).status == 404


async def test_many_models_come_a_page_at_a_time(engine: Engine, data_dir: Path, tmp_path: Path) -> None:
    for number in range(250):
        model_file(tmp_path / "models" / f"{number:03}.safetensors", 1)
    async with serving(engine, data_dir) as client:
        page = await client.get("/api/models?limit=2&after=models:003.safetensors")
        assert [each["name"] for each in page["models"]] == ["models:004.safetensors", "models:005.safetensors"]
        assert page["after"] == "models:005.safetensors"
        assert (await client.ask("GET", "/api/models?limit=0")).status == 400
        async with Follower(client.address) as follower:
            found = await follower.models()
    assert [each.name for each in found] == [f"models:{number:03}.safetensors" for number in range(250)]
    assert found[7].numbers == 1


async def test_tokens_are_counted_as_the_model_reads_them(client: Client, tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "models" / "own", ignore=shutil.ignore_patterns("*.safetensors"))
    (model,) = (await client.get("/api/models"))["models"]
    path = f"/api/models/{model['id']}"
    reply = await client.ask("POST", f"{path}/tokens", {"text": "a (red:1.3) circle"})
    assert (reply.status, reply.data) == (200, {"tokens": 3, "room": 30})
    assert "circle" in (await client.get(f"{path}/words"))["words"]
    assert (await client.ask("POST", f"{path}/tokens", {"text": "x" * 10_001})).status == 400
    assert (await client.ask("POST", "/api/models/nobody/tokens", {"text": ""})).status == 404


@pytest.mark.usefixtures("models")
async def test_pictures_under_a_root_are_shown_and_nothing_else(client: Client, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    (tmp_path / "models" / "link.png").symlink_to(tmp_path / "secret.png")
    reply = await client.ask("GET", "/api/picture", params={"file": "models:vae/one.png"})
    assert (reply.status, reply.content, reply.headers["Content-Type"]) == (200, picture(), "image/png")
    wrong = ("models:../secret.png", "models:link.png", "models:old.ckpt", "models:vae", "models:", "vae/one.png")
    for file in (*wrong, f"models:{tmp_path}/secret.png", "assets:" + "0" * 64, "nowhere:a", ""):
        assert (await client.ask("GET", "/api/picture", params={"file": file})).status == 404, file


async def test_a_plan_says_which_model_was_found(client: Client, engine: Engine) -> None:
    folder = engine.settings.model_folders[0]
    model_file(folder / "b.safetensors", 50)
    pin = {"sha256": Digests().of(folder / "b.safetensors")}
    flow = document({"r": ["plain.recipe", {"file": "models:a.safetensors"}]}, models={"models:a.safetensors": pin})
    told = (await client.ask("POST", "/api/plan", {"workflow": flow})).data
    (notice,) = told["notices"]
    assert (told["valid"], notice["code"], notice["node"]) == (True, "model_found", "r")
    assert notice["values"] == {"name": "models:a.safetensors", "found": "models:b.safetensors"}
    done = await client.ended((await client.submit(flow))["id"])
    assert done["lock"]["models"]["models:a.safetensors"]["found"] == "models:b.safetensors"
    (folder / "b.safetensors").unlink()
    told = (await client.ask("POST", "/api/plan", {"workflow": flow})).data
    assert [each["code"] for each in told["problems"]] == ["file_not_found"]
    assert str(folder) not in str(told)
