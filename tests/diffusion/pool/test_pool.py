"""The pool: shared, bounded, pinned, and safe among threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from fake_models import Stage, until

from graphengine.diffusion.devices import choose_device, choose_dtype, memory_guard
from graphengine.diffusion.families.sd import StableDiffusion
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused, OutOfMemory, SettingsRefused
from graphengine.models.use import DeviceUse

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")


class Counting(StableDiffusion):
    """The family, with a list of what was loaded and whether loads overlapped."""

    __slots__ = ("busy", "loads", "overlapped")

    def __init__(self) -> None:
        super().__init__()
        for name, value in (("loads", []), ("busy", threading.Lock()), ("overlapped", [])):
            object.__setattr__(self, name, value)

    def load(self, ref: WeightsRef, source: Any, dtype: torch.dtype) -> Any:
        if not self.busy.acquire(blocking=False):
            self.overlapped.append(ref.part)
            return super().load(ref, source, dtype)
        try:
            self.loads.append(ref.part)
            return super().load(ref, source, dtype)
        finally:
            self.busy.release()


def make_pool(budget: int | None = None, **options: Any) -> tuple[ModelPool, Counting]:
    family = Counting()
    return ModelPool(CPU, budget, families={"sd": family}, **options), family


def size_of(ref: WeightsRef) -> int:
    pool, _ = make_pool()
    with pool.use(ref):
        return pool.held()


def test_a_module_is_loaded_once_and_shared(model: Any) -> None:
    pool, family = make_pool()
    with pool.use(model.checkpoint.vae) as one, pool.use(model.checkpoint.vae) as other:
        assert one is other
    with pool.use(model.checkpoint.vae) as again:
        assert again is one
        assert not any(p.requires_grad for module in again.modules for p in module.parameters())
        assert not any(module.training for module in again.modules)
    assert family.loads == ["vae"]


def test_what_does_not_change_a_module_does_not_load_it_again(model: Any) -> None:
    pool, family = make_pool()
    ref = model.checkpoint.text_encoder
    with pool.use(ref) as one, pool.use(replace(ref, clip_skip=1)) as other:
        assert one is other
    with pool.use(replace(ref, dtype="float16")) as half:
        assert half.modules[0].dtype == torch.float16
    assert len(family.loads) == 2


def test_what_is_soonest_loaded_again_is_dropped_first(host: Stage) -> None:
    host.family.seconds = {"slow": 9.0, "quick": 1.0, "new": 5.0}
    host.touch("slow", "quick", "new")
    assert host.on_device() == {"slow", "new"}
    assert host.pool.held() == 800


def test_of_equals_the_least_recently_used_is_dropped_first(host: Stage) -> None:
    host.touch("a", "b", "a", "c")
    assert host.on_device() == {"a", "c"}


def test_who_uses_what_is_there_does_not_wait_for_what_is_being_made(host: Stage) -> None:
    host.touch("a")
    gate = host.family.gates["b"] = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        user = threads.submit(host.touch, "b")
        until(lambda: host.family.begun == ["a", "b"])
        host.touch("a")
        assert not user.done()
        gate.set()
        user.result(10)


def test_room_is_made_before_a_module_is(host: Stage) -> None:
    host.touch("a", "b")
    gate = host.family.gates["c"] = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        user = threads.submit(host.touch, "c")
        until(lambda: host.family.begun == ["a", "b", "c"])
        assert (host.on_device(), host.pool.held()) == ({"b"}, 800)
        gate.set()
        user.result(10)


def test_a_file_that_is_larger_in_memory_is_counted_as_it_is_there(model: Any) -> None:
    pool, _ = make_pool()
    with pool.use(replace(model.checkpoint.vae, dtype="float16")) as half:
        assert pool.held() == sum(p.nbytes for m in half.modules for p in m.parameters())
    with pool.use(model.checkpoint.vae) as whole:
        assert pool.held() == sum(p.nbytes for each in (half, whole) for m in each.modules for p in m.parameters())


def test_what_is_in_use_is_never_dropped(model: Any) -> None:
    pool, family = make_pool(budget=1)
    with pool.use(model.checkpoint.vae) as vae:
        with pool.use(model.checkpoint.model):
            pass
        assert pool.held() == size_of(model.checkpoint.vae)
        pool.clear()
        with pool.use(model.checkpoint.vae) as again:
            assert again is vae
    assert pool.held() == 0
    assert family.loads == ["vae", "model"]


def test_a_pin_is_released_by_an_exception(model: Any) -> None:
    pool, _ = make_pool(budget=1)
    with pytest.raises(ZeroDivisionError), pool.use(model.checkpoint.vae):
        raise ZeroDivisionError
    assert pool.held() == 0


def test_many_threads_load_each_part_once_and_never_side_by_side(model: Any) -> None:
    pool, family = make_pool()
    parts = model.checkpoint
    start = threading.Barrier(8)

    def use(index: int) -> bool:
        start.wait()
        with pool.use((parts.model, parts.vae, parts.text_encoder)[index % 3]) as loaded:
            return any(p.is_meta for module in loaded.modules for p in module.parameters())

    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(use, range(8)))
    assert sorted(family.loads) == ["model", "text_encoder", "vae"]
    assert family.overlapped == []


def test_two_pools_do_not_construct_side_by_side(model: Any) -> None:
    family = Counting()
    pools = [ModelPool(CPU, families={"sd": family}) for _ in range(4)]
    start = threading.Barrier(4)

    def use(pool: ModelPool) -> None:
        start.wait()
        with pool.use(model.checkpoint.model):
            pass

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, pools))
    assert family.loads == ["model"] * 4
    assert family.overlapped == []


def test_patches_change_a_copy_of_their_own(model: Any) -> None:
    def scale(_: WeightsRef, loaded: Any, patch: Patch) -> Any:
        for layer in loaded.module.modules():
            for name, parameter in layer.named_parameters(recurse=False):
                setattr(layer, name, torch.nn.Parameter(parameter.detach() * patch.strength))
        return loaded

    pool, _ = make_pool(patchers={"scale": scale})
    plain = model.checkpoint.vae
    patched = replace(plain, patches=(Patch("scale", strength=2.0), Patch("scale", strength=1.5)))
    with pool.use(plain) as one, pool.use(patched) as other:
        pairs = zip(one.module.parameters(), other.module.parameters(), strict=True)
        assert all(torch.equal(a * 2 * 1.5, b) for a, b in pairs)
    with pytest.raises(ModelRefused, match="'other'"), pool.use(replace(plain, patches=(Patch("other"),))):
        pass


def test_unknown_families_are_refused(model: Any) -> None:
    with (
        pytest.raises(ModelRefused, match="'other'"),
        make_pool()[0].use(replace(model.checkpoint.vae, family="other")),
    ):
        pass


def test_no_room_is_one_error() -> None:
    for error in (
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"),
    ):
        with pytest.raises(OutOfMemory, match="testing"), memory_guard("testing"):
            raise error
    with pytest.raises(RuntimeError, match="other"), memory_guard("testing"):
        raise RuntimeError("other")


def test_an_impossible_allocation_is_out_of_memory() -> None:
    with pytest.raises(OutOfMemory), memory_guard("testing"):
        torch.empty(2**60, dtype=torch.uint8)


def test_devices_and_formats() -> None:
    assert choose_device("cpu") == CPU
    assert choose_device("cpu:0").type == "cpu"
    assert choose_device().type in {"cpu", "cuda", "mps"}
    assert choose_dtype("auto", CPU) == torch.float32
    assert choose_dtype("auto", torch.device("cuda")) == torch.float16
    assert choose_dtype("bfloat16", CPU) == torch.bfloat16


@pytest.mark.parametrize("name", ["gpu7", "cuda:99", "meta", "hpu"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(SettingsRefused, match=f"no device '{name}'") as caught:
        choose_device(name)
    assert caught.value.hint.startswith("There is cpu")


def test_a_device_is_named_with_or_without_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    assert [str(choose_device(name)) for name in ("cuda", "cuda:1", "cpu")] == ["cuda", "cuda:1", "cpu"]
    with pytest.raises(SettingsRefused) as caught:
        choose_device("cuda:2")
    assert caught.value.hint == "There is cpu, cuda:0, cuda:1."


def test_a_device_in_the_hosts_memory_tells_what_came_there(host: Stage) -> None:
    host.touch("a")
    assert host.pool.take() == DeviceUse("cpu", 0, weights=400, working=0, loaded=400)
    host.touch("a")
    assert host.pool.take() == DeviceUse("cpu", 0, weights=400, working=0, loaded=0)
