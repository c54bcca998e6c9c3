"""What would run and why: each reason by itself, and verdicts beside what a run then does."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import Nodes, chain, link, workflow
from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.app import Engine, load_settings
from graphengine.plan.demand import Place
from graphengine.plan.explain import Explanation, explain
from graphengine.plan.past import KEPT_LENGTH, Outcome, Past, Record, ingredients
from graphengine.plan.plan import Plan
from graphengine.plan.planner import make_plan
from graphengine.plan.reasons import Reason
from graphengine.run.messages import Event, TaskCached, TaskStarted
from graphengine.workflow.document import Workflow


def nothing_kept(fingerprint: str) -> None:
    pass


@pytest.fixture
def plan(engine: Engine) -> Callable[..., Plan]:
    def make(nodes: Nodes, targets: Sequence[str] | None = None, environment: str = "", **rest: Any) -> Plan:
        graph = engine.resolve(workflow(nodes, **rest))
        return make_plan(graph, targets, dict.fromkeys(engine.registry.nodes, environment))

    return make


def after(plan: Plan, outcome: Outcome = "finished", *, on_disk: bool = True, seconds: float | None = 2.0) -> Past:
    """Return what is known when a plan has run."""
    return Past(
        {
            name: Record(ingredients(task, plan.tasks), outcome, seconds, on_disk, 1e9, "run")
            for name, task in plan.tasks.items()
        }
    )


def kept(plan: Plan, *names: str, place: Place = "disk") -> Mapping[str, Place]:
    return {plan.tasks[name].fingerprint: place for name in names}


def told(explanations: Sequence[Explanation]) -> dict[str, tuple[str, list[str]]]:
    return {each.task: (each.verdict, [reason.message for reason in each.reasons]) for each in explanations}


def why(before: Plan, now: Plan, name: str) -> list[str]:
    """Return why a task runs, when everything that ran before and did not change is in the cache."""
    (found,) = [each for each in explain(now, after(before), kept(before, *before.tasks).get) if each.task == name]
    assert found.verdict == "runs"
    return [reason.message for reason in found.reasons]


LINE: Nodes = {
    "word": ["plain.word", {"text": "a red circle"}],
    "again": ["plain.word", {"text": link("word.value"), "kind": "lower"}],
    "save": ["plain.write", {"text": link("again.value")}],
}


def test_what_never_ran_runs(plan: Callable[..., Plan]) -> None:
    assert told(explain(plan(LINE), Past(), nothing_kept)) == {
        "word": ("runs", ["never run before"]),
        "again": ("runs", ["never run before"]),
        "save": ("runs", ["it is a sink: it always runs"]),
    }


def test_what_is_kept_covers_what_it_was_made_of(plan: Callable[..., Plan]) -> None:
    made = plan(LINE)
    found = told(explain(made, after(made), kept(made, "again").get))
    assert found["again"] == ("cached", ["its result is on disk"])
    assert found["word"] == ("not_needed", ["what takes it need not run: 'again'"])
    assert told(explain(made, after(made), kept(made, "again", place="memory").get))["again"][1] == [
        "its result is in memory"
    ]


def test_a_changed_constant_is_shown_and_what_it_changes_follows(plan: Callable[..., Plan]) -> None:
    before, now = plan(LINE), plan({**LINE, "word": ["plain.word", {"text": "a blue circle"}]})
    assert why(before, now, "word") == ["input 'text' changed: 'a red circle' → 'a blue circle'"]
    assert why(before, now, "again") == ["input 'text' comes from 'word', which runs"]


def test_reasons_are_data(plan: Callable[..., Plan]) -> None:
    before, now = plan(LINE), plan({**LINE, "word": ["plain.word", {"text": "a blue circle"}]})
    word, again, save = explain(now, after(before), nothing_kept)
    assert (word.reasons[0].code, word.reasons[0].input, word.reasons[0].node) == ("input_changed", "text", None)
    assert again.reasons == (Reason("source_runs", again.reasons[0].message, "text", "word"),)
    assert save.reasons[0].code == "sink"


def test_of_long_texts_the_place_of_the_change_is_shown(plan: Callable[..., Plan]) -> None:
    def prompt(ending: str, place: int) -> Plan:
        text = "castle, ".ljust(place, "x") + ending + "y" * 300
        return plan({"word": ["plain.word", {"text": text}]})

    (message,) = why(prompt("red sky", 100), prompt("blue sky", 100), "word")
    assert message.startswith("input 'text' changed: …xxxx")
    assert "xred skyyy" in message
    assert "xblue skyyy" in message
    assert len(message) < 160
    assert why(prompt("red", 250), prompt("blue", 250), "word") == [
        f"input 'text' changed after its first {KEPT_LENGTH} characters"
    ]


def test_a_version_and_an_environment_are_named(engine: Engine, plan: Callable[..., Plan]) -> None:
    before = plan(LINE, environment="cpu torch 2.12 diffusers 0.42")
    now = plan(LINE, environment="cuda torch 2.13 diffusers 0.42 xformers")
    assert why(before, now, "word") == ["the environment changed: cpu → cuda, torch 2.12 → 2.13, xformers is new"]
    assert why(now, before, "word")[0].endswith("xformers is gone")
    old = after(before)
    record = old.nodes["word"]
    older = replace(record, made_of=replace(record.made_of, version=0, fingerprint="other"))
    found = told(explain(before, Past({**old.nodes, "word": older}), nothing_kept))
    assert found["word"][1] == ["the node is version 1 now, it was 0"]


def test_another_node_of_the_same_name_is_named(plan: Callable[..., Plan]) -> None:
    before, now = (plan({"n": [f"plain.{kind}", {"value": 3}]}) for kind in ("number", "pass"))
    assert why(before, now, "n") == ["the node is 'plain.pass' now, it was 'plain.number'"]


def test_a_file_with_another_content_is_named(plan: Callable[..., Plan], tmp_path: Path) -> None:
    def read(name: str, content: str) -> Plan:
        (tmp_path / "inputs" / name).write_text(content)
        return plan({"read": ["plain.read", {"file": name}]})

    first = read("photo.txt", "one")
    assert why(first, read("photo.txt", "other"), "read") == ["its file 'photo.txt' has another content"]
    assert why(first, read("moved.txt", "other"), "read") == ["input 'file' changed: 'photo.txt' → 'moved.txt'"]
    same = read("copy.txt", "one")
    assert told(explain(same, after(first), kept(first, "read").get))["read"][0] == "cached"


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        (link("one.value"), link("two.value"), "input 'value' comes from 'two.value' now, it came from 'one.value'"),
        (5.0, link("two.value"), "input 'value' comes from 'two.value' now, it was 5.0"),
        (link("one.value"), 5.0, "input 'value' is 5.0 now, it came from 'one.value'"),
    ],
)
def test_a_link_that_changed_is_named(plan: Callable[..., Plan], before: Any, now: Any, message: str) -> None:
    nodes: Nodes = {"one": ["plain.number", {"value": 1}], "two": ["plain.number", {"value": 2}]}
    plans = [plan({**nodes, "end": ["plain.pass", {"value": value}]}) for value in (before, now)]
    assert why(plans[0], plans[1], "end") == [message]


def test_a_source_that_is_another_and_in_the_cache_is_named(plan: Callable[..., Plan]) -> None:
    first, second = (
        plan({"n": ["plain.number", {"value": value}], "end": ["plain.pass", {"value": link("n.value")}]})
        for value in (1, 2)
    )
    found = told(explain(second, after(first), kept(second, "n").get))
    assert found["end"][1] == ["input 'value' comes from 'n', whose result is another now"]


def test_a_renamed_source_is_no_change(plan: Callable[..., Plan]) -> None:
    def named(name: str) -> Plan:
        nodes: Nodes = {name: ["plain.number", {"value": 1}], "end": ["plain.pass", {"value": link(f"{name}.value")}]}
        return plan(nodes)

    first, second = named("one"), named("uno")
    assert told(explain(second, after(first), kept(first, "end").get))["end"][0] == "cached"
    assert why(first, plan({**LINE}), "word") == ["never run before"]


@pytest.mark.parametrize(
    ("outcome", "on_disk", "off", "code"),
    [
        ("finished", True, False, "evicted"),
        ("cached", True, False, "evicted"),
        ("finished", False, False, "not_kept"),
        ("finished", False, True, "cache_off"),
        ("failed", False, False, "failed_before"),
        ("passed_over", False, False, "not_needed_before"),
        ("passed_over", True, False, "evicted"),
    ],
)
def test_why_what_did_not_change_runs_again(
    plan: Callable[..., Plan], outcome: Outcome, on_disk: bool, off: bool, code: str
) -> None:
    made = plan({"n": ["plain.number", {}]})
    (found,) = explain(made, after(made, outcome, on_disk=on_disk), None if off else nothing_kept)
    assert (found.verdict, [reason.code for reason in found.reasons]) == ("runs", [code])


def test_what_cannot_be_told_apart_is_said_to_have_changed(plan: Callable[..., Plan]) -> None:
    made = plan({"n": ["plain.number", {}]})
    record = after(made).nodes["n"]
    odd = replace(record, made_of=replace(record.made_of, fingerprint="other"))
    (found,) = explain(made, Past({"n": odd}), nothing_kept)
    assert [reason.code for reason in found.reasons] == ["something_changed"]


def test_seconds_come_from_the_node_and_else_from_its_kind(plan: Callable[..., Plan]) -> None:
    made = plan(LINE)
    past = after(made, seconds=3.0)
    typical = {"plain.word@1": 7.0}
    only = Past({"word": past.nodes["word"]}, typical)
    assert [each.seconds for each in explain(made, only, nothing_kept)] == [3.0, 7.0, None]
    assert [each.seconds for each in explain(made, only, kept(made, "word", "again").get)] == [None, None, None]


CHOICE: Nodes = {
    "deep": ["plain.number", {"value": 1}],
    "yes": ["plain.pass", {"value": link("deep.value")}],
    "no": ["plain.number", {"value": 2}],
    "choose": ["plain.choose", {"first": True, "yes": link("yes.value"), "no": link("no.value")}],
}


def test_lazy_inputs_may_run(plan: Callable[..., Plan]) -> None:
    made = plan(CHOICE)
    found = told(explain(made, Past(), nothing_kept))
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "deep": "may_run",
        "yes": "may_run",
        "no": "may_run",
        "choose": "runs",
    }
    assert found["yes"][1] == ["'choose' takes it as 'yes' only if it asks for it", "never run before"]
    assert found["deep"][1] == ["'yes', which takes it, may run", "never run before"]
    assert told(explain(made, Past(), kept(made, "no").get))["no"][0] == "cached"
    assert told(explain(made, Past(), kept(made, "choose").get))["yes"][0] == "not_needed"


def test_of_two_that_make_the_same_one_runs(plan: Callable[..., Plan]) -> None:
    nodes: Nodes = {name: ["plain.number", {"value": 1}] for name in ("one", "two")}
    found = told(explain(plan(nodes), Past(), nothing_kept))
    assert sorted(verdict for verdict, _ in found.values()) == ["cached", "runs"]
    assert found["one"] == ("cached", ["'two' gives the same result"])


def test_only_what_the_targets_need_is_explained(plan: Callable[..., Plan]) -> None:
    assert list(told(explain(plan(LINE, ["again"]), Past(), nothing_kept))) == ["word", "again"]


# ------------------------------------------------------------------ beside what a run does


class Player:
    """Runs workflows on one engine, and says what it did."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def plan(self, document: Workflow) -> Plan:
        return self.engine.plan(self.engine.resolve(document))

    def run(self, document: Workflow) -> list[Event]:
        events: list[Event] = []

        async def go() -> None:
            run = self.engine.start(document, self.plan(document), Path("unused"), events.append, origin="test")
            assert (await run.result()).status == "done"

        asyncio.run(go())
        self.engine.history.drain()  # what is written behind is written
        return events

    def explain(self, document: Workflow) -> dict[str, str]:
        return {each.task: each.verdict for each in self.engine.explain(self.plan(document), "test")}


def started(events: Sequence[Event]) -> set[str]:
    return {event.task for event in events if isinstance(event, TaskStarted)}


def tree(size: int, changed: int | None = None) -> Workflow:
    """Each node adds something to what its parent gives; one constant may be another."""
    nodes: Nodes = {"n0": ["plain.number", {"value": 0}]}
    for index in range(1, size):
        nodes[f"n{index}"] = ["plain.add", {"a": link(f"n{(index - 1) // 2}.value"), "b": index}]
    if changed is not None:
        nodes[f"n{changed}"][1]["b"] = 0.5
    return workflow(nodes)


def below(size: int, wanted: int) -> set[str]:
    found = {wanted}
    for index in range(wanted + 1, size):
        if (index - 1) // 2 in found:
            found.add(index)
    return {f"n{index}" for index in found}


def test_one_constant_of_a_thousand_nodes(engine: Engine) -> None:
    player = Player(engine)
    player.run(tree(1_000))
    assert "runs" not in player.explain(tree(1_000)).values()
    explanations = engine.explain(player.plan(tree(1_000, changed=5)), "test")
    runs = {each.task: each.reasons for each in explanations if each.verdict == "runs"}
    assert runs.keys() == below(1_000, 5)
    assert [reason.message for reason in runs["n5"]] == ["input 'b' changed: 5.0 → 0.5"]
    assert [reason.message for reason in runs["n11"]] == ["input 'a' comes from 'n5', which runs"]
    assert started(player.run(tree(1_000, changed=5))) == runs.keys()
    engine.close()


def test_the_time_grows_with_the_graph_and_no_faster(engine: Engine, figure: Callable[[str], None]) -> None:
    player, sizes, seconds = Player(engine), (1_000, 10_000), []
    for size in sizes:
        plan = player.plan(chain(size))
        past, rounds = after(plan), []
        stale = {
            name: replace(each, made_of=replace(each.made_of, fingerprint="x")) for name, each in past.nodes.items()
        }
        for _ in range(3):
            begun = time.process_time()
            explain(plan, Past(stale), nothing_kept)
            rounds.append(time.process_time() - begun)
        seconds.append(min(rounds))
    slope = math.log(seconds[1] / seconds[0]) / math.log(sizes[1] / sizes[0])
    each = ", ".join(f"{size}: {second / size * 1e6:.1f}" for size, second in zip(sizes, seconds, strict=True))
    figure(f"explain, µs per node of a chain: {each}; log-log slope {slope:.2f}")
    assert slope < 1.5
    engine.close()


@st.composite
def graphs(draw: st.DrawFn) -> Nodes:
    """Nodes of which some make the same, and some have lazy inputs."""
    nodes: Nodes = {}
    for index in range(draw(st.integers(1, 12))):
        value: Any = float(draw(st.integers(0, 2)))
        sources = [value, *(link(f"n{each}.value") for each in range(index))]
        one, other = draw(st.sampled_from(sources)), draw(st.sampled_from(sources))
        kind = draw(st.sampled_from(["plain.pass", "plain.add", "plain.sum_if"]))
        nodes[f"n{index}"] = [kind, {"value": one} if kind == "plain.pass" else {"a": one, "b": other}]
    return nodes


@settings(deadline=None, max_examples=60)
@given(nodes=graphs(), budget=st.sampled_from([1, 1_500, 10**6]), data=st.data())
def test_what_is_explained_is_what_runs(nodes: Nodes, budget: int, data: st.DataObject) -> None:
    """With memory alone, which answers at once: what is looked up later may be evicted by then."""
    engine = Engine(load_settings(memory_cache_bytes=budget, disk_cache_bytes=0), packs=(plain_pack.PACK,))
    player = Player(engine)
    targets = data.draw(st.sets(st.sampled_from(sorted(nodes)), min_size=1))
    for _ in range(3):
        changed = data.draw(st.sampled_from(sorted(nodes)))
        key = "value" if nodes[changed][0] == "plain.pass" else "a"
        if not isinstance(nodes[changed][1][key], dict):
            nodes[changed][1][key] = float(data.draw(st.integers(0, 3)))
        document = workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in sorted(targets)})
        plan, verdicts = player.plan(document), player.explain(document)
        events = player.run(document)
        runs, may = ({n for n, verdict in verdicts.items() if verdict == kind} for kind in ("runs", "may_run"))
        assert runs <= started(events)
        if budget < 10**6 and any(task.needs != task.awaits for task in plan.tasks.values()):
            continue  # what is asked for late
        maybe = {plan.tasks[name].fingerprint for name in may}
        assert {plan.tasks[name].fingerprint for name in started(events) - runs} <= maybe
        touched = started(events) | {event.task for event in events if isinstance(event, TaskCached)}
        assert not touched & {name for name, verdict in verdicts.items() if verdict == "not_needed"}
    engine.close()


def test_a_loop_whose_turns_are_known_is_opened(engine: Engine) -> None:
    player = Player(engine)

    def document(values: list[float]) -> Workflow:
        nodes: Nodes = {
            "list": ["plain.numbers", {"values": values}],
            "add": ["plain.add", {"a": link("list.values"), "b": 1}],
            "total": ["plain.total", {"values": link("add.value")}],
        }
        return workflow(nodes, outputs={"total": {"from": "total.value"}})

    player.run(document([1, 2, 3]))
    assert player.explain(document([1, 2, 3]))["total"] == "cached"
    found = {each.task: each for each in player.engine.explain(player.plan(document([1, 7, 3])), "test")}
    assert {name for name, each in found.items() if each.verdict == "runs"} == {"list", "add[1]", "total"}
    assert [reason.message for reason in found["add[1]"].reasons] == ["input 'a' changed: 2.0 → 7.0"]
    assert started(player.run(document([1, 7, 3]))) == {"list", "add[1]", "total"}


def test_of_a_loop_whose_turns_only_the_run_knows_is_said_just_that(engine: Engine) -> None:
    player = Player(engine)
    nodes: Nodes = {
        "digits": ["plain.digits", {"value": 12}],
        "add": ["plain.add", {"a": link("digits.values")}],
        "total": ["plain.total", {"values": link("add.value")}],
    }
    document = workflow(nodes, outputs={"total": {"from": "total.value"}})
    (loop,) = [each for each in player.engine.explain(player.plan(document), "test") if each.task == "add"]
    assert (loop.node, loop.verdict, loop.reasons[0].code) == ("loop", "may_run", "loop")


def test_a_changed_constant_of_what_flows_is_named(engine: Engine) -> None:
    player = Player(engine)

    def document(count: int) -> Workflow:
        nodes: Nodes = {
            "n": ["plain.naturals", {"count": count}],
            "sum": ["plain.sum_up", {"values": link("n.values")}],
        }
        return workflow(nodes, outputs={"sum": {"from": "sum.value"}})

    player.run(document(3))
    (found,) = player.engine.explain(player.plan(document(4)), "test")
    assert [reason.message for reason in found.reasons] == ["input 'n.count' changed: 3 → 4"]
