"""Patched models: they share the tensors of the model, stay no longer than it does, and are counted once."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from fake_models import FakeAccelerator, Stage, until

from graphengine.diffusion.pool.ledger import FORESEEN
from graphengine.diffusion.types.refs import Patch, VaeRef
from graphengine.errors import ModelRefused
from graphengine.models.use import DeviceUse

pytestmark = pytest.mark.torch

Make = Callable[..., Stage]


def patched(made: Stage, name: str, nbytes: float = 40) -> VaeRef:
    return made.ref(name).patched(Patch("more", strength=nbytes))


def test_it_shares_what_it_does_not_change(stage: Make) -> None:
    made = stage(1000)
    with made.pool.use(patched(made, "a")) as heir, made.pool.use(made.ref("a")) as base:
        assert heir.module is not base.module
        assert heir.module.weights is base.module.weights
        assert not hasattr(base.module, "extra")
        assert made.pool.held() == 440
    assert made.loads() == {"a": 1}


def test_it_is_kept(stage: Make) -> None:
    made = stage(1000)
    with made.pool.use(patched(made, "a")) as one:
        pass
    with made.pool.use(patched(made, "a")) as again, made.pool.use(patched(made, "a", 80)) as another:
        assert one is again
        assert another is not one
        assert made.pool.held() == 400 + 40 + 80


def test_what_changes_all_is_counted_in_full_and_needs_no_base(stage: Make) -> None:
    made = stage(1000)
    double = made.ref("a").patched(Patch("other", strength=2.0))
    with made.pool.use(double) as heir:
        assert made.pool.held() == 800
        made.touch("b")
        assert made.pool.held() == 800, "the base has left for b"
        assert torch.equal(heir.module.weights, torch.arange(100) * 2.0)


def test_while_it_is_in_use_its_base_stays(stage: Make) -> None:
    made = stage(500)
    with made.pool.use(patched(made, "a")):
        made.touch("b", "c")
        made.pool.clear()
        assert made.pool.held() == 440
        with made.pool.use(made.ref("a")):
            pass
    assert made.loads() == {"a": 1, "b": 1, "c": 1}


def test_it_leaves_with_its_base(stage: Make) -> None:
    made = stage(500)
    with made.pool.use(patched(made, "a")):
        pass
    made.touch("b")
    assert (made.on_device(), made.pool.held()) == ({"b"}, 400)
    with made.pool.use(patched(made, "a")):
        pass
    made.pool.clear()
    assert (made.on_device(), made.pool.held()) == (set(), 0)


def test_its_base_waits_on_the_host_and_it_is_made_again(stage: Make) -> None:
    made = stage(500, None, FakeAccelerator())
    with made.pool.use(patched(made, "a")) as before:
        pass
    made.touch("b")
    assert (made.pool.held(), made.pool.held_on_host()) == (400, 400)
    with made.pool.use(patched(made, "a")) as after:
        assert after is not before
        assert (made.pool.held(), made.pool.held_on_host()) == (440, 400)
    assert made.loads() == {"a": 1, "b": 1}


def test_both_are_told_as_used(stage: Make) -> None:
    made = stage(1000)
    with made.pool.use(patched(made, "a")):
        pass
    assert made.pool.take() == DeviceUse("cpu", 0, weights=440, working=0, loaded=440)


def test_what_cannot_be_patched_leaves_nothing_behind(stage: Make) -> None:
    made = stage(1000)
    for _ in range(2):
        with pytest.raises(ModelRefused, match="'odd'"), made.pool.use(made.ref("a").patched(Patch("odd"))):
            pass
    with pytest.raises(ModelRefused, match="cannot be applied to the vae"), made.pool.use(patched(made, "a", -40)):
        pass
    assert made.pool.held() == 400
    made.pool.clear()
    assert made.pool.held() == 0


def test_a_base_that_cannot_be_loaded_is_what_is_told(stage: Make) -> None:
    made = stage(1000)
    made.family.faults["a"] = ValueError("broken")
    for _ in range(2):
        with pytest.raises(ModelRefused, match="broken"), made.pool.use(patched(made, "a")):
            pass
    assert made.pool.held() == 0


def test_nothing_of_strength_zero_is_a_patch(stage: Make) -> None:
    ref = stage(1000).ref("a")
    assert ref.patched(Patch("more", strength=0.0)) is ref
    assert replace(ref, patches=(Patch("more"),)) == ref.patched(Patch("more"))


def test_what_is_expected_is_fetched_without_its_patches(stage: Make) -> None:
    made = stage(1000)
    made.pool.expect([patched(made, "a")])
    until(lambda: made.pool.held() == 400)
    with made.pool.use(patched(made, "a")):
        assert made.pool.held() == 440
    assert made.loads() == {"a": 1}


def test_what_is_foreseen_counts_modules_so_that_a_patched_model_takes_two(stage: Make) -> None:
    for others, stays in [(FORESEEN // 2 - 1, True), (FORESEEN // 2, False)]:
        made = stage(1000)
        made.touch("a", "b")
        made.pool.expect([made.ref("a"), *(patched(made, f"m{number}") for number in range(others))])
        assert (made.pool._ledger._care(made.pool._key(made.ref("a"))) == 1) is stays
