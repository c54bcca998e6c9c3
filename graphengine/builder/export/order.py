"""In which order nodes are written: each after those it takes from, else as the document has them."""

import heapq
from collections import defaultdict
from collections.abc import Mapping

from graphengine.workflow.document import Node, source_of


def written_order(nodes: Mapping[str, Node]) -> list[str]:
    """Return the names of nodes so that each comes after those it takes from; of a cycle, one goes first."""
    place = {name: index for index, name in enumerate(nodes)}
    names = list(nodes)
    takers = defaultdict(list)
    waits = dict.fromkeys(nodes, 0)
    for name, node in nodes.items():
        sources = (source_of(value) for value in node.inputs.values())
        for source in {each.node for each in sources if each is not None and each.node in nodes}:
            takers[source].append(name)
            waits[name] += 1
    ready = [place[name] for name, count in waits.items() if not count]
    order: dict[str, None] = {}
    for left in (None, *names):
        if left is not None and left not in order:  # all that are left wait for each other
            ready = [place[left]]
        while ready:
            name = names[heapq.heappop(ready)]
            order[name] = None
            for taker in takers[name]:
                waits[taker] -= 1
                if not waits[taker] and taker not in order:
                    heapq.heappush(ready, place[taker])
    return list(order)
