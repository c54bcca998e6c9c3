"""What the Ray executor promises: a node may crash or hang and costs one call, a machine may be lost and costs none.

``GRAPHENGINE_TRIALS`` is how often each fault is tried; ``make fault`` sets it to the full figure.
"""

import asyncio
import gc
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fault_pack
import plain_pack
import pytest
import ray
from desk import Desk, values
from documents import Nodes, link, workflow
from faults import TRIALS, alive, settled
from ray_cluster import NODE, actors

from graphengine.app import Engine, load_settings
from graphengine.errors import Failure
from graphengine.node.declare import spec_of
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Success
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.ray import pool
from graphengine.run.executors.ray.executor import RayExecutor
from graphengine.run.executors.ray.job import Job
from graphengine.run.executors.ray.worker import Worker
from graphengine.run.messages import TaskProgress
from graphengine.run.runner import RunResult
from graphengine.types.codec import Encoded
from graphengine.workflow.document import Workflow

LARGE = 1_000_000


@pytest.fixture
def desk(rays: RayExecutor, tmp_path: Path) -> Desk:
    return Desk(rays, tmp_path)


def workers(executor: RayExecutor) -> list[Worker]:
    return list(executor._pool._workers)


def children(pid: int) -> list[int]:
    return [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]


# ------------------------------------------------------------------ crashes, hangs, cancels


@pytest.mark.parametrize("how", ["segfault", "exit", "kill"])
def test_a_crash_fails_its_call_and_the_next_one_runs(desk: Desk, how: str) -> None:
    kept = desk.call(fault_pack.bulk, size=LARGE, fill=7)
    failure = desk.call(fault_pack.crash, how=how)
    assert (failure.code, "died" in failure.message, bool(failure.hint)) == ("worker_died", True, True), failure
    assert values(desk, desk.call(fault_pack.total, {"bulk": kept.handles["bulk"]})) == {"value": 14}


def test_calls_that_wait_survive_the_crash_of_the_actor_they_wait_for(desk: Desk) -> None:
    waiting = [desk.start(fault_pack.deaf, seconds=0.1) for _ in range(2)]
    waiting.append(desk.start(fault_pack.crash, how="exit"))
    waiting += [desk.start(fault_pack.where) for _ in range(4)]
    outcomes = [each.outcome() for each in waiting]
    assert [type(each) for each in outcomes] == [Success] * 2 + [Failure] + [Success] * 4


def test_an_idle_actor_that_is_killed_is_missed_by_nobody(desk: Desk) -> None:
    for _ in range(TRIALS):
        pid = values(desk, desk.call(fault_pack.where))["value"]
        os.kill(pid, signal.SIGKILL)
        assert settled(lambda pid=pid: not alive(pid))
        time.sleep(0.5)  # until the cluster knows
        assert values(desk, desk.call(fault_pack.where))["value"] != pid


@pytest.mark.parametrize("how", ["python", "native"])
def test_a_hung_call_times_out_and_the_next_one_runs(desk: Desk, how: str) -> None:
    failure = desk.call(fault_pack.hang, how=how)
    assert (failure.code, "more than 0.5 s" in failure.message) == ("timed_out", True)
    assert values(desk, desk.call(plain_pack.number, value=1.0)) == {"value": 1.0}


@pytest.mark.timed
def test_a_running_call_tells_its_events_meanwhile_and_is_cancelled_at_its_next_step(desk: Desk) -> None:
    waiting = desk.start(plain_pack.steps, count=1000, pause=0.02)
    assert settled(lambda: len(desk.events) >= 3)
    started = time.monotonic()
    desk.token.cancel()
    assert waiting.outcome().code == "cancelled"
    assert time.monotonic() - started < 0.27
    assert desk.events == [TaskProgress("node", step + 1, 1000) for step in range(len(desk.events))]


@pytest.mark.timed
def test_a_call_that_ignores_its_cancel_is_ended_after_the_grace(desk: Desk) -> None:
    desk.call(fault_pack.where)  # now a worker is there
    waiting = desk.start(fault_pack.deaf)
    time.sleep(0.1)
    started = time.monotonic()
    desk.token.cancel()
    failure = waiting.outcome()
    assert (failure.code, "did not stop within 1 s" in failure.message) == ("cancelled", True)
    assert 0.9 < time.monotonic() - started < 4


@pytest.mark.timed
def test_a_call_that_waits_is_cancelled_at_once_and_others_are_not_hit(desk: Desk, tmp_path: Path) -> None:
    other = Desk(desk.executor, tmp_path)
    busy = [other.start(fault_pack.deaf, seconds=0.5) for _ in range(2)]
    waiting = [desk.start(fault_pack.where) for _ in range(3)]
    started = time.monotonic()
    desk.token.cancel()
    assert [each.outcome().code for each in waiting] == ["cancelled"] * 3
    assert time.monotonic() - started < 0.2
    assert [type(each.outcome()) for each in busy] == [Success] * 2


# ------------------------------------------------------------------ values


def test_a_large_value_passes_between_actors_and_comes_back_without_a_copy_by_the_engine(desk: Desk) -> None:
    made = desk.call(fault_pack.bulk, size=LARGE, fill=9).handles["bulk"]
    assert made.nbytes == LARGE
    assert made.ref.object is not None
    (buffer,) = desk.executor.encode(made).buffers
    assert (memoryview(buffer).readonly, buffer) == (True, bytes([9]) * LARGE)  # the object store's own memory
    assert values(desk, desk.call(fault_pack.total, {"bulk": made})) == {"value": 18}


def test_a_value_that_leaves_the_executor_can_be_changed_and_the_kept_one_stays(desk: Desk) -> None:
    made = desk.call(fault_pack.bulk, size=LARGE, fill=5)
    value = values(desk, made)["bulk"]
    value.data[0] = 200
    assert values(desk, made)["bulk"].data[0] == 5


def test_a_node_that_changes_its_input_fails(desk: Desk) -> None:
    made = desk.call(fault_pack.bulk, size=LARGE, fill=1).handles["bulk"]
    failure = desk.call(fault_pack.scribble, {"bulk": made})
    assert (failure.code, "read-only" in failure.message) == ("node_raised", True)
    assert values(desk, desk.call(fault_pack.total, {"bulk": made})) == {"value": 2}


def test_a_list_of_large_and_small_items_comes_back(desk: Desk) -> None:
    made = values(desk, desk.call(fault_pack.bulks, sizes="0 100000 3 70001"))
    assert [bytes(each.data) for each in made["bulks"]] == [b"", b"\1" * 100_000, b"\2" * 3, b"\3" * 70_001]


def test_a_kept_value_is_adopted_and_serves_calls(desk: Desk) -> None:
    handle = desk.executor.adopt(spec_of(fault_pack.bulk).outputs[0].type, Encoded({}, (bytes([3]) * LARGE,)))
    assert (handle.nbytes, handle.ref.object is None) == (LARGE, False)
    assert values(desk, desk.call(fault_pack.total, {"bulk": handle})) == {"value": 6}


def test_a_value_goes_when_its_last_handle_goes(desk: Desk) -> None:
    free = ray.available_resources
    outcome = desk.call(fault_pack.bulk, size=LARGE * 20, fill=5)
    assert settled(lambda: free()["object_store_memory"] < 2 * NODE["object_store_memory"] - LARGE * 15)
    del outcome
    gc.collect()
    assert settled(lambda: free()["object_store_memory"] > 2 * NODE["object_store_memory"] - LARGE * 15)


def test_constants_and_events_larger_than_a_message_travel_too(desk: Desk) -> None:
    text = "a" * LARGE
    assert values(desk, desk.call(plain_pack.word, text=text)) == {"value": text.upper()}
    assert desk.call(fault_pack.chatter, size=LARGE).code == "node_raised"  # its second event cannot travel
    assert desk.events == [TaskProgress("node", 1, 2, "x" * LARGE)]


@pytest.mark.parametrize("how", ["sealed", "opened"])
def test_a_result_that_cannot_travel_fails_its_call(desk: Desk, how: str) -> None:
    assert desk.call(fault_pack.sealed, how=how).code in ("wrong_output", "worker_died")
    assert values(desk, desk.call(fault_pack.here))


def test_a_constant_that_cannot_travel_fails_its_call(desk: Desk) -> None:
    failure = desk.call(plain_pack.limited, steps=fault_pack.Sealed(1))
    assert (failure.code, "sealed" in failure.message) == ("invalid_input", True)
    failure = desk.call(plain_pack.limited, steps=fault_pack.Opened(1))
    assert (failure.code, "no way in" in failure.message) == ("invalid_input", True)


# ------------------------------------------------------------------ actors


def test_files_are_read_and_written_on_the_engines_own_node(desk: Desk, tmp_path: Path) -> None:
    assert isinstance(desk.call(plain_pack.write, text="x"), Success)
    home = ray.get_runtime_context().get_node_id()
    assert {each._node for each in workers(desk.executor) if each.lane == "io"} == {home}


def test_a_node_goes_where_it_was_before(desk: Desk) -> None:
    def two_are_ready() -> bool:
        for each in [desk.start(fault_pack.deaf, seconds=0.05) for _ in range(2)]:
            each.outcome()
        return sum(each.ready and each.lane == "cpu" for each in workers(desk.executor)) == 2

    assert settled(two_are_ready)
    both = [desk.start(fault_pack.where, seconds=0.2), desk.start(fault_pack.here)]
    first, second = [values(desk, each.outcome())["value"] for each in both]
    assert first != second
    for _ in range(5):
        assert values(desk, desk.call(fault_pack.where))["value"] == first
        assert values(desk, desk.call(fault_pack.here))["value"] == second


def test_a_pack_that_cannot_be_loaded_fails_calls_and_does_not_loop(
    cluster: Any, tmp_path: Path, registry: Registry
) -> None:
    source = PackSource(installed=(), modules=("there_is_no_such_pack",))
    executor = RayExecutor(registry, source, ServiceOptions(), {"cpu": 1})
    failure = Desk(executor, tmp_path).call(plain_pack.number)
    assert (failure.code, "there_is_no_such_pack" in failure.message) == ("worker_died", True)
    assert settled(lambda: not workers(executor))
    executor.close()


def test_a_close_ends_what_runs_and_leaves_nothing(cluster: Any, tmp_path: Path) -> None:
    with actors(Patience(close=0.2), cpu=1) as executor:
        desk = Desk(executor, tmp_path)
        kept = values(desk, desk.call(fault_pack.bulk, size=LARGE, fill=1))
        pid = values(desk, desk.call(fault_pack.where))["value"]
        waiting = [desk.start(fault_pack.deaf) for _ in range(2)]
        started = time.monotonic()
        executor.close()
        assert time.monotonic() - started < 3
        assert [each.outcome().code for each in waiting] == ["cancelled"] * 2
        assert desk.call(plain_pack.number).code == "cancelled"
        assert settled(lambda: not alive(pid))
        assert ray.is_initialized()  # somebody else had connected
        assert bytes(kept["bulk"].data[:3]) == b"\1\1\1"


def test_many_calls_leak_no_threads_and_no_actors(desk: Desk) -> None:
    values(desk, desk.call(fault_pack.where))
    threads, before = threading.active_count(), workers(desk.executor)
    for index in range(20 * TRIALS):
        made = desk.call(fault_pack.bulk, size=100_000, fill=index % 100)
        assert values(desk, desk.call(fault_pack.total, {"bulk": made.handles["bulk"]}))["value"] == index % 100 * 2
    assert (threading.active_count(), workers(desk.executor)) == (threads, before)


ENGINE = textwrap.dedent("""
    import asyncio, json, time
    from pathlib import Path
    import fault_pack, plain_pack
    from desk import Desk
    from documents import workflow
    from graphengine.app import Engine, load_settings

    engine = Engine(load_settings(executor="ray", disk_cache_bytes=0), packs=(plain_pack.PACK, fault_pack.PACK))
    desk = Desk(engine.executor, Path("."))
    pid = desk.executor.value(desk.call(fault_pack.where).handles)["value"]
    desk.call(fault_pack.crash, how="kill")
    blob = desk.executor.value(desk.call(plain_pack.blob, length=100_000, fill=3).handles)["blob"]
    pid = desk.executor.value(desk.call(fault_pack.where).handles)["value"]
    desk.start(fault_pack.deaf)
    print(json.dumps([pid, len(blob.content)]), flush=True)
    input()
    engine.close()
    print(blob.content[-1], flush=True)
""")


@pytest.mark.parametrize("end", ["close", "kill"])
def test_an_engine_without_an_address_starts_a_cluster_of_its_own_which_ends_with_it(tmp_path: Path, end: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(tmp_path)}
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert engine.stdout is not None
    pid, length = json.loads(engine.stdout.readline())  # and not a word of Ray about the crash before it
    assert (alive(pid), length) == (True, 100_000)
    if end == "close":
        assert engine.communicate("\n")[0] == "3\n"
        assert engine.returncode == 0
    else:
        engine.kill()
        engine.communicate()
    assert settled(lambda: not alive(pid))


# ------------------------------------------------------------------ R21: determinism


async def test_the_executor_changes_no_result(engine: Engine, rays: RayExecutor, tmp_path: Path) -> None:
    document = slow_work(pause=0.0)
    inline = InlineExecutor(engine.registry, engine.services)
    results = [await outputs_of(executor, document, tmp_path, nothing()) for executor in (inline, rays)]
    assert results[0].status == "done"
    assert results[0] == results[1]


async def test_the_settings_choose_ray(cluster: Any, tmp_path: Path) -> None:
    settings = load_settings(executor="ray", ray_address=cluster.address, call_timeout=30, input_folders=[tmp_path])
    engine = Engine(settings, packs=(plain_pack.PACK, fault_pack.PACK))
    document = workflow({"w": ["fault.where", {}]}, outputs={"pid": {"from": "w.value"}})
    result = await engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None).result()
    engine.close()
    assert result.status == "done"
    assert result.outputs["pid"] != os.getpid()


# ------------------------------------------------------------------ R28: a machine is lost


@pytest.fixture
def farm(cluster: Any) -> Iterator[RayExecutor]:
    """An executor on a cluster of three nodes; the engine is on the first, and the others come and go."""
    added = cluster.add_node(**NODE)
    with actors(cpu=4, io=1) as executor:  # four actors with a processor each: the first node has room for one
        yield executor
    if added in cluster.worker_nodes:
        cluster.remove_node(added)
    while len(cluster.worker_nodes) > 1:
        cluster.remove_node(next(iter(cluster.worker_nodes)))


def slow_work(pause: float = 0.5) -> Workflow:
    """Branches of large values with some time in each step, which come together at the end."""
    nodes: Nodes = {}
    for branch in range(6):
        nodes[f"a{branch}"] = ["plain.blob", {"length": 300_000, "fill": branch, "pause": pause}]
        nodes[f"b{branch}"] = ["plain.look", {"blob": link(f"a{branch}.blob")}]
        nodes[f"c{branch}"] = ["plain.blob", {"length": 1000, "fill": 100 + branch, "pause": pause}]
        nodes[f"d{branch}"] = ["plain.steps", {"count": 3 + branch, "pause": pause / 10}]
    nodes["e0"] = ["plain.add", {"a": link("d0.value"), "b": link("d1.value")}]
    for index in range(1, 5):
        nodes[f"e{index}"] = ["plain.add", {"a": link(f"e{index - 1}.value"), "b": link(f"d{index + 1}.value")}]
    socket = dict.fromkeys("abc", "blob") | dict.fromkeys("de", "value")
    return workflow(nodes, outputs={name: {"from": f"{name}.{socket[name[0]]}"} for name in nodes})


async def nothing() -> None:
    pass


async def outputs_of(executor: Any, document: Workflow, folder: Path, meanwhile: Awaitable[None]) -> RunResult:
    rooms = {"input_folders": [folder], "model_folders": [folder], "disk_cache_bytes": 0}
    settings = load_settings(**rooms, gpu_slots=3, cpu_slots=4, coalesce=True)
    engine = Engine(settings, packs=(plain_pack.PACK,))
    vars(engine)["executor"] = executor
    run = engine.start(document, engine.plan(engine.resolve(document)), folder, lambda _: None)
    result, _ = await asyncio.gather(run.result(), meanwhile)
    return result


def halves(steps: int) -> Workflow:
    """Three calls, each of four nodes."""
    nodes: Nodes = {f"h{index}": ["plain.halve", {"value": index, "steps": steps}] for index in range(12)}
    return workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes})


class Fate:
    """Kills machines while they work.

    Attributes:
        hit: the jobs that were on them.
    """

    def __init__(self, farm: RayExecutor, cluster: Any) -> None:
        self.hit: list[Job] = []
        self._farm = farm
        self._cluster = cluster
        self._chance = random.Random(28)

    async def strike(self, size: int = 1, pause: float = 0.2) -> None:
        """Kill a machine that makes at least ``size`` calls as one, and add another."""
        await asyncio.to_thread(self._lose_one, size, pause)
        self._cluster.add_node(**NODE)  # in this thread, as it takes signals for itself

    def _lose_one(self, size: int, pause: float) -> None:
        """Kill a machine, its own processes and all it has made, while it works."""
        machines = {each.node_id: each for each in self._cluster.worker_nodes}

        def busy() -> dict[Worker, Job]:
            found = {each: each.job for each in workers(self._farm) if each._node in machines}
            return {each: job for each, job in found.items() if job is not None and len(job.calls) >= size}

        assert settled(lambda: bool(busy()), 30)
        time.sleep(self._chance.uniform(0, pause))
        victim = self._chance.choice([machines[each._node] for each in busy()] or list(machines.values()))
        self.hit += [job for each, job in busy().items() if each._node == victim.node_id]
        (raylet,) = victim.all_processes["raylet"]
        processes = children(raylet.process.pid)
        self._cluster.remove_node(victim, allow_graceful=False)
        for pid in self._chance.choice([processes, []]):  # some machines go on for a moment after they are given up
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def fate(farm: RayExecutor, cluster: Any) -> Fate:
    return Fate(farm, cluster)


async def test_losing_machines_loses_no_job_and_changes_no_result(
    farm: RayExecutor, fate: Fate, engine: Engine, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    document = slow_work()
    inline = InlineExecutor(engine.registry, engine.services)
    expected = await outputs_of(inline, slow_work(pause=0.0), tmp_path, nothing())
    assert expected.status == "done"
    for _ in range(TRIALS):
        assert await outputs_of(farm, document, tmp_path, fate.strike()) == expected
    again = sum(each.losses > 0 for each in fate.hit)
    figure(f"Ray: {TRIALS} machines lost while they worked, {again} calls made again, 0 jobs lost")
    assert again > 0


async def test_losing_a_machine_in_the_middle_of_calls_together_loses_none(
    farm: RayExecutor, fate: Fate, engine: Engine, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    inline = InlineExecutor(engine.registry, engine.services)
    expected = await outputs_of(inline, halves(200), tmp_path, nothing())
    assert (expected.status, set(expected.together.values())) == ("done", {4})
    for _ in range(TRIALS):
        assert await outputs_of(farm, halves(200), tmp_path, fate.strike(size=4)) == expected
    again = sum(each.losses > 0 for each in fate.hit)
    figure(f"Ray: {TRIALS} machines lost while they made 4 calls as one, {again} times made again as one, 0 calls lost")
    assert again > 0


async def test_calls_together_that_are_lost_too_often_are_made_one_by_one(
    farm: RayExecutor, fate: Fate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_LOSSES", 1)
    result = await outputs_of(farm, halves(200), tmp_path, fate.strike(size=4))
    assert (result.status, set(result.outputs)) == ("done", {f"h{index}" for index in range(12)})
    lost = {call.context.node for job in fate.hit if job.losses for call in job.calls.values()}
    assert lost
    assert not lost & set(result.together)
