"""Where the service posts to: only where the owner of the machine lets it, whatever an address looks like."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from receivers import Receiver, endless, hang, receiving
from servers import Client, serving

from graphengine.app import Engine
from graphengine.errors import Unacceptable
from graphengine.server.addresses import is_public
from graphengine.server.sender import Sender

PRIVATE = "the address is not one of the internet, and others are not allowed here"

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
    "1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_that_are_not_of_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


FORMS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
]


@pytest.mark.parametrize("form", FORMS)
async def test_no_way_to_write_it_leads_to_this_machine(receiver: Receiver, form: str) -> None:
    url = form.format(port=receiver.url.rpartition(":")[2])
    async with Sender("public") as sender:
        outcome = await sender(url, {}, b"{}")
    assert outcome.problem
    assert outcome.status is None
    assert receiver.got == []


async def test_a_name_is_judged_by_the_address_that_is_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever the name led to when somebody looked, it leads inside when it is connected to."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["::1", "127.0.0.1"], ["10.0.0.1", "127.0.0.1"]]
    asked: list[str] = []

    async def resolve(self: Any, host: str, port: int = 0, family: Any = socket.AF_UNSPEC) -> list[dict[str, Any]]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found]
        rows = zip(found, families, strict=True)
        return [
            {"hostname": host, "host": each, "port": port, "family": family, "proto": 0, "flags": 0}
            for each, family in rows
        ]

    connected: list[str] = []
    loop = asyncio.get_running_loop()
    original = loop.sock_connect

    async def noted(sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        if is_public(address[0]):
            raise ConnectionRefusedError("nobody is asked")
        await original(sock, address)

    monkeypatch.setattr(aiohttp.resolver.DefaultResolver, "resolve", resolve)
    monkeypatch.setattr(loop, "sock_connect", noted)
    port = receiver.url.rpartition(":")[2]
    outcomes = []
    for _ in answers:
        async with Sender("public") as sender:
            outcomes.append(await sender(f"http://rebind.example:{port}/", {}, b"{}"))
    assert asked == ["rebind.example"] * 4
    assert connected == ["93.184.216.34"]
    assert [each.problem for each in outcomes] == ["the receiver cannot be reached", PRIVATE, PRIVATE, PRIVATE]
    assert [each.final for each in outcomes] == [False, True, True, True]
    assert receiver.got == []


async def test_where_any_address_is_allowed_it_arrives(receiver: Receiver) -> None:
    async with Sender("any") as sender:
        outcome = await sender(f"{receiver.url}/x", {"webhook-id": "1"}, b'{"a": 1}')
    assert (outcome.status, outcome.problem) == (204, "")
    assert receiver.got[0].body == b'{"a": 1}'


async def test_the_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with Sender("any") as sender:
            assert (await sender(receiver.url, {}, b"{}")).status == 204
        assert proxy.got == []


async def test_receivers_that_do_not_end_are_left(receiver: Receiver) -> None:
    receiver.answers = [hang, endless]
    async with asyncio.timeout(60), Sender("any", patience=0.3) as sender:
        assert (await sender(receiver.url, {}, b"{}")).problem == "the receiver did not answer in time"
        assert (await sender(receiver.url, {}, b"{}")).status == 200, "what is answered is not read"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://nobody.invalid/", "nobody knows the name of the receiver"),
        ("http://" + "a" * 64 + ".com/", "the address is no URL"),
        ("https://127.0.0.1:{port}/", "the receiver's certificate is not valid"),
    ],
)
async def test_what_went_wrong_is_told(receiver: Receiver, url: str, problem: str) -> None:
    async with Sender("any") as sender:
        outcome = await sender(url.format(port=receiver.url.rpartition(":")[2]), {}, b"{}")
    assert outcome.problem == problem


async def test_what_is_no_http_is_a_failure(unused_tcp_port: int) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-nothing\r\n" * 3)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", unused_tcp_port)
    async with server, Sender("any") as sender:
        outcome = await sender(f"http://127.0.0.1:{unused_tcp_port}/", {}, b"{}")
    assert (outcome.status, outcome.problem) == (None, "the connection broke, or what was answered is no HTTP")


async def test_numbers_of_inside_are_refused_at_once() -> None:
    async with Sender("public") as sender:
        for address in ("http://127.0.0.1/", "http://[::1]/", "https://169.254.169.254/latest/meta-data"):
            with pytest.raises(Unacceptable, match="not one of the internet"):
                sender.check(address)
        sender.check("https://example.com/hook?a=b")
        sender.check("https://8.8.8.8:8443/")


async def test_webhooks_are_off_until_the_owner_switches_them_on(
    engine: Engine, data_dir: Any, receiver: Receiver
) -> None:
    async with serving(engine, data_dir) as client:
        reply = await client.ask("PUT", "/api/webhooks/mine", {"url": receiver.url})
        assert (reply.status, reply.data["code"]) == (422, "unacceptable")
        assert "GRAPHENGINE_WEBHOOKS" in reply.data["detail"]
        await client.canary()


async def test_the_internet_alone_does_not_reach_this_machine(
    engine: Engine, data_dir: Any, receiver: Receiver
) -> None:
    async with serving(engine, data_dir, webhooks="public") as client:
        assert (await client.ask("PUT", "/api/webhooks/mine", {"url": receiver.url})).status == 422
        url = receiver.url.replace("127.0.0.1", "localhost")
        assert (await client.ask("PUT", "/api/webhooks/mine", {"url": url})).status == 201
        await client.ask("POST", "/api/webhooks/mine/ping")
        delivery = await given_up(client)
        assert (delivery["problem"], delivery["attempts"], delivery["status"]) == (PRIVATE, 1, None)
        assert receiver.got == []
        await client.canary()


async def given_up(client: Client) -> Any:
    async with asyncio.timeout(60):
        while True:
            (found,) = (await client.get("/api/webhooks/mine/deliveries"))["deliveries"]
            if found["state"] == "failed":
                return found
            await asyncio.sleep(0.02)
