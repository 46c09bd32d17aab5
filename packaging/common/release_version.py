"""The version of a wheel: the release's, or one that no package index takes.

A release says its version in ``MLIR_RELEASE_VERSION``. Without it, it is the
LLVM version of the source that is built, as a local version (PEP 440).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dynamic_metadata(settings: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG001
    """Say the version, when scikit-build-core asks for it (the dynamic-metadata interface).

    Raises:
        ValueError: neither variable of the environment says which version this is.
    """
    return {"version": os.environ.get("MLIR_RELEASE_VERSION") or _local_version()}


def _local_version() -> str:
    source = Path(os.environ.get("LLVM_PROJECT_SOURCE", ""), "cmake", "Modules", "LLVMVersion.cmake")
    text = source.read_text(encoding="utf-8") if source.is_file() else ""
    numbers = dict(re.findall(r"set\(LLVM_VERSION_(MAJOR|MINOR|PATCH) (\d+)\)", text))
    if len(numbers) != 3:  # noqa: PLR2004 -- as many as the expression asks for
        message = "set LLVM_PROJECT_SOURCE to the llvm-project tree that is built, or MLIR_RELEASE_VERSION"
        raise ValueError(message)
    return f"{numbers['MAJOR']}.{numbers['MINOR']}.{numbers['PATCH']}.dev0+local"
