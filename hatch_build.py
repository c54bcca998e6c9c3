"""The build hook: a wheel carries the built editor, and an editable install builds it in place."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditorHook(BuildHookInterface):  # type: ignore[type-arg] - hatchling names its parameter only in its sources
    """Builds the editor before the package; where it cannot, the package is built without."""

    def dependencies(self) -> list[str]:
        """Return Node from PyPI, if the machine has none."""
        builder = self._builder()
        return [] if builder is None or builder.find_node() else [builder.WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the editor."""
        builder = self._builder()
        if builder is not None:
            builder.build()

    def _builder(self) -> ModuleType | None:
        path = Path(self.root) / "frontend" / "build.py"
        spec = importlib.util.spec_from_file_location("editor_build", path) if path.exists() else None
        if spec is None or spec.loader is None:
            return None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
