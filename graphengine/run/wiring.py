"""What comes over the links of a step, among the values that a run holds."""

from collections.abc import Collection, Mapping

from graphengine.node.context import Attempt
from graphengine.plan.plan import Expansion, Gathering, Opening, Task
from graphengine.run.handle import Handle, Handles, listed
from graphengine.run.messages import Execute, Open
from graphengine.workflow.graph import ForEach, Link

Values = Mapping[str, Handles]
"""The results that are held, by step."""


def call_of(task: Task, values: Values, attempt: Attempt) -> Execute:
    """Return the instruction to call a task's node with what is there."""
    if not task.flows:
        return Execute(task.name, _inputs(task.links, values, ()), attempt)
    within = {flow.name for flow in task.flows}
    flows = tuple(_inputs(flow.links, values, within) for flow in task.flows)
    return Execute(task.name, _inputs(task.links, values, within), attempt, flows)


def opening_of(opening: Opening, values: Values, expansions: Mapping[str, Expansion]) -> Open:
    """Return the instruction to find out what turns a loop has: from its lists, or its condition."""
    repeat = opening.loop.repeat
    links: dict[str, Link] = {}
    if isinstance(repeat, ForEach):
        links = {port: opening.ports[port].link for port in repeat.each if port not in opening.opened}
    elif opening.before:
        links = {repeat.condition: opening.before[repeat.condition].link}
    inputs = {port: _value(link, values) for port, link in links.items()}
    return Open(opening, inputs, {name: expansions[name] for name in opening.opened.values()})


def gathered(gathering: Gathering, values: Values, last: Expansion) -> Handles:
    """Return the results of the turns put together: lists, or in a while-loop those of the last turn."""
    return {
        name: listed(type_, [_value(each.link, values) for each in last.results[name]])
        if last.listed
        else _value(last.results[name][0].link, values)
        for name, type_ in gathering.types.items()
    }


def _inputs(links: Mapping[str, Link], values: Values, within: Collection[str]) -> Handles:
    """Return what comes over links, but for lazy inputs that nobody has asked for, and items made in the call."""
    return {
        key: _value(link, values)
        for key, link in links.items()
        if link.source.node in values and link.source.node not in within
    }


def _value(link: Link, values: Values) -> Handle:
    handle = values[link.source.node][link.source.name]
    return handle if link.item is None or handle.items is None else handle.items[link.item]
