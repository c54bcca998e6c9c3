"""What ``graphengine run --explain`` prints: a line for each node and each reason, and what it comes to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graphengine.cli.console import print_line
from graphengine.plan.explain import Explanation
from graphengine.plan.reasons import Verdict

_SHOWN: Mapping[Verdict, str] = {
    "runs": "runs",
    "may_run": "may run",
    "cached": "cached",
    "not_needed": "not needed",
}
_WIDEST = 40  # longer names push what follows to the right


def data_of(explanations: Sequence[Explanation]) -> Mapping[str, Any]:
    """Return the object that ``--json`` prints."""
    nodes = {
        each.task: {
            "type": each.node,
            "verdict": each.verdict,
            "seconds": each.seconds,
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
        "nodes": nodes,
    }


def show(explanations: Sequence[Explanation]) -> None:
    """Print the explanations for people."""
    width = min(_WIDEST, max((len(each.task) for each in explanations), default=0))
    for each in explanations:
        seconds = "" if each.seconds is None else f"{each.seconds:.2f} s"
        head = f"{each.task:<{width}}  {_SHOWN[each.verdict]:<10}  {seconds:>9}  "
        for reason in each.reasons:
            print_line(head + reason.message)
            head = " " * len(head)
    print_line(_summary(explanations))


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
