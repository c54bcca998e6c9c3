"""What worker processes promise: a node may crash, hang or exit, and costs one call.

``GRAPHENGINE_TRIALS`` is how often each fault is tried; ``make fault`` sets it to the full figure.
"""

import gc
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import get_args

import fault_pack
import plain_pack
import pytest
from desk import Desk, values
from documents import Nodes, link, workflow
from faults import TRIALS, alive, settled

from graphengine.app import Engine, load_settings
from graphengine.errors import Failure
from graphengine.node.declare import spec_of
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Success
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.process.segments import Vault
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.messages import Event, TaskProgress
from graphengine.types.codec import Encoded

LARGE = 1_000_000

ENDS = {
    "segfault": "died of SIGSEGV",
    "exit": "exit code 3",
    "kill": "died of SIGKILL",
    "abort": "died of SIGABRT",
    "overflow": "died of SIGSEGV",
}


@pytest.fixture
def desk(processes: ProcessExecutor, tmp_path: Path) -> Desk:
    return Desk(processes, tmp_path)


def folder(executor: ProcessExecutor) -> Path:
    return executor._vault.folder


def segments(executor: ProcessExecutor) -> set[str]:
    gc.collect()
    return {path.name for path in folder(executor).iterdir()}


def workers(executor: ProcessExecutor) -> set[int]:
    pool = executor._pool
    return {each._process.pid for each in (*pool._workers, *pool._dying)}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# ------------------------------------------------------------------ R5: crashes


@pytest.mark.parametrize("how", get_args(fault_pack.Crash))
def test_a_crash_fails_its_call_and_the_next_one_runs(desk: Desk, how: str) -> None:
    for _ in range(TRIALS):
        kept = desk.call(fault_pack.bulk, size=LARGE, fill=7)
        started = time.monotonic()
        failure = desk.call(fault_pack.crash, how=how)
        assert (failure.code, ENDS[how] in failure.message, bool(failure.hint)) == ("worker_died", True, True), failure
        assert time.monotonic() - started < 30
        assert values(desk, desk.call(fault_pack.total, {"bulk": kept.handles["bulk"]})) == {"value": 14}


def test_a_node_that_exits_as_a_script_would_fails_like_any_other(desk: Desk) -> None:
    assert desk.call(fault_pack.quit_) == Failure("node_raised", "SystemExit: 3", "", "SystemExit")


def test_a_crash_leaves_no_child_and_is_seen_past_one_that_holds_everything_open(desk: Desk) -> None:
    failure = desk.call(fault_pack.orphans)
    assert (failure.code, "exit code 4" in failure.message) == ("worker_died", True)


def test_calls_that_wait_survive_the_crash_of_the_worker_they_wait_for(desk: Desk) -> None:
    waiting = [desk.start(fault_pack.deaf, seconds=0.1) for _ in range(2)]
    waiting.append(desk.start(fault_pack.crash, how="exit"))
    waiting += [desk.start(fault_pack.where) for _ in range(5)]
    outcomes = [each.outcome() for each in waiting]
    assert [type(each) for each in outcomes] == [Success] * 2 + [Failure] + [Success] * 5


def test_an_idle_worker_that_is_killed_is_missed_by_nobody(desk: Desk) -> None:
    for _ in range(TRIALS):
        pid = values(desk, desk.call(fault_pack.where))["value"]
        os.kill(pid, signal.SIGKILL)
        assert settled(lambda pid=pid: pid not in workers(desk.executor))
        assert values(desk, desk.call(fault_pack.where))["value"] != pid


# ------------------------------------------------------------------ R9: hangs


@pytest.mark.parametrize("how", get_args(fault_pack.Hang))
def test_a_hung_call_times_out_and_the_next_one_runs(desk: Desk, how: str) -> None:
    for _ in range(TRIALS):
        failure = desk.call(fault_pack.hang, how=how)
        assert (failure.code, "more than 0.5 s" in failure.message) == ("timed_out", True)
        assert values(desk, desk.call(plain_pack.number, value=1.0)) == {"value": 1.0}


# ------------------------------------------------------------------ R8: cancels


@pytest.mark.timed
def test_a_running_call_is_cancelled_at_its_next_step(desk: Desk) -> None:
    waiting = desk.start(plain_pack.steps, count=1000, pause=0.02)
    assert settled(lambda: bool(desk.events))
    started = time.monotonic()
    desk.token.cancel()
    assert waiting.outcome().code == "cancelled"
    assert time.monotonic() - started < 0.27


@pytest.mark.timed
def test_a_call_that_ignores_its_cancel_is_ended_after_the_grace(desk: Desk) -> None:
    desk.call(fault_pack.where)  # now a worker is there
    waiting = desk.start(fault_pack.deaf)
    time.sleep(0.1)
    started = time.monotonic()
    desk.token.cancel()
    failure = waiting.outcome()
    assert (failure.code, "did not stop within 1 s" in failure.message) == ("cancelled", True)
    assert 0.9 < time.monotonic() - started < 3


@pytest.mark.timed
def test_a_call_that_waits_is_cancelled_at_once_and_others_are_not_hit(desk: Desk, tmp_path: Path) -> None:
    other = Desk(desk.executor, tmp_path)
    busy = [other.start(fault_pack.deaf, seconds=0.4) for _ in range(2)]
    waiting = [desk.start(fault_pack.where) for _ in range(3)]
    started = time.monotonic()
    desk.token.cancel()
    assert [each.outcome().code for each in waiting] == ["cancelled"] * 3
    assert time.monotonic() - started < 0.1
    assert [type(each.outcome()) for each in busy] == [Success] * 2


# ------------------------------------------------------------------ values


def test_a_large_value_passes_between_workers_and_comes_back(desk: Desk) -> None:
    made = desk.call(fault_pack.bulk, size=LARGE, fill=9).handles["bulk"]
    assert made.nbytes == LARGE
    assert desk.executor.value({"b": made})["b"].data == bytes([9]) * LARGE
    assert values(desk, desk.call(fault_pack.total, {"bulk": made})) == {"value": 18}


def test_the_items_of_a_list_share_a_segment(desk: Desk) -> None:
    before = segments(desk.executor)
    made = desk.call(fault_pack.bulks, sizes="0 100000 3 70001")
    assert [bytes(each.data) for each in values(desk, made)["bulks"]] == [
        b"", b"\1" * 100_000, b"\2" * 3, b"\3" * 70_001,
    ]  # fmt: skip
    assert len(segments(desk.executor) - before) == 1


def test_a_node_that_changes_its_input_changes_only_its_own_copy(desk: Desk) -> None:
    made = desk.call(fault_pack.bulk, size=LARGE, fill=1).handles["bulk"]
    assert values(desk, desk.call(fault_pack.scribble, {"bulk": made})) == {"value": 255}
    assert values(desk, desk.call(fault_pack.total, {"bulk": made})) == {"value": 2}


def test_a_value_outlives_its_handle_and_its_segment_does_not(desk: Desk) -> None:
    before = segments(desk.executor)
    outcome = desk.call(fault_pack.bulk, size=LARGE, fill=5)
    assert len(segments(desk.executor) - before) == 1
    value = values(desk, outcome)["bulk"]
    del outcome
    assert settled(lambda: segments(desk.executor) <= before)
    assert value.data == bytes([5]) * LARGE


def test_a_kept_value_is_adopted_and_serves_calls(desk: Desk) -> None:
    handle = desk.executor.adopt(spec_of(fault_pack.bulk).outputs[0].type, Encoded({}, (bytes([3]) * LARGE,)))
    assert handle.nbytes == LARGE
    assert values(desk, desk.call(fault_pack.total, {"bulk": handle})) == {"value": 6}


def test_constants_larger_than_a_message_travel_too(desk: Desk) -> None:
    text = "a" * LARGE
    assert values(desk, desk.call(plain_pack.word, text=text)) == {"value": text.upper()}
    assert settled(lambda: not {name for name in segments(desk.executor) if name.startswith("engine-")})


@pytest.mark.parametrize("how", ["sealed", "opened"])
def test_a_result_that_cannot_travel_fails_its_call(desk: Desk, how: str) -> None:
    assert desk.call(fault_pack.sealed, how=how).code in ("wrong_output", "worker_died")
    assert values(desk, desk.call(fault_pack.here))


def test_a_constant_that_cannot_travel_fails_its_call(desk: Desk) -> None:
    failure = desk.call(plain_pack.limited, steps=fault_pack.Sealed(1))
    assert (failure.code, "sealed" in failure.message) == ("invalid_input", True)


def test_an_event_that_cannot_travel_fails_its_call_and_a_large_one_arrives(desk: Desk) -> None:
    assert desk.call(fault_pack.chatter, size=LARGE).code == "node_raised"
    assert desk.events == [TaskProgress("node", 1, 2, "x" * LARGE)]


def test_an_observer_that_raises_disturbs_nobody(desk: Desk) -> None:
    class Refusing(list[Event]):
        def append(self, event: Event) -> None:
            raise RuntimeError("the loop is closed")

    desk.events = Refusing()
    assert values(desk, desk.call(plain_pack.steps, count=1)) == {"value": 1}
    desk.events = []
    assert values(desk, desk.call(plain_pack.steps, count=1)) == {"value": 1}


# ------------------------------------------------------------------ workers


def await_two_workers(desk: Desk) -> None:
    def two_are_ready() -> bool:
        for each in [desk.start(fault_pack.deaf, seconds=0.3) for _ in range(2)]:
            each.outcome()
        return sum(each.ready and each.lane == "cpu" for each in desk.executor._pool._workers) == 2

    assert settled(two_are_ready)


def test_two_calls_at_once_are_two_processes_and_neither_is_this_one(desk: Desk) -> None:
    await_two_workers(desk)
    waiting = [desk.start(fault_pack.where, seconds=0.2) for _ in range(2)]
    pids = {values(desk, each.outcome())["value"] for each in waiting}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_node_goes_where_it_was_before(desk: Desk) -> None:
    await_two_workers(desk)
    both = [desk.start(fault_pack.where, seconds=0.1), desk.start(fault_pack.here)]
    first, second = [values(desk, each.outcome())["value"] for each in both]
    assert first != second
    for _ in range(5):
        assert values(desk, desk.call(fault_pack.where))["value"] == first
        assert values(desk, desk.call(fault_pack.here))["value"] == second


def test_a_pack_that_cannot_be_loaded_fails_calls_and_does_not_loop(tmp_path: Path, registry: Registry) -> None:
    source = PackSource(installed=(), modules=("there_is_no_such_pack",))
    executor = ProcessExecutor(registry, source, ServiceOptions(), {"cpu": 1})
    failure = Desk(executor, tmp_path).call(plain_pack.number)
    assert (failure.code, "there_is_no_such_pack" in failure.message) == ("worker_died", True)
    assert settled(lambda: not workers(executor))
    executor.close()


@pytest.mark.timed
def test_a_close_ends_what_runs_and_leaves_nothing(tmp_path: Path, registry: Registry) -> None:
    source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
    both = Registry((plain_pack.PACK, fault_pack.PACK))
    executor = ProcessExecutor(both, source, ServiceOptions(), {"cpu": 2}, Patience(close=0.2))
    desk = Desk(executor, tmp_path)
    kept = desk.call(fault_pack.bulk, size=LARGE, fill=1)
    waiting = [desk.start(fault_pack.deaf) for _ in range(3)]
    pids = workers(executor)
    started = time.monotonic()
    executor.close()
    assert time.monotonic() - started < 2
    assert [each.outcome().code for each in waiting] == ["cancelled"] * 3
    assert desk.call(plain_pack.number).code == "cancelled"
    assert not folder(executor).exists()
    assert not any(map(alive, pids))
    executor.close()
    del kept


def test_many_calls_leak_neither_segments_nor_descriptors_nor_processes(desk: Desk) -> None:
    values(desk, desk.call(fault_pack.where))
    before, opened, pids = segments(desk.executor), descriptors(), workers(desk.executor)
    for index in range(200 * max(1, TRIALS // 2)):
        made = desk.call(fault_pack.bulk, size=100_000, fill=index % 100)
        assert values(desk, desk.call(fault_pack.total, {"bulk": made.handles["bulk"]}))["value"] == index % 100 * 2
    del made
    assert settled(lambda: segments(desk.executor) <= before)
    assert descriptors() == opened
    assert workers(desk.executor) == pids


# ------------------------------------------------------------------ the end of the engine itself


ENGINE = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    import fault_pack, plain_pack
    from desk import Desk
    from graphengine.node.pack import PackSource, ServiceOptions
    from graphengine.node.registry import Registry
    from graphengine.run.executors.process.executor import ProcessExecutor

    registry = Registry((plain_pack.PACK, fault_pack.PACK))
    source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
    executor = ProcessExecutor(registry, source, ServiceOptions(), {"cpu": 1})
    desk = Desk(executor, Path("."))
    kept = desk.call(fault_pack.bulk, size=1_000_000)
    pid = desk.executor.value(desk.call(fault_pack.where).handles)["value"]
    desk.start(fault_pack.deaf)
    print(pid, executor._vault.folder, flush=True)
    time.sleep(100)
""")


def test_workers_and_segments_go_when_the_engine_is_killed() -> None:
    path = os.pathsep.join(sys.path)
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert engine.stdout is not None
    pid, place = engine.stdout.readline().split()
    engine.kill()
    engine.communicate()
    assert settled(lambda: not Path(f"/proc/{pid}").exists() or not alive(int(pid)))
    assert settled(lambda: not Path(place).exists())


def test_a_folder_that_nobody_holds_is_swept_and_one_that_somebody_holds_is_not() -> None:
    held, left = Vault(), Vault()
    (_, _, (_, lock), _) = left._clear.detach()
    os.close(lock)
    later = Vault()
    assert (held.folder.exists(), left.folder.exists()) == (True, False)
    for each in (held, later):
        each.close()


# ------------------------------------------------------------------ R21: determinism


def random_nodes(seed: int) -> Nodes:
    """A random graph of plain nodes, whose numbers are no round ones."""
    chance = random.Random(seed)
    nodes: Nodes = {"n0": ["plain.number", {"value": chance.uniform(-9, 9)}]}
    for index in range(1, chance.randint(2, 12)):

        def value() -> dict[str, str]:
            return link(f"n{chance.randrange(index)}.value")  # noqa: B023 - called in this turn

        kinds: Nodes = {
            "plain.number": {"value": chance.random()},
            "plain.add": {"a": value(), "b": value()},
            "plain.pass": {"value": value()},
            "plain.sleep": {"value": value()},
        }
        kind = chance.choice(list(kinds))
        nodes[f"n{index}"] = [kind, kinds[kind]]
    return nodes


async def test_the_executor_changes_no_result(engine: Engine, processes: ProcessExecutor, tmp_path: Path) -> None:
    inline = InlineExecutor(engine.registry, engine.services)
    threads = ThreadExecutor(engine.registry, engine.services, {"cpu": 4})
    for seed in range(10 * TRIALS):
        nodes = random_nodes(seed)
        document = workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes})
        results = []
        for executor in (inline, threads, processes):
            fresh = Engine(engine.settings.model_copy(update={"disk_cache_bytes": 0}), packs=engine.packs)
            vars(fresh)["executor"] = executor
            run = fresh.start(document, fresh.plan(fresh.resolve(document)), tmp_path, lambda _: None)
            results.append(await run.result())
        assert results[0].status == "done"
        assert results[0] == results[1] == results[2]
    threads.close()


async def test_the_settings_choose_worker_processes(tmp_path: Path) -> None:
    settings = load_settings(executor="process", call_timeout=30, input_folders=[tmp_path])
    engine = Engine(settings, packs=(plain_pack.PACK, fault_pack.PACK))
    document = workflow({"w": ["fault.where", {}]}, outputs={"pid": {"from": "w.value"}})
    result = await engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None).result()
    engine.close()
    assert result.status == "done"
    assert result.outputs["pid"] != os.getpid()
