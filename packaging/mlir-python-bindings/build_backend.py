"""The build backend: scikit-build-core's, which under cibuildwheel is told what the automation wrote down.

cibuildwheel starts the build itself, and its configuration cannot name what is known only then: the
compiler, the SDK, the source. ``cibuildwheel_step.py`` has that written down before each build.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from scikit_build_core import build as _scikit
from scikit_build_core.build import *  # noqa: F403 -- PEP 517's hooks, all that it has

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import llvm_facts
import llvm_lines

# As in cibuildwheel_step.py; the form is that of mlir_release.distributions.hand_over.
_TOLD = Path(__file__).resolve().parents[1] / ".cibuildwheel" / "build.json"


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What the build needs besides (PEP 517)."""
    return [*_scikit.get_requires_for_build_wheel(_told(config_settings)), _nanobind()]


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Write the wheel's metadata (PEP 517)."""
    return str(_scikit.prepare_metadata_for_build_wheel(metadata_directory, _told(config_settings)))


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel (PEP 517)."""
    return str(_scikit.build_wheel(wheel_directory, _told(config_settings), metadata_directory))


def _nanobind() -> str:
    """The nanobind of the line that is built; of the newest, where its source is not known yet."""
    source, lines = os.environ.get("LLVM_PROJECT_SOURCE"), llvm_lines.read()
    version = llvm_facts.numbers(Path(source)) if source else f"{max(lines)}"
    return f"nanobind=={llvm_lines.line_of(version, lines).nanobind}"


def _told(settings: dict[str, Any] | None) -> dict[str, Any]:
    """The settings of a build, whose variables are set now; those of its caller come first."""
    if "CIBUILDWHEEL" not in os.environ or not _TOLD.is_file():
        return settings or {}
    told = json.loads(_TOLD.read_text(encoding="utf-8"))
    for name, value in told["variables"].items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    return {**told["settings"], **(settings or {})}
