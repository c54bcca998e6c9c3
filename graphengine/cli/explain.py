"""What ``graphengine run --explain`` prints: a line for each node and each reason, and what it comes to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, assert_never

from graphengine.cli.console import print_line
from graphengine.errors import shown_bytes
from graphengine.plan.explain import Explanation
from graphengine.plan.memory import Outlook
from graphengine.plan.reasons import Verdict

_SHOWN: Mapping[Verdict, str] = {
    "runs": "runs",
    "may_run": "may run",
    "cached": "cached",
    "not_needed": "not needed",
}
_WIDEST = 40  # longer names push what follows to the right
_LEAST = 100_000  # bytes that are worth a word


def data_of(explanations: Sequence[Explanation], outlook: Outlook) -> Mapping[str, Any]:
    """Return the object that ``--json`` prints."""
    nodes = {
        each.task: {
            "type": each.node,
            "verdict": each.verdict,
            "seconds": each.seconds,
            "memory": None if each.needs is None else asdict(each.needs),
            "reasons": [asdict(reason) for reason in each.reasons],
        }
        for each in explanations
    }
    counts = Counter(each.verdict for each in explanations)
    known, _ = _work(explanations)
    return {
        "status": "explained",
        "seconds": round(known, 6),
        "counts": {verdict: counts[verdict] for verdict in _SHOWN},
        "memory": asdict(outlook),
        "nodes": nodes,
    }


def show(explanations: Sequence[Explanation], outlook: Outlook) -> None:
    """Print the explanations for people."""
    width = min(_WIDEST, max((len(each.task) for each in explanations), default=0))
    column = any(_memory(each) for each in explanations)
    for each in explanations:
        seconds = "" if each.seconds is None else f"{each.seconds:.2f} s"
        memory = f"{_memory(each):>8}  " if column else ""
        head = f"{each.task:<{width}}  {_SHOWN[each.verdict]:<10}  {seconds:>9}  {memory}"
        for reason in each.reasons:
            print_line(head + reason.message)
            head = " " * len(head)
    print_line(_summary(explanations) + _room(outlook))


def _memory(explanation: Explanation) -> str:
    """Return what a call will take of all memory, or nothing where that is not known or not worth a word."""
    needs = explanation.needs
    total = 0 if needs is None else sum(each or 0 for each in (needs.weights, needs.working, needs.host))
    return shown_bytes(total) if total >= _LEAST else ""


def _room(outlook: Outlook) -> str:
    """Say what it comes to, and if it may not be there."""
    device, machine = outlook.machine.device, outlook.machine
    there = [(outlook.device, device.name)] if device is not None and device.capacity else []
    there += [(outlook.host, "the host")]
    at_most = " and ".join(f"{shown_bytes(size)} on {where}" for size, where in there if size >= _LEAST)
    said = f"; at most {at_most} at once" if at_most else ""
    match outlook.fit:
        case "yes":
            return said
        case "over_budget":
            budget = shown_bytes(machine.budget or 0)
            return f"{said}, models of {shown_bytes(outlook.weights)} where GRAPHENGINE_MODEL_BYTES says {budget}"
        case "unlikely":
            return f"{said}, which is more than there is: it may fail, or be made in smaller pieces"
        case other:
            assert_never(other)


def _summary(explanations: Sequence[Explanation]) -> str:
    counts = Counter(each.verdict for each in explanations)
    known, unknown = _work(explanations)
    runs = f"{counts['runs']} of {len(explanations)} nodes run"
    if counts["runs"] > unknown:
        runs += f", about {known:.2f} s of work"
        runs += f" and {unknown} of which nobody knows how long" if unknown else ""
    rest = (f"{counts[verdict]} {_SHOWN[verdict]}" for verdict in ("may_run", "cached", "not_needed"))
    return "; ".join([runs, *(each for each in rest if not each.startswith("0 "))])


def _work(explanations: Sequence[Explanation]) -> tuple[float, int]:
    """Return the seconds that is known to be needed, and how many nodes run of which nobody knows."""
    seconds = [each.seconds for each in explanations if each.verdict == "runs"]
    return sum(each for each in seconds if each is not None), seconds.count(None)
