"""The door: names, pages, tokens and scopes; what is unclear, fails."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web
from servers import Client, serving, slow, three

from graphengine.app import Engine
from graphengine.errors import EngineBug, SettingsRefused
from graphengine.server.access import Access, add_token, load_access, remove_token
from graphengine.server.app import with_openapi
from graphengine.server.routes.table import ROUTES
from graphengine.server.routing import check_declared
from graphengine.server.serving import check_bind

STRANGERS = [
    ({"Host": "evil.example"}, 421, "wrong_host"),
    ({"Host": "127.0.0.1.evil.example"}, 421, "wrong_host"),
    ({"Host": "localhost@evil.example"}, 421, "wrong_host"),
    ({"Host": "localhost:80:80"}, 421, "wrong_host"),
    ({"Host": ""}, 421, "wrong_host"),
    ({"Origin": "null"}, 403, "wrong_origin"),
    ({"Origin": ""}, 403, "wrong_origin"),
    ({"Origin": "http://evil.example"}, 403, "wrong_origin"),
    ({"Origin": "http://127.0.0.1:1"}, 403, "wrong_origin"),
    ({"Origin": "file://"}, 403, "wrong_origin"),
    ({"Sec-Fetch-Site": "cross-site"}, 403, "wrong_origin"),
    ({"Sec-Fetch-Site": "same-site"}, 403, "wrong_origin"),
    ({"Sec-Fetch-Site": "anything"}, 403, "wrong_origin"),
]


@pytest.mark.parametrize(("headers", "status", "code"), STRANGERS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/jobs"), ("POST", "/api/jobs"), ("GET", "/nothing")])
async def test_strangers_stay_outside(
    client: Client, method: str, path: str, headers: Mapping[str, str], status: int, code: str
) -> None:
    reply = await client.ask(method, path, headers=headers)
    assert (reply.status, reply.data["code"]) == (status, code)
    assert (await client.get("/api/jobs"))["jobs"] == []


async def test_own_pages_come_in(client: Client) -> None:
    headers = {"Origin": client.address, "Sec-Fetch-Site": "same-origin"}
    assert (await client.ask("POST", "/api/jobs", {"workflow": three()}, headers=headers)).status == 201


async def test_a_form_of_another_page_cannot_submit(client: Client) -> None:
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reply = await client.ask("POST", "/api/queue/pause", data=b"{}", headers={"Content-Type": type_})
        assert (reply.status, reply.data["code"]) == (415, "wrong_media_type")
    assert not (await client.get("/api/queue"))["paused"]


async def test_tokens_open_what_their_scopes_say(engine: Engine, data_dir: Path) -> None:
    secrets = {scope: add_token(data_dir, scope, scope) for scope in ("read", "submit", "admin")}
    assert all(secret not in (data_dir / "tokens.json").read_text() for secret in secrets.values())
    rows = [("GET", "/api/jobs", "read"), ("POST", "/api/jobs", "submit"), ("POST", "/api/queue/resume", "admin")]
    rank = ["read", "submit", "admin"]
    async with serving(engine, data_dir) as client:
        assert (await client.ask("GET", "/healthz")).status == 200
        for method, path, needed in rows:
            for secret in ("", "x", secrets["admin"][:-1]):
                reply = await client.ask(method, path, headers={"Authorization": f"Bearer {secret}"})
                assert (reply.status, reply.data["code"]) == (401, "unauthorized")
            for scope, secret in secrets.items():
                reply = await client.ask(method, path, headers={"Authorization": f"Bearer {secret}"})
                assert (reply.status == 403) == (rank.index(scope) < rank.index(needed)), (path, scope)


async def test_jobs_are_their_owners_to_change(engine: Engine, data_dir: Path) -> None:
    bearer = {
        name: {"Authorization": f"Bearer {add_token(data_dir, name, scope)}"}
        for name, scope in (("ann", "submit"), ("bob", "submit"), ("eve", "admin"))
    }
    async with serving(engine, data_dir, grace=0) as client:
        job = await client.ask("POST", "/api/jobs", {"workflow": slow(30)}, headers=bearer["ann"])
        assert job.data["owner"] == "ann"
        path = f"/api/jobs/{job.data['id']}/cancel"
        assert (await client.ask("POST", path, headers=bearer["bob"])).status == 403
        assert (await client.ask("POST", path, headers=bearer["eve"])).status == 200


def test_a_token_that_is_removed_holds_no_longer(tmp_path: Path) -> None:
    secret = add_token(tmp_path, "a", "read")
    other = add_token(tmp_path, "b", "read")
    assert remove_token(tmp_path, "a")
    access = load_access(tmp_path)
    assert access.caller(secret) is None
    assert access.caller(other) is not None
    assert access.caller(None) is None
    assert (tmp_path / "tokens.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["::", "::ffff:10.0.0.1", "192.168.1.5", "example.com"])
def test_no_token_no_strangers(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="no token"):
        check_bind(host, Access())
    add_token(tmp_path, "a", "read")
    check_bind(host, load_access(tmp_path))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    check_bind(host, Access())


def test_what_declares_no_permission_is_not_served() -> None:
    app = web.Application()

    async def tell(request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_post("/secret", tell)
    with pytest.raises(EngineBug, match="POST /secret is served without a permission"):
        check_declared(app, {})


async def test_a_route_that_is_added_behind_the_table_is_shut(engine: Engine, data_dir: Path) -> None:
    async with serving(engine, data_dir) as client:
        for method in ("HEAD", "OPTIONS", "TRACE", "PATCH"):
            reply = await client.session.request(method, client.address + "/api/jobs")
            assert reply.status in {404, 405, 415}


async def test_the_description_is_complete(client: Client) -> None:
    described = await client.get("/api/openapi.json")
    found = {(method.upper(), path) for path, each in described["paths"].items() for method in each}
    assert found == {(route.method, route.path) for route in with_openapi(ROUTES)}
    names = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert len(set(names)) == len(names)
    assert all(each["summary"] for path in described["paths"].values() for each in path.values())


async def test_a_browser_logs_in_by_a_cookie_that_no_script_reads(engine: Engine, data_dir: Path) -> None:
    secret = add_token(data_dir, "ann", "submit")
    async with serving(engine, data_dir) as client:
        assert (await client.ask("GET", "/")).status in {200, 503}
        assert (await client.ask("POST", "/api/login", {"token": secret[:-1]})).status == 401
        assert (await client.ask("GET", "/api/jobs")).status == 401
        stranger = {"Origin": "http://evil.example"}
        assert (await client.ask("POST", "/api/login", {"token": secret}, headers=stranger)).status == 403

        told = await client.ask("POST", "/api/login", {"token": secret})
        assert told.status == 204
        cookie = told.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        sent = {"Cookie": cookie.partition(";")[0]}
        assert (await client.ask("POST", "/api/jobs", {"workflow": three()}, headers=sent)).data["owner"] == "ann"
        assert (await client.ask("POST", "/api/queue/resume", headers=sent)).status == 403
        assert (await client.ask("GET", "/api/jobs", headers=sent | stranger)).status == 403
        wrong = sent | {"Authorization": "Bearer x"}
        assert (await client.ask("GET", "/api/jobs", headers=wrong)).status == 401  # what is said aloud counts
        gone = (await client.ask("POST", "/api/logout")).headers["Set-Cookie"]
        assert gone.startswith('graphengine-token="";')
        assert "Max-Age=0" in gone
