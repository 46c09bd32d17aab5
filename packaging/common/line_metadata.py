"""What a wheel of the bindings says of the Pythons that it is for, as the source that is built says it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llvm_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

_PYTHON = re.compile(r"Programming Language :: Python :: 3\.(\d+)")


def dynamic_metadata(settings: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Say which Pythons serve, when scikit-build-core asks for it (the dynamic-metadata interface).

    Args:
        settings: ``classifiers``, of which those of Pythons below the tree's lowest are left out.
        project: the static metadata.

    Raises:
        ValueError: LLVM_PROJECT_SOURCE names no tree that says what is needed.
    """
    lowest = llvm_facts.lowest_python(Path(os.environ.get("LLVM_PROJECT_SOURCE", "")))
    return {
        "requires-python": f">={lowest}",
        "classifiers": [it for it in settings["classifiers"] if _is_served(it, int(lowest.split(".")[1]))],
    }


def _is_served(classifier: str, lowest: int) -> bool:
    python = _PYTHON.fullmatch(classifier)
    return python is None or int(python[1]) >= lowest
