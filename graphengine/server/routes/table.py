"""Every route there is. A new resource is a file beside this one, and a line here."""

from typing import Final

from graphengine.server.routes import (
    assets,
    carried,
    catalogue,
    editor,
    health,
    hooks,
    jobs,
    login,
    models,
    plan,
    queue,
    ratings,
    schedules,
    stream,
    webhooks,
    workflows,
)
from graphengine.server.routing import Route

ROUTES: Final[tuple[Route, ...]] = (
    *jobs.ROUTES,
    *queue.ROUTES,
    *stream.ROUTES,
    *plan.ROUTES,
    *schedules.ROUTES,
    *hooks.ROUTES,
    *webhooks.ROUTES,
    *ratings.ROUTES,
    *workflows.ROUTES,
    *assets.ROUTES,
    *carried.ROUTES,
    *models.ROUTES,
    *catalogue.ROUTES,
    *health.ROUTES,
    *login.ROUTES,
    *editor.ROUTES,
)
