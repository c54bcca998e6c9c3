"""The messages: every type has an example, and every example is what the schema and the types say."""

import json
from typing import Any, get_args

import jsonschema
import msgpack
import pytest
from frames import LIES, TRAPS
from pydantic import BaseModel

from graphengine.server.messages import (
    MESSAGES,
    REQUESTS,
    Asked,
    Message,
    Preview,
    Request,
    examples,
    messages_schema,
)
from graphengine.server.wire import MalformedMessage, encode, message_of, request_of

SCHEMA = messages_schema()
EXAMPLES = examples()
TAGS = [example["type"] for _, example in EXAMPLES]


def test_every_type_has_an_example_and_says_what_it_is() -> None:
    assert {kind for kind, _ in EXAMPLES} == {*get_args(Request), *get_args(Message)}
    assert len(set(TAGS)) == len(TAGS)
    assert all(kind.__doc__ for kind, _ in EXAMPLES)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=TAGS)
def test_an_example_is_what_the_schema_says(kind: type[BaseModel], example: dict[str, Any]) -> None:
    part = "Request" if issubclass(kind, Asked) else "Message"
    jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{part}"}]}).validate(example)
    adapter = REQUESTS if part == "Request" else MESSAGES
    assert isinstance(adapter.validate_python(example), kind)


def test_the_schema_refuses_what_the_types_refuse() -> None:
    for wrong in ({"type": "ping"}, {"type": "ping", "id": "1", "more": 1}, {"type": "png", "id": "1"}, []):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(SCHEMA).validate(wrong)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=TAGS)
def test_both_formats_say_the_same(kind: type[BaseModel], example: dict[str, Any]) -> None:
    if issubclass(kind, Asked):
        told = kind.model_validate(example)
        assert request_of(told.model_dump_json(), "json") == request_of(msgpack.packb(example), "msgpack") == told
    else:
        message = MESSAGES.validate_python(example)
        assert message_of(encode(message, "json").decode()) == message_of(encode(message, "msgpack")) == message


def test_a_preview_has_its_picture_in_msgpack_and_an_address_in_json() -> None:
    preview = Preview(
        job="a", owner="ann", task="t", media_type="image/jpeg", width=1, height=1, url="/there", data=b"\xff\xd8"
    )
    assert message_of(encode(preview, "msgpack")) == preview
    assert message_of(encode(preview, "json").decode()) == preview.model_copy(update={"data": None})
    assert b"data" not in encode(preview, "json")


def test_what_a_newer_service_says_is_let_pass() -> None:
    assert message_of('{"type": "news", "headline": 1}') is None
    assert message_of('{"type": "reply", "id": "1", "result": {}, "newer": true}') is not None
    with pytest.raises(MalformedMessage):
        message_of('{"type": "event", "seq": "first"}')


@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_msgpack_that_is_no_request_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedMessage):
        request_of(content, "msgpack")


@pytest.mark.parametrize("content", TRAPS.values(), ids=TRAPS)
def test_json_that_is_no_request_is_refused(content: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        request_of(content, "json")
    assert len(str(refused.value)) < 1_000


def test_a_request_of_too_many_values_is_refused() -> None:
    """No list is too long, and all together they would keep every thread waiting."""
    request = {"type": "submit", "id": "1", "workflow": {"nodes": [[0] * 19_000] * 11}}
    with pytest.raises(MalformedMessage, match="too many values"):
        request_of(msgpack.packb(request), "msgpack")
    with pytest.raises(MalformedMessage, match="more than 200,000"):
        request_of(json.dumps(request), "json")
