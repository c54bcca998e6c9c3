"""Two memories: what has no room on the device waits on the host."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from fake_models import FakeAccelerator, Stage, until

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.transport import TorchTransport
from graphengine.errors import OutOfMemory
from graphengine.models.use import DeviceUse

pytestmark = pytest.mark.torch


Make = Callable[..., Stage]


def test_what_leaves_the_device_comes_back_without_its_file(stage: Make) -> None:
    made = stage(1000, None, FakeAccelerator())
    with made.pool.use(made.ref("a")) as first:
        pass
    made.touch("b", "c")
    assert (made.on_device(), made.on_host()) == ({"b", "c"}, {"a"})
    assert (made.pool.held(), made.pool.held_on_host()) == (800, 400)
    with made.pool.use(made.ref("a")) as again:
        assert again.module is first.module
    assert made.loads() == {"a": 1, "b": 1, "c": 1}
    assert made.on_device() & {"a"}


def test_what_is_in_use_is_told(stage: Make) -> None:
    way = FakeAccelerator()
    made = stage(1000, None, way)
    pool = made.pool
    assert pool.take() is None
    made.touch("a")
    way.scratch = 70
    assert pool.take() == DeviceUse("cpu", 10_000, weights=400, working=70, loaded=0)
    assert pool.take() is None, "nothing was used since"
    with pool.use(made.ref("b")), pool.use(made.ref("c")):
        pass
    told = pool.take()
    assert told is not None
    assert (told.weights, told.working, told.loaded) == (800, 70, 400)  # a waits on the host now
    made.touch("b")
    told = pool.take()
    assert told is not None
    assert (told.weights, told.working) == (400, 70), "what is there without being used is no work"


def test_the_host_has_a_budget_too(stage: Make) -> None:
    made = stage(400, 800, FakeAccelerator())
    made.family.seconds = {"a": 3.0, "b": 1.0, "c": 3.0, "d": 3.0}
    made.touch("a", "b", "c", "d")  # b is soonest loaded again
    assert (made.on_device(), made.on_host()) == ({"d"}, {"a", "c"})
    assert made.pool.held_on_host() == 800


def test_without_a_host_budget_what_leaves_is_dropped(stage: Make) -> None:
    made = stage(400, 0, FakeAccelerator())
    made.touch("a", "b", "a")
    assert (made.on_device(), made.on_host()) == ({"a"}, set())
    assert made.pool.held_on_host() == 0
    assert made.loads() == {"a": 2, "b": 1}


def test_a_full_host_drops_what_leaves(stage: Make) -> None:
    made = stage(400, None, FakeAccelerator(host_room=0))
    made.touch("a", "b")
    assert (made.on_device(), made.on_host(), made.pool.held_on_host()) == ({"b"}, set(), 0)
    made.touch("a")
    assert made.loads() == {"a": 2, "b": 1}


def test_a_device_smaller_than_its_budget_is_tried_again_with_everything_else_gone(stage: Make) -> None:
    made = stage(None, None, FakeAccelerator(room=800))
    made.touch("a", "b", "c")
    assert (made.on_device(), made.on_host()) == ({"c"}, {"a", "b"})
    assert made.pool.held() == 400


def test_what_fits_nowhere_is_out_of_memory_and_leaves_the_pool_as_it_should_be(stage: Make) -> None:
    made = stage(None, None, FakeAccelerator(room=600))
    with made.pool.use(made.ref("a")):
        with pytest.raises(OutOfMemory), made.pool.use(made.ref("b")):
            pass
        assert made.pool.held() == 400
        assert made.pool.held_on_host() == 0
    made.touch("b")
    assert made.on_host() == {"a"}


def test_a_call_that_runs_out_of_memory_leaves_more_of_it(stage: Make) -> None:
    made = stage(1000, None, FakeAccelerator())
    made.touch("a")
    with made.pool.use(made.ref("c")):
        with pytest.raises(OutOfMemory), made.pool.use(made.ref("b")):
            raise OutOfMemory("for the activations")
        assert (made.on_device(), made.on_host()) == ({"c"}, {"a", "b"})


def test_clearing_drops_from_both_memories_what_is_not_in_use(stage: Make) -> None:
    made = stage(800, None, FakeAccelerator())
    made.touch("a", "b", "c")
    with made.pool.use(made.ref("b")):
        made.pool.clear()
        assert (made.on_device(), made.on_host()) == ({"b"}, set())
        assert (made.pool.held(), made.pool.held_on_host()) == (400, 0)


def test_who_uses_what_is_there_waits_for_no_move(stage: Make) -> None:
    made = stage(800, None, FakeAccelerator())
    made.touch("a", "b")
    made.way.pause = 0.5
    with ThreadPoolExecutor(1) as threads, made.pool.use(made.ref("b")):
        moving = threads.submit(made.touch, "c")
        until(made.way.busy)
        with made.pool.use(made.ref("b")):
            assert made.way.busy(), "the move was over before"
        moving.result(10)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.accelerator.is_available(), reason="there is no accelerator")
def test_weights_go_to_a_true_device_and_back_unchanged(model: Any) -> None:
    device = torch.accelerator.current_accelerator()
    assert device is not None
    parts = model.checkpoint
    pool = ModelPool(device, 1, host_budget=None)
    if not TorchTransport(device).apart:
        pytest.skip("the device has no memory of its own")
    seen = []
    for _ in range(2):
        for ref in (parts.vae, parts.model):
            with pool.use(ref) as loaded:
                assert {p.device.type for m in loaded.modules for p in m.parameters()} == {device.type}
                seen.append([p.cpu() for m in loaded.modules for p in m.parameters()])
        assert pool.held() == 0
        assert pool.held_on_host() > 0
    for first, second in zip(seen[:2], seen[2:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
