"""What holds in every state of the machine; tests look after each stimulus."""

from graphengine.run.phase import IN_FLIGHT, SETTLED, Phase
from graphengine.run.state import RunState


def check(state: RunState) -> None:
    """Look at the whole state at once; an assertion says what contradicts what."""
    phase = state.phase
    running = [name for name, each in phase.items() if each is Phase.RUNNING]
    claims = {
        "values are held by tasks that are done": all(phase[name] is Phase.DONE for name in state.values),
        "what runs has its inputs": all(need in state.values for name in running for need in state.steps.awaits(name)),
        "nothing in flight is forgotten": state._in_flight >= sum(each in IN_FLIGHT for each in phase.values()),
        "a held value has a use": all(_wanted(state, name) for name in state.values),
        "what waits is wanted": all(
            _wanted(state, name) or name in state._targets
            for name, each in phase.items()
            if each in (Phase.WAITING, Phase.READY)
        ),
        "no holder is lost": all(count >= 0 for count in state._holders.values()),
        "the end is the end": state.status is None or not running,
    }
    assert all(claims.values()), [claim for claim, holds in claims.items() if not holds]


def _wanted(state: RunState, name: str) -> bool:
    return name in state._kept or any(state.phase[each] not in SETTLED for each in state.steps.consumers(name))
