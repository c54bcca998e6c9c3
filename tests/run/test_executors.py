"""One suite over every executor: what a call may do, and what becomes of it."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from desk import PATIENCE, Desk, Waiting, values

from graphengine.errors import Failure
from graphengine.node.context import Attempt, Preview
from graphengine.node.declare import spec_of
from graphengine.node.registry import Registry
from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.run.context import CancelToken
from graphengine.run.executors.base import Call, Executor, Outcome, Success, Wants
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.handle import Handle
from graphengine.run.messages import TaskOutput, TaskPreview, TaskProgress, TaskSpan
from graphengine.types.assign import IDENTITY, Conversion
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef


@pytest.fixture(params=["inline", "thread", "process", "ray"])
def executor(request: pytest.FixtureRequest, registry: Registry) -> Iterator[Executor]:
    shared = {"process": "processes", "ray": "rays"}.get(request.param)
    if shared is not None:
        yield request.getfixturevalue(shared)
        return
    services = {plain_pack.Calls: plain_pack.Calls()}
    made: Executor = InlineExecutor(registry, services)
    if request.param != "inline":
        made = ThreadExecutor(registry, services, {"cpu": 4, "gpu": 2})
    yield made
    made.close()


@pytest.fixture
def desk(executor: Executor, tmp_path: Path) -> Desk:
    return Desk(executor, tmp_path)


def whole(desk: Desk, number: int) -> Handle:
    """Return a handle of the desk's executor to a whole number."""
    return desk.executor.adopt(TypeRef("Int"), Encoded({"value": number}))


def test_a_value_comes_back_by_its_name(desk: Desk) -> None:
    assert values(desk, desk.call(plain_pack.number, value=3.0)) == {"value": 3.0}


def test_several_outputs_come_back_by_their_names(desk: Desk) -> None:
    assert values(desk, desk.call(plain_pack.split, value=3.5)) == {"whole": 3, "rest": 0.5}


def test_a_result_feeds_the_next_call(desk: Desk) -> None:
    first = desk.call(plain_pack.number, value=3.0)
    assert values(desk, desk.call(plain_pack.add, {"a": first.handles["value"]}, b=4.0)) == {"value": 7.0}


def test_services_and_context_are_injected(desk: Desk, executor: Executor) -> None:
    desk.call(plain_pack.add, a=1.0)
    assert values(desk, desk.call(plain_pack.add, a=1.0, b=1.0)) == {"value": 2.0}


def test_an_async_node_is_awaited(desk: Desk) -> None:
    assert values(desk, desk.call(plain_pack.sleep, value=2.0, seconds=0.01)) == {"value": 2.0}


async def test_an_async_node_is_awaited_inside_an_event_loop_too(desk: Desk) -> None:
    outcome = await asyncio.to_thread(desk.call, plain_pack.sleep, value=2.0)
    assert values(desk, outcome) == {"value": 2.0}


def test_an_expected_failure_keeps_its_hint(desk: Desk) -> None:
    assert desk.call(plain_pack.fail) == Failure("node_error", "there is no more", "Ask for less.", "NodeError")


def test_a_bug_of_a_node_is_data(desk: Desk) -> None:
    assert desk.call(plain_pack.fail, how="bug") == Failure(
        "node_raised", "ZeroDivisionError: a bug", "", "ZeroDivisionError"
    )


@pytest.mark.parametrize(
    ("how", "message"), [("exit", "SystemExit: 3"), ("cancelled", "CancelledError: "), ("speechless", "Speechless")]
)
def test_nothing_that_a_node_raises_gets_away(desk: Desk, how: str, message: str) -> None:
    outcome = desk.call(plain_pack.fail, how=how)
    assert (outcome.code, outcome.message) == ("node_raised", message)


def test_results_become_canonical(desk: Desk) -> None:
    found = values(desk, desk.call(plain_pack.results))
    assert found == {"number": 1.0, "whole": 2, "matrix": [[3], [4, 5]], "anything": "x"}
    assert type(found["number"]) is float


@pytest.mark.parametrize("which", ["type", "infinite", "nan", "switch", "row"])
def test_a_wrong_result_is_refused(desk: Desk, which: str) -> None:
    outcome = desk.call(plain_pack.results, which=which)
    assert outcome.code == "wrong_output", outcome
    assert re.match(r"'plain.results' returned as '\w+' what is not (Float|Int|List\[List\[Int\]\]): ", outcome.message)


def test_a_file_in_the_way_of_the_output_folder_is_a_failure(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    outcome = desk.call(plain_pack.write, text="x", name="a/b")
    assert (outcome.code, "cannot be written" in outcome.message) == ("node_error", True), outcome


@pytest.mark.parametrize("name", ["x" * 300, "絵" * 120])
def test_a_long_name_is_counted_up_like_any_other(desk: Desk, tmp_path: Path, name: str) -> None:
    for _ in range(2):
        assert isinstance(desk.call(plain_pack.write, text="x", name=name), Success)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_linked_value_is_checked_against_the_constraints(desk: Desk) -> None:
    outcome = desk.call(plain_pack.limited, {"steps": whole(desk, 1000)})
    assert (outcome.code, "less than or equal to 100" in outcome.message) == ("invalid_input", True)


def test_a_linked_value_is_converted_on_the_way(desk: Desk, executor: Executor) -> None:
    waiting = Waiting()
    conversion = {"value": Conversion("Int", "Float", float)}
    call = Call(spec_of(plain_pack.passed), {}, {"value": whole(desk, 3)}, conversion, desk.context())
    executor.submit([call], waiting.done)
    value = values(desk, waiting.outcome())["value"]
    assert (value, type(value)) == (3.0, float)


def test_a_call_that_wants_a_lazy_input_says_so_and_gets_it(desk: Desk) -> None:
    assert desk.call(plain_pack.choose, first=False) == Wants("no")
    handle = desk.call(plain_pack.number, value=3.0).handles["value"]
    assert values(desk, desk.call(plain_pack.choose, {"no": handle}, first=False)) == {"value": 3.0}


def test_a_call_knows_which_attempt_it_is(desk: Desk) -> None:
    assert desk.call(plain_pack.shrinking) == Failure("out_of_memory", "no room", "", "OutOfMemory")
    found = values(desk, desk.call(plain_pack.shrinking, attempt=Attempt(number=3, smaller=2)))
    assert found == {"pieces": 4, "attempt": 3}


def test_a_transient_error_says_so(desk: Desk) -> None:
    assert desk.call(plain_pack.flaky, how="busy") == Failure("node_error", "busy", "", "NodeError", transient=True)


def together(desk: Desk, *numbers: float, tokens: Sequence[CancelToken] = (), **constants: Any) -> list[Outcome]:
    """Halve numbers in one call, each of a run of its own."""
    constants = {"steps": 1, "digits": 6} | constants
    return desk.together(plain_pack.halve, *[{**constants, "value": each} for each in numbers], tokens=tokens).all()


def test_calls_made_together_give_what_each_gives_alone(desk: Desk) -> None:
    outcomes = together(desk, 1, 2, 3)
    assert [values(desk, each)["value"] for each in outcomes] == [0.5, 1.0, 1.5]
    assert [each.together for each in outcomes if isinstance(each, Success)] == [3, 3, 3]
    assert [event.task for event in desk.events if isinstance(event, TaskProgress)] == ["node0", "node1", "node2"]
    pictures = {event.task: event.preview.data for event in desk.events if isinstance(event, TaskPreview)}
    assert pictures == {"node0": b"1", "node1": b"2", "node2": b"3"}


def test_of_calls_that_fail_together_only_the_bad_one_fails(desk: Desk) -> None:
    outcomes = together(desk, 1, 13, 3)
    assert [each.code if isinstance(each, Failure) else each.together for each in outcomes] == [1, "node_error", 1]


def test_calls_together_that_do_not_give_a_result_each_are_made_one_by_one(desk: Desk) -> None:
    assert [values(desk, each)["value"] for each in together(desk, 1, -1, 3)] == [0.5, -0.5, 1.5]


def test_a_linked_value_that_one_call_refuses_is_no_fault_of_the_others(desk: Desk) -> None:
    spec, waiting = spec_of(plain_pack.halve), Waiting(2)
    word = desk.executor.adopt(TypeRef("String"), Encoded({"value": "a word"}))
    conversion, constants = {"value": IDENTITY}, {"steps": 1, "digits": 6}
    desk.executor.submit(
        [
            Call(spec, constants | {"value": 1.0}, {}, {}, desk.context()),
            Call(spec, constants, {"value": word}, conversion, desk.context()),
        ],
        waiting.done,
    )
    good, bad = waiting.all()
    assert (values(desk, good), bad.code) == ({"value": 0.5}, "invalid_input")


def test_of_calls_together_those_are_thrown_away_that_were_cancelled(desk: Desk) -> None:
    tokens = [CancelToken() for _ in range(3)]
    tokens[1].cancel()
    outcomes = together(desk, 1, 2, 3, tokens=tokens)
    assert [each.code if isinstance(each, Failure) else each.together for each in outcomes] == [3, "cancelled", 3]
    assert {event.task for event in desk.events if isinstance(event, TaskProgress)} == {"node0", "node2"}


def test_calls_together_stop_when_all_are_cancelled(desk: Desk) -> None:
    tokens = [CancelToken() for _ in range(2)]
    tokens[0].cancel()
    threading.Timer(0.3, tokens[1].cancel).start()
    started = time.perf_counter()
    outcomes = together(desk, 1, 2, tokens=tokens, steps=4000)
    assert [each.code for each in outcomes] == ["cancelled", "cancelled"]
    assert time.perf_counter() - started < 10  # 20 to the end


def test_who_is_cancelled_on_the_way_is_told_no_more_and_the_others_go_on(desk: Desk) -> None:
    tokens = [CancelToken() for _ in range(3)]
    threading.Timer(0.3, tokens[1].cancel).start()
    outcomes = together(desk, 1, 2, 3, tokens=tokens, steps=200)
    assert [each.code if isinstance(each, Failure) else each.together for each in outcomes] == [3, "cancelled", 3]
    told = Counter(event.task for event in desk.events if isinstance(event, TaskProgress))
    assert told["node0"] == told["node2"] == 200 > told["node1"]


def footprints(desk: Desk, *sizes: int) -> list[int | None]:
    """Return what calls took of the host's memory, one after another, that take memory for a while."""
    found = []
    for size in sizes:
        outcome = desk.call(plain_pack.hoard, size=size, pause=0.06)
        assert isinstance(outcome, Success)
        assert outcome.footprint is not None
        found.append(outcome.footprint.host)
    return found


def test_what_a_call_takes_of_the_memory_is_measured(desk: Desk) -> None:
    desk.call(plain_pack.hoard, size=1)  # a process that has just started settles down
    large, small, middle = footprints(desk, 90_000_000, 1_000, 40_000_000)
    if large is None:
        pytest.skip("the system does not tell")
    assert 80_000_000 < large < 130_000_000
    assert small is not None
    assert small < 20_000_000, "what was taken before is not counted"
    assert middle is not None
    assert 35_000_000 < middle < 80_000_000


def test_of_quick_calls_and_of_calls_beside_each_other_nothing_is_told(desk: Desk) -> None:
    outcome = desk.call(plain_pack.number)
    assert isinstance(outcome, Success)
    assert outcome.footprint is None
    if type(desk.executor).__name__ == "ThreadExecutor":  # in processes of their own they are told apart
        beside = desk.start(plain_pack.steps, count=1, pause=0.3)  # in another lane
        waiting = [desk.start(plain_pack.hoard, size=1_000_000, pause=0.2), beside]
        assert [each.outcome().footprint for each in waiting] == [None, None]


def test_progress_is_told_step_by_step(desk: Desk) -> None:
    desk.call(plain_pack.steps, count=3)
    assert desk.events == [TaskProgress("node", step, 3) for step in (1, 2, 3)]


def test_parts_are_told_as_they_end_whatever_they_end_with(desk: Desk) -> None:
    before = time.perf_counter()
    desk.call(plain_pack.parts, pause=0.001)
    now = time.perf_counter()
    spans = [event for event in desk.events if isinstance(event, TaskSpan)]
    assert [(each.task, each.name) for each in spans] == [
        ("node", name) for name in ("first", "second", "outer", "beside")
    ]
    first, second, outer, beside = [(each.began, each.began + each.seconds) for each in spans]
    assert before <= outer[0] <= first[0] < first[1] <= second[0] < second[1] <= outer[1] <= beside[0] < beside[1]
    assert beside[1] <= now, "the clock is that of the machine, whichever process looks at it"
    desk.events.clear()
    assert desk.call(plain_pack.crossing).code == "node_error"
    assert {event.name for event in desk.events if isinstance(event, TaskSpan)} == {"one", "two", "last"}


def test_a_cancelled_call_stops_at_its_next_step(desk: Desk) -> None:
    desk.token.cancel()
    outcome = desk.call(plain_pack.steps, count=1000, pause=0.001)
    assert outcome.code == "cancelled"
    assert len(desk.events) <= 1


@pytest.fixture
def kept(desk: Desk, tmp_path: Path) -> CheckpointFolder:
    """Let the calls of the desk keep every state."""
    desk.checkpoints = CheckpointFolder(tmp_path / "kept", 10_000, pause=0.0, share=100.0)
    desk.fingerprint = "ab" * 20
    return desk.checkpoints


def climbed(desk: Desk, **given: Any) -> tuple[Any, list[int]]:
    """Return the outcome of a climb, and the steps that it told."""
    desk.events.clear()
    outcome = desk.call(plain_pack.climb, **given)
    return outcome, [event.step for event in desk.events if isinstance(event, TaskProgress)]


def cut_off(desk: Desk) -> None:
    """Cancel a climb amid it."""

    def cancel() -> None:
        until = time.monotonic() + PATIENCE
        while len(desk.events) < 20 and time.monotonic() < until:
            time.sleep(0.01)
        desk.token.cancel()

    desk.events.clear()
    canceller = threading.Thread(target=cancel)
    canceller.start()
    assert desk.call(plain_pack.climb, height=100_000, pause=0.002).code == "cancelled"
    canceller.join()
    desk.token = CancelToken()


def test_a_call_that_was_cut_off_goes_on_where_it_was(desk: Desk, kept: CheckpointFolder) -> None:
    cut_off(desk)
    assert kept.files.usage().entries == 1
    outcome, steps = climbed(desk, height=200)
    assert values(desk, outcome) == {"value": 200}
    assert steps == list(range(steps[0], 201))
    assert steps[0] > 10


def test_a_call_that_fails_leaves_no_state(desk: Desk, kept: CheckpointFolder) -> None:
    cut_off(desk)
    outcome, steps = climbed(desk, height=200, fall=190)
    assert (outcome.code, steps[0] > 10, steps[-1]) == ("node_error", True, 189)
    assert kept.files.usage().entries == 0
    assert climbed(desk, height=2)[1] == [1, 2]


def test_without_a_fingerprint_or_a_folder_a_call_starts_over(desk: Desk, kept: CheckpointFolder) -> None:
    cut_off(desk)
    desk.fingerprint = ""
    assert climbed(desk, height=2)[1] == [1, 2]
    desk.fingerprint, desk.checkpoints = "ab" * 20, None
    assert climbed(desk, height=2)[1] == [1, 2]


def test_a_sink_writes_under_a_free_name(desk: Desk, tmp_path: Path) -> None:
    for _ in range(2):
        desk.call(plain_pack.write, text="hello", name="{workflow}-{node}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Title-node_00001.txt", "Title-node_00002.txt"]
    assert [type(event) for event in desk.events] == [TaskOutput, TaskOutput]


def test_a_wrong_name_pattern_is_an_expected_failure(desk: Desk, tmp_path: Path) -> None:
    assert desk.call(plain_pack.write, text="x", name="../{node}").code == "node_error"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("watched", [True, False])
def test_a_preview_is_made_only_when_somebody_looks(desk: Desk, watched: bool) -> None:
    desk.previews = watched
    made = []

    def make() -> Preview:
        made.append(1)
        return Preview("image/jpeg", b"", 1, 1)

    desk.context().preview(make)
    assert (len(made), [type(each) for each in desk.events]) == ((1, [TaskPreview]) if watched else (0, []))


@pytest.mark.timed
def test_threads_run_beside_each_other(registry: Registry, tmp_path: Path) -> None:
    executor = ThreadExecutor(registry, {}, {"gpu": 4})
    desk = Desk(executor, tmp_path)
    started = time.perf_counter()
    waiting = [desk.start(plain_pack.steps, count=1, pause=0.2) for _ in range(4)]
    for each in waiting:
        each.outcome()
    assert time.perf_counter() - started < 0.6  # 0.8 one after the other
    executor.close()


def test_one_call_at_a_time_needs_one_thread(registry: Registry, tmp_path: Path) -> None:
    executor = ThreadExecutor(registry, {}, {"cpu": 4})
    desk = Desk(executor, tmp_path)
    before = threading.active_count()
    for _ in range(20):
        desk.call(plain_pack.number)
    assert threading.active_count() - before == 1
    executor.close()
    assert threading.active_count() == before


def test_a_close_waits_for_all_calls_and_then_there_are_no_more(registry: Registry, tmp_path: Path) -> None:
    executor = ThreadExecutor(registry, {}, {"gpu": 2})
    desk = Desk(executor, tmp_path)
    waiting = [desk.start(plain_pack.steps, count=1, pause=0.05) for _ in range(5)]
    executor.close()
    assert len(desk.events) == 5
    assert all(isinstance(each.outcome(), Success) for each in waiting)
    with pytest.raises(RuntimeError, match="closed"):
        desk.start(plain_pack.number)


def test_an_observer_that_raises_ends_no_thread(registry: Registry, tmp_path: Path) -> None:
    executor = ThreadExecutor(registry, {}, {"cpu": 1})
    desk = Desk(executor, tmp_path)
    call = Call(spec_of(plain_pack.number), {"value": 1.0}, {}, {}, desk.context())
    executor.submit([call], lambda _: (_ for _ in ()).throw(RuntimeError("the observer's own")))
    assert values(desk, desk.call(plain_pack.number)) == {"value": 0.0}
    executor.close()


LEFT_OPEN = """
from pathlib import Path
import plain_pack
from desk import Desk
from graphengine.node.registry import Registry
from graphengine.run.executors.thread import ThreadExecutor

class Printing(list):
    def append(self, event):
        print(event.step)

desk = Desk(ThreadExecutor(Registry((plain_pack.PACK,)), {}, {"cpu": 4}), Path("."), events=Printing())
desk.start(plain_pack.steps, count=3, pause=0.1)
"""


def test_the_interpreter_ends_after_the_calls_that_run_though_nobody_closed() -> None:
    path = os.pathsep.join(sys.path)
    env = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run([sys.executable, "-c", LEFT_OPEN], env=env, capture_output=True, timeout=30, check=True)
    assert (ended.stdout, ended.stderr) == (b"1\n2\n3\n", b"")


def recipe(desk: Desk, name: str) -> Handle:
    """Return a handle of the desk's executor to what takes long to prepare."""
    return desk.executor.adopt(TypeRef("Recipe"), Encoded({"name": name}))


def test_services_hear_of_calls_that_will_come_while_another_runs(desk: Desk, executor: Executor) -> None:
    if isinstance(executor, ThreadExecutor | ProcessExecutor):
        desk.call(plain_pack.cook, {"recipe": recipe(desk, "first")})  # so that there is a worker
        running = desk.start(plain_pack.cook, {"recipe": recipe(desk, "first")}, patience=10.0)
        linked = {"recipe": recipe(desk, "soup"), "patience": whole(desk, 3)}
        executor.foresee(spec_of(plain_pack.cook), linked)
        assert values(desk, running.outcome()) == {"value": "soup"}
    else:  # nothing is foreseen where nothing runs beside the engine
        executor.foresee(spec_of(plain_pack.cook), {"recipe": recipe(desk, "soup")})
        assert values(desk, desk.call(plain_pack.cook, {"recipe": recipe(desk, "soup")})) == {"value": ""}


@pytest.mark.parametrize("name", ["plain.number", "plain.cook"])
def test_a_hint_that_nobody_wants_or_can_read_changes_nothing(desk: Desk, executor: Executor, name: str) -> None:
    spec = {each.id: each for each in map(spec_of, (plain_pack.number, plain_pack.cook))}[name]
    executor.foresee(spec, {"recipe": recipe(desk, "poison")})
    executor.foresee(spec, {})
    assert values(desk, desk.call(plain_pack.number, value=3.0)) == {"value": 3.0}


@pytest.mark.parametrize("value", [3.5, -0.0])
def test_a_value_leaves_an_executor_as_bytes_and_comes_back(desk: Desk, executor: Executor, value: float) -> None:
    handle = desk.call(plain_pack.number, value=value).handles["value"]
    back = executor.adopt(handle.type, executor.encode(handle))
    assert executor.value({"v": back}) == executor.value({"v": handle})
    assert back.nbytes == handle.nbytes


def test_bytes_of_another_form_are_not_adopted(executor: Executor) -> None:
    with pytest.raises(ValueError, match="expected"):
        executor.adopt(TypeRef("File"), Encoded({"value": 1}))
