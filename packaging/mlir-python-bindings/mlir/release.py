"""What this build of MLIR's Python bindings was made from.

``python -m mlir.release`` prints it, with ``--json`` as JSON. The same facts
are attributes of this module.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple, Optional

_PACKAGE = Path(__file__).resolve().parent


class Patch(NamedTuple):
    """A change that was made to the LLVM source: the file's name and its sha256."""

    name: str
    sha256: str


_RELEASE: dict[str, Any] = json.loads((_PACKAGE / "release.json").read_text(encoding="utf-8"))

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
findings: tuple[str, ...] = tuple(_RELEASE.get("findings", ()))
"""What was found wrong upstream while they were built, such as a name in a stub that nothing defines."""
sdk_provider: str = _RELEASE["sdk_provider"]
"""Where LLVM and MLIR came from: build, wheel, system or unknown."""
local_use_only: bool = sdk_provider != "build"
"""Whether this wheel is for the machine that made it, not for publishing."""
compiler: str = _RELEASE["compiler"]
"""The C++ compiler of the bindings, with its version."""
nanobind_version: str = _RELEASE["nanobind_version"]
"""The nanobind that the bindings were made with."""
nanobind_abi: str = _RELEASE["nanobind_abi"]
"""The version of nanobind's internals; extensions share types only if theirs is equal."""
nanobind_domain: str = _RELEASE["nanobind_domain"]
"""The nanobind domain; extensions share types only if theirs is equal."""


def get_include_dir() -> str:
    """The folder with the headers of the C API, for ``#include <mlir-c/IR.h>``."""
    return str(_PACKAGE / "_mlir_libs" / "include")


def get_lib_dir() -> str:
    """The folder with the C API library and the execution engine's runtime libraries."""
    return str(_PACKAGE / "_mlir_libs")


def as_dict() -> dict[str, Any]:
    """All facts, as JSON values, what matters most first."""
    first = ("version", "tag", "llvm_version", "llvm_commit", "llvm_ref", "patches")
    return {
        **{name: _RELEASE[name] for name in first},
        **_RELEASE,
        "findings": list(findings),
        "local_use_only": local_use_only,
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, dict):
        return f"{value['name']} (sha256 {value['sha256']})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def main() -> None:
    """Print the facts as text, or with ``--json`` as JSON."""
    parser = argparse.ArgumentParser(prog="python -m mlir.release", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if arguments.json:
        print(json.dumps(as_dict(), indent=2))
        return
    for name, value in as_dict().items():
        print(f"{name.replace('_', ' ') + ':':<18} {_text(value)}")


if __name__ == "__main__":
    main()
