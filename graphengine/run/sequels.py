"""What may be called in the same breath as a task: the tasks that wait for nothing but each other's results."""

from collections.abc import Iterator
from itertools import islice, pairwise

from graphengine.plan.plan import Task
from graphengine.run.state import RunState


def sequels(state: RunState, task: Task, limit: int) -> Iterator[tuple[Task, Task]]:
    """Return each of at most ``limit`` tasks that follow a task in its slot, behind the one before it.

    The machine still decides about each. It may find that it does not want the result of one after all; so none has an
    effect outside, or needs anything that the others do not have.
    """
    return islice(pairwise(_line(state, task)), limit)


def _line(state: RunState, task: Task) -> Iterator[Task]:
    yield task
    while True:
        consumers = state.steps.consumers(task.name)
        following = state.steps.tasks.get(consumers[0]) if len(consumers) == 1 else None
        if following is None or not state.waits_only_for(following.name, task.name) or not _is_plain(following, task):
            return
        yield following
        task = following


def _is_plain(task: Task, before: Task) -> bool:
    return (
        task.lane == before.lane
        and task.batch_key is None
        and not (task.flows or task.weights or task.spec.lazy or not task.cacheable)
        and all(link.item is None for link in task.links.values())
    )
