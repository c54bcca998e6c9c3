"""Progress and previews beside the log: at a rate, the latest first of all."""

import asyncio

from graphengine.node.context import Preview
from graphengine.run.messages import Event, TaskPreview, TaskProgress
from graphengine.service.coalesce import Coalescer
from graphengine.service.live import LiveFeed


async def test_listeners_hear_until_they_stop() -> None:
    feed = LiveFeed()
    heard: list[tuple[str, str, Event]] = []

    def listen(job: str, owner: str, event: Event) -> None:
        heard.append((job, owner, event))

    stop, stop_too = feed.listen(listen), feed.listen(listen)
    event = TaskProgress("a", 1, 2)
    feed.tell("job", "ann", event)
    assert heard == [("job", "ann", event)] * 2
    stop()
    stop()
    feed.tell("job", "ann", event)
    assert len(heard) == 3
    stop_too()
    feed.tell("job", "ann", event)
    assert len(heard) == 3


async def test_progress_is_told_at_a_rate_and_the_latest_counts() -> None:
    told: list[Event] = []
    coalescer = Coalescer(told.append, interval=0.02)
    for step in range(100):
        coalescer.offer(TaskProgress("a", step, 100))
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    assert told[0] == TaskProgress("a", 0, 100)
    assert told[-1] == TaskProgress("a", 99, 100)
    assert len(told) <= 20


async def test_tasks_take_turns_and_previews_have_their_own() -> None:
    told: list[Event] = []
    coalescer = Coalescer(told.append, interval=0.01)
    preview = TaskPreview("a", Preview("image/png", b"", 1, 1))
    coalescer.offer(TaskProgress("a", 0, 9))
    for event in (TaskProgress("a", 1, 9), TaskProgress("b", 1, 9), TaskProgress("a", 2, 9), preview):
        coalescer.offer(event)
    await asyncio.sleep(0.05)
    assert told == [TaskProgress("a", 0, 9), TaskProgress("a", 2, 9), preview, TaskProgress("b", 1, 9)]


async def test_what_is_over_is_told_no_more() -> None:
    told: list[Event] = []
    coalescer = Coalescer(told.append, interval=0.01)
    for step in (0, 1):
        coalescer.offer(TaskProgress("a", step, 9))
        coalescer.offer(TaskProgress("b", step, 9))
    coalescer.forget("a")
    await asyncio.sleep(0.03)
    assert told == [TaskProgress("a", 0, 9), TaskProgress("b", 1, 9)]
    coalescer.offer(TaskProgress("b", 2, 9))
    coalescer.offer(TaskProgress("b", 3, 9))
    coalescer.close()
    await asyncio.sleep(0.03)
    assert TaskProgress("b", 3, 9) not in told


async def test_the_last_preview_of_a_task_is_told_when_it_is_over() -> None:
    told: list[Event] = []
    coalescer = Coalescer(told.append, interval=60)
    first, last = (TaskPreview("a", Preview("image/png", content, 1, 1)) for content in (b"1", b"2"))
    for event in (first, last, TaskProgress("a", 8, 9)):
        coalescer.offer(event)
    coalescer.finish("a")
    assert told == [first, last]
    coalescer.finish("a")
    assert told == [first, last]
    coalescer.close()
