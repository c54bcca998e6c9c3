"""``python -m graphengine``: the same as the ``graphengine`` command."""

from graphengine.cli.main import start

start()
