"""A document as the Python that makes it: run, the code makes the same document again."""

from pydantic import JsonValue

from graphengine.builder.export.functions import Functions, aliases
from graphengine.builder.export.identifiers import Identifiers
from graphengine.builder.export.imports import Imports
from graphengine.builder.export.part import Part
from graphengine.builder.export.shape import Shape
from graphengine.builder.export.source import STEP, Text, laid_out, literal
from graphengine.builder.export.variables import variables_of
from graphengine.node.registry import Registry
from graphengine.workflow.document import Workflow


def python_code(workflow: Workflow, registry: Registry) -> str:
    """Return the Python code that makes a document, the variable ``wf`` at its end.

    Nodes whose functions can be imported are typed calls; all others are named by the id of their type. A document
    that is wrong about the world, with nodes or links that are not there, comes back as it is.
    """
    functions = Functions(registry)
    shape = Shape(workflow, workflow, registry, functions, workflow.subgraphs)
    inner: dict[str, Shape] = {}
    for name, subgraph in workflow.subgraphs.items():
        inner[name] = Shape(subgraph, workflow, registry, functions, inner)
    specs = {spec.id: spec for each in (shape, *inner.values()) for spec in each.specs.values()}
    identifiers = Identifiers()
    called = aliases(specs.values(), identifiers)
    own, others = variables_of(workflow, shape, inner, identifiers)

    whole = Part(shape, own, called, 0)
    parts = {name: Part(inner[name], others[name], called, STEP) for name in inner}
    code = whole.block("Workflow", first=[part.block("wf.subgraph", Text(name)) for name, part in parts.items()])
    imports = Imports()
    imports.add("graphengine.builder", "Workflow")
    if any("Seed(" in part.calls for part in (whole, *parts.values())):
        imports.add("graphengine.types.builtin", "Seed")
    for id_, spec in specs.items():
        imports.add(spec.function.__module__, spec.function.__name__, called[id_])
    return "\n".join([_docstring(workflow), "", *imports.lines(), "", code + _models(workflow)])


def _models(workflow: Workflow) -> str:
    """Return the line that says what the models contain, if the document does."""
    if not workflow.models:
        return ""
    pins: dict[str, JsonValue] = {
        name: pin.model_dump(mode="json", exclude_defaults=True) for name, pin in workflow.models.items()
    }
    head = "wf.models = "
    return f"{head}{laid_out(literal(pins), 0, len(head))}\n"


def _docstring(workflow: Workflow) -> str:
    title = workflow.title
    plain = 0 < len(title) <= 80 and title.isprintable() and not set(title) & set("\"\\'")
    return f'"""The workflow {title!r}."""' if plain else '"""A workflow."""'
