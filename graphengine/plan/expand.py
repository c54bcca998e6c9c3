"""Opening a loop: once it is known how many turns it has, or that it has another, its tasks are made.

Turns of one loop that feed turns of another are joined directly, so that each item goes through the whole chain on its
own, and a chain over a long list holds a few items at a time. What was begun first is finished first.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from graphengine.errors import Failure
from graphengine.plan.fingerprint import fingerprint_of_constant, fingerprint_of_item
from graphengine.plan.plan import Bound, Expansion, Opening, Step
from graphengine.plan.planner import closure, consumers_of
from graphengine.plan.steps import Scope
from graphengine.types.assign import IDENTITY
from graphengine.workflow.document import Socket
from graphengine.workflow.graph import Body, ForEach, Link, While, has_sink
from graphengine.workflow.lists import UNEQUAL_HINT

MAX_STEPS = 100_000
"""What one loop may be opened to."""

Turn = Mapping[str, Bound]


def expand_each(
    opening: Opening, repeat: ForEach, lengths: Mapping[str, int], opened: Mapping[str, Expansion]
) -> Expansion | Failure:
    """Return the turns of a for-each loop.

    Args:
        lengths: of the lists that are there, by port.
        opened: what the openings that it awaits have opened, by their names.
    """
    columns = [_column(opening, port, lengths, opened) for port in repeat.each]
    sizes = [len(column) for column in columns]
    if not repeat.product and len(set(sizes)) > 1:
        listed = ", ".join(f"{port!r} has {size}" for port, size in zip(repeat.each, sizes, strict=True))
        return Failure("unequal_lengths", f"the lists pair up, but {listed} items", UNEQUAL_HINT)
    count = math.prod(sizes) if repeat.product else sizes[0]
    if count * len(repeat.body.nodes) > MAX_STEPS:
        return Failure("too_large", f"{count} turns are more than a loop may have", "Give it shorter lists.")
    before = [opened[name] for name in opening.opened.values()]
    base = max((each.base for each in before), default=opening.rank)
    depth = max((each.depth + 1 for each in before), default=0)
    rows = itertools.product(*columns) if repeat.product else zip(*columns, strict=True)
    steps: list[Step] = []
    results: dict[str, list[Bound]] = {name: [] for name in repeat.body.outputs}
    for index, row in enumerate(rows):
        turn = {**opening.ports, **dict(zip(repeat.each, row, strict=True))}
        rank = base + (count - index - 1 / (depth + 1)) / count
        made, gives = _turn(opening, repeat.body, index, turn, rank)
        steps += made
        for name, bound in gives.items():
            results[name].append(bound)
    listed_results = {name: tuple(bounds) for name, bounds in results.items()}
    effects = _effects(repeat.body, _place(opening), range(count))
    return Expansion(tuple(steps), listed_results, None, effects, count, base, depth, listed=True)


def expand_while(opening: Opening, repeat: While, *, goes_on: bool) -> Expansion:
    """Return the next turn of a while-loop, or what it came to.

    Args:
        goes_on: whether there is another turn.
    """
    if not goes_on:
        results = {name: (bound,) for name, bound in opening.before.items()}
        return Expansion((), results, None, (), opening.turn, opening.rank, 0, listed=False)
    body = repeat.following if opening.turn else repeat.first
    carried = {port: opening.before[output] for port, output in repeat.carry.items()} if opening.turn else {}
    steps, gives = _turn(opening, body, opening.turn, {**opening.ports, **carried}, opening.rank)
    condition = gives[repeat.condition].link.source.node
    sources = (bound.link.source.node for bound in (*gives.values(), *opening.ports.values()))
    effects = _effects(body, _place(opening), (opening.turn,))
    following = replace(
        opening,
        name=f"{_place(opening)}[{opening.turn}]?",
        turn=opening.turn + 1,
        before=gives,
        needs=tuple(dict.fromkeys((condition, *sources, *effects))),
        awaits=tuple(dict.fromkeys((condition, *effects))),
        consumers=(),
    )
    return Expansion((*steps, following), {}, following.name, (), opening.turn + 1, opening.rank, 0, listed=False)


def _column(
    opening: Opening, port: str, lengths: Mapping[str, int], opened: Mapping[str, Expansion]
) -> Sequence[Bound]:
    """Return where the items of the list at a port come from."""
    whole = opening.ports[port]
    if port in opening.opened:
        return opened[opening.opened[port]].results[whole.link.source.name]
    literal = opening.items.get(port)
    output = whole.link.source.name
    return [
        Bound(
            Link(Socket(opening.name, port), IDENTITY, index),
            fingerprint_of_item(whole.fingerprint, output, index)
            if literal is None
            else fingerprint_of_constant(literal[index]),
        )
        for index in range(lengths[port])
    ]


def _turn(opening: Opening, body: Body, index: int, ports: Turn, rank: float) -> tuple[list[Step], dict[str, Bound]]:
    """Return the steps of one turn, and where its outputs come from."""
    scope = Scope(
        body.nodes,
        opening.environments,
        _prefix(body, _place(opening), index),
        ports,
        body.outputs.values(),
        opening.weights,
        coalesce=opening.coalesce,
    )
    wanted = [socket.node for socket in body.outputs.values()] + _sinks(body)
    every = {draft.name: draft for draft in scope.drafts()}
    drafts = closure(every, [scope.prefix + name for name in wanted])
    consumers = consumers_of(drafts)
    steps = [scope.step(draft, tuple(consumers[draft.name]), rank) for draft in drafts]
    return steps, {name: scope.bound(socket) for name, socket in body.outputs.items()}


def _effects(body: Body, place: str, turns: Iterable[int]) -> tuple[str, ...]:
    """Return the sinks of the turns: they run whether anybody takes from them or not."""
    return tuple(_prefix(body, place, index) + name for index in turns for name in _sinks(body))


def _sinks(body: Body) -> list[str]:
    return [name for name, node in body.nodes.items() if has_sink(node)]


def _place(opening: Opening) -> str:
    """Return the name of the loop among the steps."""
    return opening.name.rpartition("[")[0]


def _prefix(body: Body, place: str, index: int) -> str:
    return f"{place}[{index}]" if "" in body.nodes else f"{place}[{index}]/"
