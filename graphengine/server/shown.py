"""What the service has, as clients see it."""

from dataclasses import asdict

from graphengine.server.views import JobFailure, JobView
from graphengine.service.job import Job


def job_view(job: Job) -> JobView:
    """Return a job as clients see it; it is ours already, so that a page of jobs is not proven again."""
    shown = {name: getattr(job, name) for name in JobView.model_fields}
    shown["failure"] = None if job.failure is None else JobFailure(**asdict(job.failure))
    shown["targets"] = None if job.targets is None else list(job.targets)
    shown["tags"] = list(job.tags)
    return JobView.model_construct(**shown)
