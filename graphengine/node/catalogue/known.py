"""The packs of an engine that loads none: their catalogue, and whether those who call nodes have the same."""

import logging
import threading
from functools import cached_property

from graphengine.errors import PacksChanged
from graphengine.node.catalogue.loader import Catalogue, Loader

_LOG = logging.getLogger(__name__)


class KnownPacks:
    """What is known of packs; from any thread."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.Lock()
        self._strange: set[str] = set()  # the digests of other catalogues, which those who call nodes have

    @property
    def catalogue(self) -> Catalogue:
        """What the packs bring; whoever asks first waits until it is found out, and so do all others.

        Raises:
            PackError: a pack that is named is not there, or nothing can be loaded.
        """
        with self._lock:
            return self._catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        return self._loader.load()

    def met(self, digest: str) -> None:
        """Take note of the catalogue that somebody has who calls nodes."""
        if digest != self.catalogue.digest and digest not in self._strange:
            self._strange.add(digest)
            _LOG.warning("the packs have changed since they were loaded; what calls them knows others")

    def check(self) -> None:
        """Refuse to go on with a catalogue that was kept and is not true any more.

        Raises:
            PacksChanged: it is not; the next loader makes another.
        """
        if self._strange and self.catalogue.kept:
            self._loader.forget()
            raise PacksChanged("the packs are not what they were when they were loaded last")

    def give_up(self) -> None:
        """End the loading, if it goes on."""
        self._loader.close()
