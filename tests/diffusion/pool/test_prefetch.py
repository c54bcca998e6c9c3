"""Loading ahead: what it saves, and that it harms nobody."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from fake_models import Stage, background_threads, settle, until

from graphengine.diffusion.pool.background import Background
from graphengine.diffusion.pool.construction import construction
from graphengine.errors import ModelRefused
from graphengine.node.pack import Closes, Foresight

pytestmark = pytest.mark.torch


def test_the_pool_is_what_the_engine_looks_for(host: Stage) -> None:
    assert isinstance(host.pool, Foresight)
    assert isinstance(host.pool, Closes)


def test_what_is_expected_is_there_when_it_is_used(host: Stage) -> None:
    host.pool.expect([host.ref("a"), 3, [host.ref("b")], None])
    settle()
    assert host.on_device() == {"a", "b"}
    host.touch("a", "b")
    assert host.loads() == {"a": 1, "b": 1}


def test_a_use_waits_for_a_prefetch_on_its_way_and_loads_nothing_twice(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    host.pool.prefetch(host.ref("a"))
    until(lambda: host.family.begun == ["a"])
    with ThreadPoolExecutor(4) as threads:
        users = [threads.submit(host.touch, "a") for _ in range(4)]
        time.sleep(0.02)
        assert not any(user.done() for user in users)
        gate.set()
        for user in users:
            user.result(10)
    assert host.loads() == {"a": 1}


def test_an_error_comes_when_the_model_is_used(host: Stage) -> None:
    host.family.faults["a"] = RuntimeError("no such thing")
    host.pool.prefetch(host.ref("a"))
    settle()
    assert host.pool.held() == 0
    with pytest.raises(ModelRefused, match="no such thing"), host.pool.use(host.ref("a")):
        pass
    del host.family.faults["a"]
    host.touch("a")


def test_who_waits_for_a_prefetch_that_fails_tries_himself(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    host.family.faults["a"] = RuntimeError("at first")
    host.pool.prefetch(host.ref("a"))
    until(lambda: host.family.begun == ["a"])
    with ThreadPoolExecutor(1) as threads:
        user = threads.submit(host.touch, "a")
        until(lambda: host.pool._ledger.urgent)
        first, host.family.faults = host.family.faults, {}
        assert first
        gate.set()
        user.result(10)


def test_it_takes_no_room_from_what_is_in_use_or_expected(host: Stage) -> None:
    host.pool.expect([host.ref("b")])
    settle()
    with host.pool.use(host.ref("a")):
        host.pool.prefetch(host.ref("c"))
        settle()
    assert host.on_device() == {"a", "b"}
    assert host.family.begun == ["b", "a"]  # nor was it read in vain


def test_it_takes_the_room_of_what_nobody_needs(host: Stage) -> None:
    host.touch("a", "b")
    host.pool.expect([host.ref("b"), host.ref("c")])
    settle()
    assert host.on_device() == {"b", "c"}


def test_what_is_kept_leaves_after_all_else(host: Stage) -> None:
    host.family.seconds = {"b": 3.0}
    with host.pool.keep(host.ref("a")):
        host.touch("a", "b", "c")
        assert host.on_device() == {"a", "c"}
    host.touch("b")
    assert host.on_device() == {"b", "c"}


def test_a_full_device_lets_it_get_to_the_host(device: Stage) -> None:
    with device.pool.use(device.ref("a", 800)):
        device.pool.expect([device.ref("b", 600)])
        settle()
        assert (device.on_device(), device.on_host()) == ({"a"}, {"b"})
    device.touch("b")
    assert device.loads() == {"a": 1, "b": 1}
    assert (device.on_device(), device.on_host()) == ({"b"}, {"a"})


def test_what_waits_on_the_host_is_brought_ahead(device: Stage) -> None:
    device.touch("a", "b", "c")
    assert device.on_host() == {"a"}
    device.pool.expect([device.ref("a")])
    settle()
    assert "a" in device.on_device()
    assert device.pool.held() == 800


def test_a_budget_that_only_pins_overrun_is_kept_again_when_a_prefetch_arrives(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    host.pool.prefetch(host.ref("a", 600))
    until(lambda: host.family.begun == ["a"])
    with ThreadPoolExecutor(1) as threads:
        release = threading.Event()

        def use() -> None:
            with host.pool.use(host.ref("b", 600)):
                release.wait(10)

        user = threads.submit(use)
        until(lambda: host.pool.held() == 1200)  # both are wanted, and one of them is pinned
        gate.set()
        until(lambda: host.pool.held() == 600 and host.on_device() == {"b"})
        release.set()
        user.result(10)


def test_it_begins_only_when_nobody_waits_for_modules(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        user = threads.submit(host.touch, "a")
        until(lambda: host.family.begun == ["a"])
        host.pool.prefetch(host.ref("b"))
        time.sleep(0.05)
        assert host.pool.held() == 400  # no room is taken for the other yet
        gate.set()
        user.result(10)
    settle()
    assert host.family.loads == ["a", "b"]


def test_hints_beyond_number_do_no_harm(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    host.pool.prefetch(host.ref("a"))
    until(lambda: host.family.begun == ["a"])
    for _ in range(3):
        host.pool.expect([host.ref(f"m{number}", 40) for number in range(20)])
    gate.set()
    settle()
    assert set(host.family.loads) == {"a", *(f"m{number}" for number in range(12, 20))}


def test_closing_forgets_what_waits_and_ends_the_thread(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    for name in "abc":
        host.pool.prefetch(host.ref(name))
    until(lambda: host.family.begun == ["a"])
    closer = threading.Thread(target=host.pool.close)
    closer.start()
    until(lambda: host.pool._background._closed)
    gate.set()
    closer.join(10)
    host.pool.prefetch(host.ref("d"))
    assert background_threads() == []
    assert (host.family.begun, host.pool.held()) == (["a"], 0)
    host.touch("a")  # a closed pool still serves calls that come late


def test_closing_ends_a_prefetch_that_waits_for_its_turn(host: Stage) -> None:
    gate = host.family.gates["a"] = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        user = threads.submit(host.touch, "a")
        until(lambda: host.family.begun == ["a"])
        host.pool.prefetch(host.ref("b"))
        host.pool.close()
        assert background_threads() == []
        gate.set()
        user.result(10)
    assert host.family.loads == ["a"]


def test_the_thread_ends_when_there_is_nothing_to_do_and_comes_again() -> None:
    treated: list[int] = []

    def treat(item: int) -> None:
        treated.append(item)
        if item == 1:
            raise ValueError("a bad item")

    background = Background(treat, 10)
    for number in (1, 2):
        background.ask(number)
        settle()
    assert treated == [1, 2]
    assert background_threads() == []


def test_loading_in_another_format_does_not_change_how_others_compute(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loaders set torch's default number format, process-wide, while another thread samples."""
    calls: list[torch.dtype] = []
    monkeypatch.setattr(torch, "set_default_dtype", calls.append)
    parts = model.checkpoint
    for ref in (parts.model, parts.text_encoder, parts.vae):
        with model.pool.use(replace(ref, dtype="float16")) as loaded:
            assert {p.dtype for m in loaded.modules for p in m.parameters()} == {torch.float16}
    assert calls == []
    with construction(), ThreadPoolExecutor(1) as another:
        another.submit(torch.set_default_dtype, torch.float64).result(10)
        torch.set_default_dtype(torch.float16)
    assert calls == [torch.float64]
