"""An order in which every node comes after what it takes from, and otherwise as the document has it."""

from collections.abc import Iterator, Mapping, Sequence


def sources_first(sources: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield every name after those it takes from; in a cycle, somewhere.

    Args:
        sources: what each takes from. A name that is not a key itself is passed over.
    """
    begun: set[str] = set()
    for name in sources:
        if name in begun:
            continue
        begun.add(name)
        stack = [(name, iter(sources[name]))]  # no recursion: a chain may be ten thousand long
        while stack:
            current, rest = stack[-1]
            following = next((each for each in rest if each not in begun and each in sources), None)
            if following is None:
                stack.pop()
                yield current
            else:
                begun.add(following)
                stack.append((following, iter(sources[following])))
