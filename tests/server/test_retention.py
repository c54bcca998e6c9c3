"""Files that nobody names, over HTTP."""

from pathlib import Path

import pytest
from servers import Client, document, serving

from graphengine.app import Engine
from graphengine.files.digest import sha256
from graphengine.server.access import add_token


async def test_what_nobody_names_is_removed_and_counted(client: Client, data_dir: Path) -> None:
    (data_dir / "assets").mkdir(parents=True, exist_ok=True)
    digests = {}
    for content in (b"named by a job", b"of nobody"):
        digests[content] = sha256(content)
        (data_dir / "assets" / digests[content]).write_bytes(content)
    read = document({"read": ["plain.read", {"file": f"assets:{digests[b'named by a job']}"}]})
    await client.ended((await client.submit(read))["id"])
    dry = await client.ask("POST", "/api/retention/prune", {"age": 0, "dry": True})
    assert (dry.status, dry.data["removed"], dry.data["removed_bytes"]) == (200, 1, len(b"of nobody"))
    done = await client.ask("POST", "/api/retention/prune", {"age": 0})
    assert (done.data["removed"], done.data["unnamed"], done.data["named"]) == (1, 0, 1)
    assert {path.name for path in (data_dir / "assets").iterdir()} == {digests[b"named by a job"]}
    page = (await client.ask("GET", "/metrics")).content.decode()
    assert 'graphengine_files{named="yes"} 1.0' in page
    assert "graphengine_files_removed 1.0" in page
    assert f"graphengine_file_bytes_removed {len(b'of nobody'):.1f}" in page


async def test_what_was_just_uploaded_stays(client: Client) -> None:
    content = b"fresh"
    path = f"/api/assets/{sha256(content)}"
    headers = {"Content-Type": "application/octet-stream"}
    assert (await client.ask("PUT", path, data=content, headers=headers)).status == 201
    assert (await client.ask("POST", "/api/retention/prune", {"age": 0, "bytes": 0})).data["removed"] == 0
    assert (await client.ask("GET", path)).content == content


@pytest.mark.parametrize("body", [{"age": -1}, {"bytes": -1}, {"more": 1}])
async def test_what_makes_no_sense_is_refused(client: Client, body: object) -> None:
    assert (await client.ask("POST", "/api/retention/prune", body)).status in (400, 422)


async def test_only_who_may_do_everything_may_prune(engine: Engine, data_dir: Path) -> None:
    secret = add_token(data_dir, "ann", "submit")
    async with serving(engine, data_dir) as served:
        headers = {"Authorization": f"Bearer {secret}"}
        assert (await served.ask("POST", "/api/retention/prune", {}, headers=headers)).status == 403
