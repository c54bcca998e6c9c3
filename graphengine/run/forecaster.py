"""What calls will need of the memory of this machine: what the plan's rooms work out, with what is known here."""

from collections.abc import Iterable, Mapping

from graphengine.errors import WorkflowError
from graphengine.models.parts import WeightCounts
from graphengine.plan.demand import Kept
from graphengine.plan.explain import Explanation
from graphengine.plan.memory import Forecast, Machine, Outlook
from graphengine.plan.misfit import misfits
from graphengine.plan.past import Device
from graphengine.plan.plan import Plan
from graphengine.run.history import History
from graphengine.run.machine import host_memory
from graphengine.types.socket_type import SocketType

_HOST = frozenset({"cpu", "mps"})  # devices that compute in the host's memory


class Forecaster:
    """Knows the machine, and the sizes of models.

    Args:
        wanted: the device that the settings name; empty is the best there is, which only calls tell.
        budget: what loaded weights may take where they compute, in bytes.
    """

    def __init__(self, types: Mapping[str, SocketType], history: History, wanted: str, budget: int) -> None:
        self._parts = {name: each.part for name, each in types.items() if each.weights}
        self._history = history
        self._wanted = wanted
        self._budget = budget
        self._host = host_memory()
        self._counts = WeightCounts()

    def forecast(self) -> Forecast:
        """Return what can be said now; from any thread."""
        return Forecast(Machine(self._device(), self._host, self._budget), self._parts, self._counts.of)

    def refuse_misfits(self, plan: Plan, kept: Kept | None) -> None:
        """Look whether models that a plan uses can fit into the memory.

        Raises:
            WorkflowError: some cannot.
        """
        problems = misfits(plan, self.forecast(), kept) if any(each.weights for each in plan.calls.values()) else []
        if problems:
            raise WorkflowError(problems)

    def outlook(self, explanations: Iterable[Explanation]) -> Outlook:
        """Return what the calls of a plan that was explained need of the memory, and whether that is there."""
        needs = [each.needs for each in explanations if each.verdict == "runs" and each.needs is not None]
        return self.forecast().outlook(needs)

    def _device(self) -> Device | None:
        known = self._history.device()
        if not self._wanted or (known is not None and self._wanted in (known.name, known.name.removesuffix(":0"))):
            return known
        return Device(self._wanted) if self._wanted in _HOST else None
