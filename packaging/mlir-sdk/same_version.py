"""The requirement of the other half: LLVM of exactly this version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dynamic_metadata(settings: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, list[str]]:  # noqa: ARG001
    """Say the dependencies, once the version is known (the dynamic-metadata interface)."""
    return {"dependencies": [f"llvm-sdk=={project['version']}"]}
