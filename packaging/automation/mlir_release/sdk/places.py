"""Where people have an MLIR."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

# Homebrew's folders on Apple silicon, on Intel and on Linux (docs.brew.sh, Installation).
_HOMEBREW = ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder where an MLIR may be, and by what it was found.

    ``promised``: somebody said that there is one.
    """

    path: Path
    found_by: str
    promised: bool = False


def places(major: int) -> Iterator[Place]:
    """The folders to look in for an MLIR of this major version, most specific first."""
    for variable in ("MLIR_DIR", "LLVM_DIR", "CMAKE_PREFIX_PATH"):
        for entry in filter(None, os.environ.get(variable, "").split(os.pathsep)):
            promised = variable == "MLIR_DIR"
            yield Place(path=Path(entry), found_by=f"named by {variable}", promised=promised)
    for program in (f"llvm-config-{major}", "llvm-config"):
        yield from _from_llvm_config(program)
    yield Place(path=Path(f"/usr/lib/llvm-{major}"), found_by="Debian's place for it")
    roots = dict.fromkeys(filter(None, (os.environ.get("HOMEBREW_PREFIX"), *_HOMEBREW)))
    for name in (f"llvm@{major}", "llvm"):
        for root in roots:
            yield Place(path=Path(root, "opt", name), found_by="Homebrew's place for it")


def _from_llvm_config(program: str) -> Iterator[Place]:
    if shutil.which(program) is None:
        return
    answer = run([program, "--prefix"], check=False, quiet=True)
    if answer.status == 0 and answer.output.strip():
        yield Place(path=Path(answer.output.strip()), found_by=f"{program} on PATH")


def where(major: int) -> str:
    """The same in words, for whoever looks in vain."""
    return (
        f"looked at MLIR_DIR, LLVM_DIR, CMAKE_PREFIX_PATH, llvm-config-{major} and llvm-config on PATH,"
        f" /usr/lib/llvm-{major} and Homebrew"
    )
