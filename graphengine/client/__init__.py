"""The service from Python: jobs are submitted, followed and fetched, whatever happens to the connection."""

from graphengine.client.client import Client
from graphengine.client.documents import Saved
from graphengine.client.errors import Disconnected, JobEnded, Refused
from graphengine.client.subscription import Update
from graphengine.client.sync import SyncClient

__all__ = ["Client", "Disconnected", "JobEnded", "Refused", "Saved", "SyncClient", "Update"]
