"""A sampling that was cut off goes on where it was, and ends as it would have, to the bit."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import torch

from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.resuming import Position, freeze, thaw
from graphengine.diffusion.samplers import SAMPLER_NAMES, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.errors import Cancelled
from graphengine.types.codec import Encoded

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
STEPS = 7


class Box:
    """Keeps the state of every step, as bytes that nobody changes."""

    def __init__(self, state: Encoded | None = None) -> None:
        self.state = state
        self.offered = 0

    def load(self) -> Encoded | None:
        return self.state

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        self.offered += 1
        made = make()
        if made is not None:
            self.state = Encoded(made.meta, tuple(bytes(each) for each in made.buffers))


def run(model: Any, latent: Latent, box: Box | None = None, cut: int = 0, **given: Any) -> tuple[Latent | None, int]:
    """Sample, unless it is cut after some evaluations; return the latent and how many there were."""
    count = 0

    def on_step(step: int, _total: int, _look: Any) -> None:
        nonlocal count
        count += 1
        if count == cut:
            raise Cancelled

    chunk = given.pop("chunk", None)
    settings = Sampling(**{"seed": 5, "steps": STEPS, **given})
    texts = model.positive, model.negative
    try:
        made = sample(
            model.pool,
            model.checkpoint.model,
            *texts,
            latent,
            settings=settings,
            on_step=on_step,
            chunk=chunk,
            keeper=box,
        )
    except Cancelled:
        return None, count
    return made, count


def check(model: Any, latent: Latent, **given: Any) -> None:
    """Cut a sampling after each of its evaluations, and compare how it ends with one that was not cut."""
    whole, evaluations = run(model, latent, **given)
    assert whole is not None
    for cut in range(1, evaluations + 1):
        box = Box()
        assert run(model, latent, box, cut, **given) == (None, cut)
        assert box.offered == cut
        resumed, rest = run(model, latent, box, **given)
        assert resumed is not None
        assert torch.equal(resumed.samples, whole.samples)
        assert rest == evaluations - cut


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_every_sampler_goes_on_from_every_step(model: Any, sampler: SamplerName) -> None:
    check(model, empty_latent(model.checkpoint.model, 16, 16, 2), sampler=sampler)


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "dpmpp_2m_sde", "heun"])
def test_chunks_that_are_done_are_not_made_again(model: Any, sampler: SamplerName) -> None:
    check(model, empty_latent(model.checkpoint.model, 16, 16, 3), sampler=sampler, chunk=2, steps=3)


@pytest.mark.parametrize("sampler", ["euler_ancestral", "uni_pc"])
def test_a_masked_latent_goes_on(model: Any, sampler: SamplerName) -> None:
    source = torch.Generator().manual_seed(0)
    samples, values = torch.randn(2, 4, 8, 8, generator=source), torch.rand(2, 16, 16, generator=source)
    latent = Latent(samples, "sd", model.checkpoint.model.latent, Mask(values.round()))
    check(model, latent, sampler=sampler, denoise=0.7)


@pytest.mark.parametrize("sampler", ["euler", "heun"])
def test_flows_go_on_from_every_step(dev: Any, third: Any, sampler: SamplerName) -> None:
    check(dev, dev.empty(2), sampler=sampler, steps=3, guidance=3.5)
    check(third, third.empty(), sampler=sampler, steps=3, first=1, last=2)


def test_a_schedule_of_another_kind_of_sampler_goes_on(model: Any) -> None:
    check(model, empty_latent(model.checkpoint.model, 16, 16), sampler="dpmpp_sde", schedule="karras")


def test_a_sampling_that_was_cut_twice_goes_on(model: Any) -> None:
    latent, box = empty_latent(model.checkpoint.model, 16, 16), Box()
    whole, _ = run(model, latent, sampler="lms")
    for _ in range(3):
        assert run(model, latent, box, 2, sampler="lms") == (None, 2)
    resumed, rest = run(model, latent, box, sampler="lms")
    assert resumed is not None
    assert whole is not None
    assert torch.equal(resumed.samples, whole.samples)
    assert rest == STEPS - 6


def test_keeping_changes_nothing(model: Any) -> None:
    latent = empty_latent(model.checkpoint.model, 16, 16)
    kept, _ = run(model, latent, Box(), sampler="deis")
    plain, _ = run(model, latent, sampler="deis")
    assert kept is not None
    assert plain is not None
    assert torch.equal(kept.samples, plain.samples)


def test_what_is_no_state_of_it_starts_over(model: Any) -> None:
    latent, box = empty_latent(model.checkpoint.model, 16, 16, 2), Box()
    assert run(model, latent, box, 2) == (None, 2)
    assert box.state is not None
    whole, _ = run(model, latent, chunk=1)
    for state in (box.state, Encoded({}), Encoded({"form": "sampling.1", "position": [1, "x"]})):
        again, made = run(model, latent, Box(state), chunk=1)
        assert again is not None
        assert whole is not None
        assert torch.equal(again.samples, whole.samples)
        assert made == 2 * STEPS


def test_a_scheduler_that_cannot_be_stored_keeps_nothing() -> None:
    assert freeze(Position(1, (), {"scheduler": {"history": deque([1])}})) is None
    assert freeze(Position(1, (), {"scheduler": {"sigmas": torch.zeros(1, dtype=torch.complex64)}})) is None


def test_a_position_survives_being_bytes() -> None:
    tensors = [torch.rand(2, 3), torch.tensor(1.5, dtype=torch.bfloat16), torch.zeros(0, dtype=torch.int64)]
    walk = {"numbers": [1, 0.1, float("inf"), True, None, "x", 2**64 - 1], "pair": (1, tensors), "none": {}}
    frozen = freeze(Position(3, tensors, walk))
    assert frozen is not None
    found = thaw(frozen, 3, CPU)
    assert (found.chunk, found.walk["numbers"], found.walk["none"]) == (3, walk["numbers"], {})
    assert isinstance(found.walk["pair"], tuple)
    for one, other in zip([*found.done, *found.walk["pair"][1]], [*tensors, *tensors], strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
