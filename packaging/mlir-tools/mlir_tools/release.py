"""What these programs were made from.

``python -m mlir_tools.release`` prints it as JSON. The same facts are
attributes of this module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, Optional


class Patch(NamedTuple):
    """A change that was made to the LLVM source: the file's name and its sha256."""

    name: str
    sha256: str


_RELEASE: dict[str, Any] = json.loads(Path(__file__).with_name("release.json").read_text(encoding="utf-8"))

version: str = _RELEASE["version"]
"""The version of the wheel (PEP 440)."""
tag: Optional[str] = _RELEASE["tag"]  # noqa: UP045 -- Python 3.9
"""The tag that it was released under; None for an untagged build."""
llvm_version: str = _RELEASE["llvm_version"]
"""The version of LLVM and MLIR."""
llvm_commit: Optional[str] = _RELEASE["llvm_commit"]  # noqa: UP045
"""The llvm-project commit, 40 hexadecimal digits; None if the builder did not say."""
llvm_ref: Optional[str] = _RELEASE["llvm_ref"]  # noqa: UP045
"""The upstream tag or branch of that commit, if it has a name."""
source: str = _RELEASE["source"]
"""How the builder came by the source: checkout, git, or archive with its name; or unknown."""
patches: tuple[Patch, ...] = tuple(Patch(**patch) for patch in _RELEASE["patches"])
"""The patches that were applied to it."""
sdk_provider: str = _RELEASE["sdk_provider"]
"""Where LLVM and MLIR came from: build, wheel, system or unknown."""
local_use_only: bool = sdk_provider != "build"
"""Whether this wheel is for the machine that made it, not for publishing."""
compiler: str = _RELEASE["compiler"]
"""The C++ compiler of the programs, with its version."""


def as_dict() -> dict[str, Any]:
    """All facts, as JSON values."""
    return {**_RELEASE, "local_use_only": local_use_only}


if __name__ == "__main__":
    print(json.dumps(as_dict(), indent=2))
