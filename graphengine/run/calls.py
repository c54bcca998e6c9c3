"""From a task and what it is given to the call that an executor makes."""

from collections.abc import Collection, Mapping

from graphengine.plan.plan import Task
from graphengine.run.context import RunScope, TaskContext
from graphengine.run.executors.base import Call, FlowCall
from graphengine.run.messages import Execute
from graphengine.workflow.graph import Link


def make_call(task: Task, instruction: Execute, scope: RunScope) -> Call:
    """Return the call of a task, with the calls that happen within it."""
    context = TaskContext(scope, task.name, "" if task.flows else task.fingerprint)  # what flowed is not kept
    conversions = {key: link.conversion for key, link in task.links.items()}
    if not task.flows:
        return Call(task.spec, task.constants, instruction.inputs, conversions, context, attempt=instruction.attempt)
    within = {flow.name for flow in task.flows}
    flows = tuple(
        FlowCall(
            name=flow.name,
            spec=flow.spec,
            constants=flow.constants,
            linked=linked,
            conversions={key: link.conversion for key, link in flow.links.items()},
            taken=_taken(flow.links, within),
            each=flow.each,
        )
        for flow, linked in zip(task.flows, instruction.flows, strict=True)
    )
    taken = _taken(task.links, within)
    return Call(
        spec=task.spec,
        constants=task.constants,
        linked=instruction.inputs,
        conversions=conversions,
        context=context,
        taken=taken,
        flows=flows,
        collects=task.collects,
        attempt=instruction.attempt,
    )


def _taken(links: Mapping[str, Link], within: Collection[str]) -> Mapping[str, tuple[str, str]]:
    return {key: (link.source.node, link.source.name) for key, link in links.items() if link.source.node in within}
