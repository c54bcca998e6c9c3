"""Models as clients see them, a page at a time."""

from datetime import UTC, datetime

from graphengine.models.listing import Model, Models
from graphengine.server.views import ModelFaultView, ModelsView, ModelView


def page_of(models: Models, limit: int, after: str) -> ModelsView:
    """Return some models, those whose names come after one. It reads headers: call it in a thread."""
    found = [each for each in models.all() if each.found.reference > after]
    rest = len(found) > limit
    return ModelsView(
        models=[view(each) for each in found[:limit]], after=found[limit - 1].found.reference if rest else None
    )


def view(model: Model) -> ModelView:
    """Return a model as clients see it."""
    found, facts, nature = model.found, model.facts, model.facts.nature
    problem = facts.problem
    return ModelView(
        name=found.reference,
        id=model.id,
        kind=found.kind,
        bytes=found.nbytes,
        changed=datetime.fromtimestamp(found.changed / 1e9, UTC),
        role=nature.role,
        family=nature.family,
        variant=nature.variant,
        title=nature.title,
        loads=nature.loads and problem is None,
        numbers=facts.numbers,
        formats=dict(facts.formats),
        digest=model.digest,
        preview=None if model.preview is None else f"/api/models/{model.id}/preview",
        problem=None
        if problem is None
        else ModelFaultView(code=problem.code, message=problem.message, hint=problem.hint),
    )
