"""The steps of a plan as it grows: those that it has from the beginning, and those that loops bring when opened."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from graphengine.plan.plan import Expansion, Gathering, Opening, Plan, Step, Task


class Steps:
    """Who takes from whom, as it grows."""

    def __init__(self, plan: Plan) -> None:
        self._steps: dict[str, Step] = dict(plan.tasks)
        self.tasks: dict[str, Task] = dict(plan.calls)
        """The steps that are calls, by name."""
        self._needs: defaultdict[str, list[str]] = defaultdict(list)  # beside those in the steps, as the next two
        self._awaits: defaultdict[str, list[str]] = defaultdict(list)
        self._consumers: defaultdict[str, list[str]] = defaultdict(list)
        self._last: dict[str, Expansion] = {}
        self.expansions: dict[str, Expansion] = {}

    def __getitem__(self, name: str) -> Step:
        return self._steps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    @property
    def all(self) -> Mapping[str, Step]:
        """Every step by name."""
        return self._steps

    def needs(self, name: str) -> Sequence[str]:
        """Return the steps whose results a step may take."""
        own = self._steps[name].needs
        return (*own, *self._needs[name]) if name in self._needs else own

    def awaits(self, name: str) -> Sequence[str]:
        """Return the steps that a step must wait for."""
        own = self._steps[name].awaits
        return (*own, *self._awaits[name]) if name in self._awaits else own

    def consumers(self, name: str) -> Sequence[str]:
        """Return the steps that may take a step's result."""
        own = self._steps[name].consumers
        return (*own, *self._consumers[name]) if name in self._consumers else own

    def last(self, gathering: str) -> Expansion:
        """Return the expansion with the results of a loop that is done."""
        return self._last[gathering]

    def open(self, name: str, expansion: Expansion, waits: Callable[[str], bool]) -> Iterable[str]:
        """Add the steps that an opening opens; return, once for each new consumer, the steps that were there before.

        Those who take from the opening, the loop as a whole and other loops over the same turns, take from now on
        from what it opened.

        Args:
            waits: whether a step may still take something.
        """
        self.expansions[name] = expansion
        new_steps = {step.name: step for step in expansion.steps}
        self._steps |= new_steps
        self.tasks |= {step.name: step for step in expansion.steps if isinstance(step, Task)}
        joined = [
            (need, step.name)
            for step in expansion.steps
            for need in step.needs
            if need not in new_steps or step.name == expansion.then  # who within a turn takes from whom is known
        ]
        for watcher in [each for each in self.consumers(name) if waits(each)]:
            step = self._steps[watcher]
            wanted = step.types if isinstance(step, Gathering) else expansion.results
            new = (expansion.then,) if expansion.then else expansion.ends(wanted)
            if not isinstance(step, Opening):
                self._awaits[watcher] += new
                self._last[watcher] = expansion
            self._needs[watcher] += new
            joined += [(each, watcher) for each in new]
        for need, consumer in joined:
            self._consumers[need].append(consumer)
        return [need for need, _ in joined]
