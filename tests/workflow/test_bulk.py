"""The collector rests while much is built, and works again however that ends."""

import gc
from collections.abc import Iterator

import pytest
from documents import chain

from graphengine.app import Engine
from graphengine.workflow.bulk import LARGE, built_in_bulk


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    assert gc.isenabled()
    yield
    gc.enable()


def test_it_rests_inside_and_works_again() -> None:
    with built_in_bulk(LARGE):
        assert not gc.isenabled()
        with built_in_bulk(LARGE):
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), built_in_bulk(LARGE):
        _ = 1 // 0
    assert gc.isenabled()


def test_it_does_not_rest_for_little() -> None:
    with built_in_bulk(LARGE - 1):
        assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    gc.disable()
    with built_in_bulk(LARGE):
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_a_large_graph_is_proven_and_planned_without_it(engine: Engine) -> None:
    runs: list[str] = []
    document, _ = chain(2 * LARGE), engine.registry
    gc.callbacks.append(lambda phase, _: runs.append(phase))
    try:
        plan = engine.plan(engine.resolve(document))
    finally:
        gc.callbacks.pop()
    assert len(plan.tasks) == 2 * LARGE
    assert len(runs) < 20, "thousands of objects are made: a collector at work looks a hundred times"
