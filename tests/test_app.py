"""What the composition root gives to whom."""

import plain_pack
import pytest

from graphengine.app import Engine, load_settings
from graphengine.node.declare import spec_of
from graphengine.node.pack import Closes, Foresight, Pack, Service, ServiceOptions
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef


class Kitchen:
    """A service that has to be closed."""

    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


KITCHEN = Pack(name="kitchen", package=__name__, services=(Service(Kitchen, lambda _: Kitchen()),))


def engine(**settings: object) -> Engine:
    return Engine(load_settings(**settings), packs=(plain_pack.PACK, KITCHEN))


def test_processes_that_compute_on_one_device_share_its_memory() -> None:
    made = engine(executor="process", gpu_slots=3, model_bytes=10, model_host_bytes=20, device="cpu")
    assert made.service_options == ServiceOptions("cpu", 10, 20)
    assert made.executor._options == ServiceOptions("cpu", 3, 6)  # type: ignore[attr-defined]
    made.close()


def test_threads_have_one_pool_and_all_of_it() -> None:
    assert engine(gpu_slots=3, model_bytes=10).service_options.model_bytes == 10


def test_services_are_closed_with_the_engine_if_they_were_made() -> None:
    made, elsewhere = engine(), engine(executor="process")
    kitchen = made.services[Kitchen]
    assert isinstance(kitchen, Closes)
    assert not isinstance(kitchen, Foresight)
    made.close()
    elsewhere.close()
    assert "services" not in vars(elsewhere)
    assert not kitchen.open


def test_a_hint_reaches_the_services_that_the_node_asks_for() -> None:
    made = engine()
    linked = {"recipe": made.executor.adopt(TypeRef("Recipe"), Encoded({"name": "soup"}))}
    made.executor.foresee(spec_of(plain_pack.number), linked)
    assert made.services[plain_pack.Calls].expected == []
    made.executor.foresee(spec_of(plain_pack.cook), linked)
    assert made.services[plain_pack.Calls].expected == ["soup"]
    made.close()


@pytest.mark.parametrize("processes", [1, 2, 7])
def test_shares_never_exceed_the_whole(processes: int) -> None:
    share = ServiceOptions("", 100, 50).shared(processes)
    assert share.model_bytes * processes <= 100
    assert share.model_host_bytes * processes <= 50
