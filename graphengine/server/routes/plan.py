"""``/api/plan``: what a run would do, without running anything."""

import asyncio
from collections.abc import Collection
from dataclasses import asdict

from aiohttp import web

from graphengine.errors import Problem, WorkflowError
from graphengine.plan.explain import Explanation
from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body
from graphengine.server.proving import ready
from graphengine.server.routing import Route
from graphengine.server.schema import PlanBody, PlanOut, ProblemOut, ReasonOut, TaskOut


async def plan(request: web.Request) -> web.Response:
    """Say every problem of a workflow; or whether each node will run, why, and how long it will take."""
    backend = request.app[BACKEND]
    asked = await read_body(request, PlanBody)
    try:
        found = await ready(backend, asked)
    except WorkflowError as error:
        return answer(PlanOut(valid=False, problems=[_problem(each) for each in error.problems]))
    told = await asyncio.to_thread(backend.engine.explain, found.plan, found.origin)
    return answer(_explained(told, found.weights))


def _problem(problem: Problem) -> ProblemOut:
    return ProblemOut(**asdict(problem), place=problem.place)


def _explained(told: Collection[Explanation], weights: str) -> PlanOut:
    tasks = {
        each.task: TaskOut(
            type=each.node,
            verdict=each.verdict,
            seconds=each.seconds,
            reasons=[ReasonOut(**asdict(reason)) for reason in each.reasons],
        )
        for each in told
    }
    seconds = sum(each.seconds or 0.0 for each in told if each.verdict == "runs")
    return PlanOut(valid=True, tasks=tasks, seconds=round(seconds, 6), weights=weights)


ROUTES = (Route("POST", "/api/plan", plan, "read", "plan", body=PlanBody, answer=PlanOut),)
