"""Every operation of the OpenAPI document, asked by schemathesis with what its schemas allow and what they forbid."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from servers import Client, ServerProcess, three

from graphengine.server.app import with_openapi
from graphengine.server.openapi import openapi
from graphengine.server.routes.table import ROUTES

pytest_plugins = ["schemathesis.pytest.plugin"]
"""Only here: every start of pytest would wait two seconds for it."""

EXAMPLES = int(os.environ.get("GRAPHENGINE_TRIALS", "10"))

ACCEPTANCE = {"expected-statuses": ["2xx", "3xx", 401, 403, 404, 409, 422, 426, 429, 503, 507]}
"""What may be answered to what the schemas allow: also 422, for no schema says whether a workflow can be run, and 426,
for what asks is no websocket."""

UNBUILT = {"expected-statuses": ["2xx", "3xx", "4xx", 503]}
"""What the page may answer: that the editor is not built here is no fault of the server."""

CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {"positive_data_acceptance": ACCEPTANCE},
        "operations": [{"include-path": "/", "checks": {"not_a_server_error": UNBUILT}}],
    }
)

schema = schemathesis.openapi.from_dict(dict(openapi(with_openapi(ROUTES))), config=CONFIG)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server, which calls nodes in its own threads, and has one of everything."""
    folder = tmp_path_factory.mktemp("data")
    server = ServerProcess(folder, GRAPHENGINE_EXECUTOR="thread", GRAPHENGINE_WEBHOOKS="any")
    yield asyncio.run(furnished(server))
    server.kill()


async def furnished(server: ServerProcess) -> str:
    """Start a server, and let there be a thing of each kind under the name that schemathesis likes to ask for."""
    address = await server.start()
    async with aiohttp.ClientSession() as session:
        client = Client(session, address)
        await client.submit(three(), id="0")
        await client.ended("0")
        trigger = {"kind": "cron", "expression": "0 0 1 1 *"}
        for path, body in (
            ("/api/workflows/0", {"workflow": three()}),
            ("/api/schedules/0", {"trigger": trigger, "workflow": three()}),
            ("/api/webhooks/0", {"url": "http://127.0.0.1:9/"}),  # nobody listens there
        ):
            assert (await client.ask("PUT", path, body)).status in {200, 201}
    return address


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_operation_does_what_it_says(case: Any, address: str) -> None:
    case.call_and_validate(base_url=address, timeout=30)
