"""Long answers are put together bit by bit, and say the same as if they were written at once."""

import json

import pytest
from pydantic import BaseModel

from graphengine.server.answers import answer, long_answer
from graphengine.server.schema import JobsOut, ObjectOut, PlanOut, ReasonOut, TaskOut
from graphengine.server.views import JobView

JOB = JobView.model_construct(
    **dict.fromkeys(JobView.model_fields) | {"inputs": {"prompt": 'a "dog" \u2028 \U0001f415', "list": [1, 2.5, None]}}
)
TASK = TaskOut(
    type="a@1", verdict="runs", seconds=0.5, memory=None, reasons=[ReasonOut(message="new", code="never_run")]
)

ANSWERS: dict[str, BaseModel] = {
    "no jobs": JobsOut(jobs=[]),
    "jobs": JobsOut.model_construct(jobs=[JOB] * 3, cursor="abc"),
    "tasks": PlanOut(valid=True, tasks={'n"1': TASK, "n2": TASK}, seconds=1.0, weights="", memory=None),
    "no fields": ObjectOut.model_validate({"a": {"b": [1]}}),
}


class Only(BaseModel):
    parts: list[TaskOut]


@pytest.mark.parametrize("model", [*ANSWERS.values(), Only(parts=[TASK, TASK])], ids=[*ANSWERS, "nothing else"])
async def test_a_long_answer_says_the_same(model: BaseModel) -> None:
    long, short = await long_answer(lambda: model), answer(model)
    assert isinstance(long.body, bytes)
    assert isinstance(short.body, bytes)
    assert json.loads(long.body) == json.loads(short.body)
    assert long.headers == short.headers
