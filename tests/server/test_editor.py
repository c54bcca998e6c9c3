"""The editor's page: what browsers are told, which files may be had, and what stands there where it is not built."""

import shutil
from pathlib import Path

import pytest
from servers import Client

from graphengine.server import page
from graphengine.server.routes import editor


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "main-1a2b.js").write_text("1")
    (folder / "assets" / "secret.py").write_text("secret")
    (tmp_path / "outside.js").write_text("secret")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "outside.js")
    monkeypatch.setattr(editor, "BUILT", folder)
    return folder


@pytest.mark.inside
@pytest.mark.usefixtures("built")
async def test_the_page_runs_nothing_that_is_not_ours(client: Client) -> None:
    reply = await client.ask("GET", "/")
    assert (reply.status, reply.content) == (200, b"<!doctype html>")
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("unsafe" in sources or "http" in sources or "*" in sources for sources in policy.values())
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-cache"


@pytest.mark.inside
@pytest.mark.usefixtures("built")
async def test_files_never_change(client: Client) -> None:
    reply = await client.ask("GET", "/assets/main-1a2b.js")
    assert (reply.status, reply.content) == (200, b"1")
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in reply.headers["Cache-Control"]


STRANGE = [
    "secret.py",
    "link.js",
    "..%2Findex.html",
    "%2e%2e%2findex.html",
    "..",
    ".",
    "",
    "none.js",
    "a%00.js",
    "%2Fetc%2Fpasswd",
]


@pytest.mark.inside
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("name", STRANGE)
async def test_no_name_leads_elsewhere(client: Client, name: str) -> None:
    async with client.session.get(f"{client.address}/assets/{name}", allow_redirects=False) as reply:
        assert reply.status in {404, 405} or (name in {"..", ".", ""} and b"secret" not in await reply.read())


@pytest.mark.inside
async def test_where_it_is_not_built_a_page_says_how(client: Client, built: Path) -> None:
    shutil.rmtree(built)
    reply = await client.ask("GET", "/")
    assert reply.status == 503
    assert b"python frontend/build.py" in reply.content
    assert b"<script" not in reply.content
    assert (await client.ask("GET", "/assets/main-1a2b.js")).status == 404


async def test_the_catalogue_says_what_fits_and_what_passes(client: Client) -> None:
    told = await client.get("/api/nodes")
    fits = {(each["source"], each["target"]): each for each in told["fits"]}
    assert fits["Int", "Float"] == {"source": "Int", "target": "Float", "each": False, "converts": True}
    assert not fits["Float", "Float"]["converts"]
    assert ("String", "Float") not in fits
    add = next(each for each in told["nodes"] if each["id"] == "plain.add")
    assert add["passage"] == {add["outputs"][0]["name"]: add["inputs"][0]["name"]}


async def test_files_are_listed_by_what_a_document_calls_them(client: Client, tmp_path: Path) -> None:
    (tmp_path / "inputs" / "sub").mkdir()
    (tmp_path / "inputs" / "sub" / "a.png").write_bytes(b"123")
    (tmp_path / "inputs" / ".hidden").write_bytes(b"")
    assert (await client.get("/api/files/inputs"))["files"] == [{"reference": "inputs:sub/a.png", "bytes": 3}]
    for root in ("assets", "nothing", "..%2f"):
        assert (await client.ask("GET", f"/api/files/{root}")).status == 404


def test_the_page_lies_in_the_package() -> None:
    assert page.BUILT.parent == Path(page.__file__).parent
