"""What a run is called, and what makes its results."""

import uuid

from graphengine.node.context import RunInfo
from graphengine.plan.lock import Surroundings, lock_of, pins_of
from graphengine.plan.plan import Plan
from graphengine.workflow.document import Workflow


def run_info(workflow: Workflow, plan: Plan, surroundings: Surroundings) -> RunInfo:
    """Return what the calls of a run of a plan may know of it; the document says what its models contain."""
    lock = lock_of(plan, surroundings)
    pins = pins_of(lock, surroundings.own)
    document = workflow.model_copy(update={"models": {**workflow.models, **pins}}) if pins else workflow
    return RunInfo(uuid.uuid4().hex, workflow.title, document.to_json(), lock)
