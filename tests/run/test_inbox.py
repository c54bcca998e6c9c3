"""The way into the event loop: order, few wake-ups, and nothing lost."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from graphengine.run.inbox import Inbox


async def from_threads(count: int, act: Callable[[int], None]) -> None:
    """Let each of some threads call ``act`` with its number, and wait until all have."""
    threads = [threading.Thread(target=act, args=(index,)) for index in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        await asyncio.to_thread(each.join)
    await asyncio.sleep(0)


async def test_acts_come_in_order_and_in_the_thread_of_the_loop() -> None:
    inbox, seen = Inbox(), []

    def send(thread: int) -> None:
        for index in range(100):
            inbox.take(lambda index=index: seen.append((thread, index, threading.get_ident())))

    await from_threads(4, send)
    assert {ident for _, _, ident in seen} == {threading.get_ident()}
    for thread in range(4):
        assert [index for each, index, _ in seen if each == thread] == list(range(100))


async def test_in_the_thread_of_the_loop_an_act_happens_at_once() -> None:
    seen: list[int] = []
    Inbox().take(lambda: seen.append(1))
    assert seen == [1]


async def test_many_acts_wake_the_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, wakes, inbox, seen = asyncio.get_running_loop(), [], Inbox(), []
    wake = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *given: (wakes.append(given), wake(*given)))
    sender = threading.Thread(target=lambda: [inbox.take(lambda: seen.append(1)) for _ in range(100)])
    sender.start()
    sender.join()  # the loop has not turned since
    await asyncio.sleep(0)
    assert (len(seen), len(wakes)) == (100, 1)


async def test_an_act_that_raises_holds_up_no_other() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    inbox, seen = Inbox(), []

    def send(_: int) -> None:
        inbox.take(lambda: seen.append(1 // 0))
        inbox.take(lambda: seen.append(2))

    await from_threads(1, send)
    await asyncio.sleep(0.01)
    assert seen == [2]
    assert [type(each["exception"]) for each in told] == [ZeroDivisionError]


def test_after_the_end_of_the_loop_acts_are_dropped() -> None:
    async def make() -> Inbox:
        return Inbox()

    inbox, seen = asyncio.run(make()), []
    sender = threading.Thread(target=lambda: inbox.take(lambda: seen.append(1)))
    sender.start()
    sender.join()
    assert seen == []


async def test_acts_that_never_end_leave_the_loop_its_turns() -> None:
    inbox, stop, seen = Inbox(), threading.Event(), []
    acted = threading.Semaphore(1)

    def send() -> None:  # each as soon as the last has happened, as calls of small nodes do
        while not stop.is_set():
            acted.acquire()
            inbox.take(lambda: (seen.append(len(seen)), acted.release()))

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(20):
        await asyncio.sleep(0.001)
    stop.set()
    await asyncio.to_thread(sender.join)
    await asyncio.sleep(0)
    assert len(seen) > 20
    assert seen == list(range(len(seen)))
