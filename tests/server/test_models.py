"""The models over HTTP and the websocket."""

import io
from pathlib import Path

import pytest
from documents import model_file, weights_file
from PIL import Image
from servers import Client, serving

from graphengine.app import Engine
from graphengine.client import Client as Follower


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
