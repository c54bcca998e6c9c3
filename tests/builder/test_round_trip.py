"""Document to code to document: nothing is lost, whatever the document."""

import json
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from strange_documents import REGISTRY, documents

from graphengine.builder.export.code import python_code
from graphengine.workflow.document import Workflow


def made_by(code: str) -> Workflow:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code, "exported.py", "exec"), names)  # noqa: S102 - the code is what is tested
    made = names["wf"].document()
    assert isinstance(made, Workflow)
    return made


@given(documents())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_code_makes_the_document_that_it_was_made_from(document: Workflow) -> None:
    code = python_code(document, REGISTRY)
    note(code)
    made = made_by(code)
    assert made == document
    assert json.dumps(made.to_json()) == json.dumps(document.to_json()), "the order is the same, and 1 is not 1.0"
    assert python_code(made, REGISTRY) == code
