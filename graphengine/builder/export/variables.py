"""What the variables of the code are called: after nodes and inputs, as far as names are free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphengine.builder.export.functions import result_words
from graphengine.builder.export.identifiers import Identifiers, identifier
from graphengine.builder.export.shape import Shape
from graphengine.workflow.document import Workflow


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of one part.

    Attributes:
        scope: of the workflow or subgraph itself.
        nodes: by node, for those whose results are taken.
        inputs: by named input, for those that are handed to nodes.
        subgraphs: by subgraph.
    """

    scope: str
    nodes: Mapping[str, str]
    inputs: Mapping[str, str]
    subgraphs: Mapping[str, str]


def variables_of(
    workflow: Workflow, shape: Shape, inner: Mapping[str, Shape], identifiers: Identifiers
) -> tuple[Variables, Mapping[str, Variables]]:
    """Return the variables of a workflow, and those of each of its subgraphs; no two are called the same."""
    subgraphs = {name: identifiers.take(_words(name, ["subgraph"])) for name in workflow.subgraphs}
    own = _variables("wf", shape, subgraphs, identifiers)
    return own, {name: _variables(subgraphs[name], each, subgraphs, identifiers) for name, each in inner.items()}


def _variables(scope: str, shape: Shape, subgraphs: Mapping[str, str], identifiers: Identifiers) -> Variables:
    wanted = {
        ("node", name): _words(name, [*_results(shape, name), "result"]) for name in shape.order if name in shape.used
    }
    wanted |= {("input", name): _words(name, ["input"]) for name in shape.entries.defaults}
    found = {key: identifiers.take(words[:1]) for key, words in wanted.items() if identifiers.is_free(words[0])}
    found |= {key: identifiers.take(words) for key, words in wanted.items() if key not in found}
    by_kind = {kind: {name: word for (k, name), word in found.items() if k == kind} for kind in ("node", "input")}
    return Variables(scope, by_kind["node"], by_kind["input"], subgraphs)


def _words(name: str, others: Iterable[str]) -> list[str]:
    """Return what a variable may be called, best first: ``decode``, ``image``, ``decode_image``, ``decode_result``."""
    own = identifier(name)
    *results, kind = others
    return [own, *results, *(identifier(f"{own[:20]}_{each}") for each in (*results, kind) if each != own)]


def _results(shape: Shape, name: str) -> Iterable[str]:
    if name in shape.specs:
        return result_words(shape.specs[name])
    return ()
