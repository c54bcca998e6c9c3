"""``/api/plan``: what a run would do, without running anything."""

from collections.abc import Collection
from dataclasses import asdict

from aiohttp import web

from graphengine.errors import Problem, WorkflowError
from graphengine.plan.explain import Explanation
from graphengine.plan.memory import Machine, Outlook
from graphengine.server import proving
from graphengine.server.answers import long_answer
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body
from graphengine.server.routing import Route
from graphengine.server.schema import NoticeOut, PlanBody, PlanOut, ProblemOut, ReasonOut, TaskOut
from graphengine.server.views import MachineView, MemoryView, NeedsView
from graphengine.service.runner import Ready


async def plan(request: web.Request) -> web.Response:
    """Say every problem of a workflow; or whether each node will run, why, how long it takes, and with what memory."""
    backend = request.app[BACKEND]
    asked = await read_body(request, PlanBody)
    try:
        found = await proving.ready(backend, asked)
    except WorkflowError as error:
        problems = error.problems
        return await long_answer(lambda: PlanOut(valid=False, problems=[_problem(each) for each in problems]))

    def explained() -> PlanOut:
        told = backend.engine.explain(found.plan, found.origin)
        return _explained(told, backend.engine.outlook(told), found)

    return await long_answer(explained)


def _problem(problem: Problem) -> ProblemOut:
    return ProblemOut(**problem.data(), place=problem.place)


def _explained(told: Collection[Explanation], outlook: Outlook, ready: Ready) -> PlanOut:
    tasks = {
        each.task: TaskOut(
            type=each.node,
            verdict=each.verdict,
            seconds=each.seconds,
            memory=None if each.needs is None else NeedsView.model_validate(each.needs, from_attributes=True),
            reasons=[ReasonOut(**asdict(reason)) for reason in each.reasons],
        )
        for each in told
    }
    seconds = sum(each.seconds or 0.0 for each in told if each.verdict == "runs")
    memory = MemoryView(
        fits=outlook.fit,
        weights=outlook.weights,
        device=outlook.device,
        host=outlook.host,
        results=outlook.results,
        there=_there(outlook.machine),
    )
    notices = [NoticeOut(**notice.data()) for notice in ready.notices]
    seconds = round(seconds, 6)
    return PlanOut(valid=True, notices=notices, tasks=tasks, seconds=seconds, weights=ready.weights, memory=memory)


def _there(machine: Machine) -> MachineView:
    device = machine.device
    return MachineView(
        device=None if device is None else device.name,
        device_bytes=None if device is None else device.capacity,
        host_bytes=machine.host,
        model_bytes=machine.budget,
    )


ROUTES = (Route("POST", "/api/plan", plan, "read", "plan", body=PlanBody, answer=PlanOut),)
