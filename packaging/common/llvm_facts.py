"""Facts about an LLVM line that its source tree says itself.

Read by the release automation, and by the bindings' build, which runs in target interpreters. A form that is
not known raises ``UnknownForm``, which names the file.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_VERSION = PurePosixPath("cmake/Modules/LLVMVersion.cmake")
DETECT_PYTHON = PurePosixPath("mlir/cmake/modules/MLIRDetectPythonEnv.cmake")
_MLIR = PurePosixPath("mlir/CMakeLists.txt")
_REQUIREMENTS = PurePosixPath("mlir/python/requirements.txt")
_NUMBER = re.compile(r"set\(LLVM_VERSION_(MAJOR|MINOR|PATCH) (\d+)\)")
_LOWEST = re.compile(r"set\(MLIR_MINIMUM_PYTHON_VERSION (3\.\d+)\)")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*\s*(?:[<>=!~;].*)?")


class UnknownForm(ValueError):
    """A file of a source tree is missing, or has a form that is not known; the message names it."""


def numbers(tree: Path) -> str:
    """The numbers of the LLVM version of a tree (``22.1.8``); raises ``UnknownForm``."""
    found = dict(_NUMBER.findall(_text(tree, _VERSION)))
    if found.keys() != {"MAJOR", "MINOR", "PATCH"}:
        raise UnknownForm(f"{_VERSION} of {tree} does not say LLVM_VERSION_MAJOR, _MINOR and _PATCH")
    return ".".join((found["MAJOR"], found["MINOR"], found["PATCH"]))


def lowest_python(tree: Path) -> str:
    """The lowest Python that the bindings of a tree are built for (``3.10``); raises ``UnknownForm``."""
    return lowest_python_in(_text(tree, DETECT_PYTHON), f"{DETECT_PYTHON} of {tree}")


def lowest_python_in(text: str, where: str) -> str:
    """The same in the text of that file, which is installed, too; raises ``UnknownForm``."""
    found = _LOWEST.search(text)
    if found is None:
        raise UnknownForm(f"{where} does not set MLIR_MINIMUM_PYTHON_VERSION")
    return found[1]


def offers_abi3(tree: Path) -> bool:
    """Whether a tree has the option that builds with Python's stable ABI; raises ``UnknownForm``."""
    return "MLIR_ENABLE_PYTHON_STABLE_ABI" in _text(tree, _MLIR)


def requirements(tree: Path) -> list[str]:
    """The lines of a tree's requirements of the bindings (PEP 508), in their order, without comments.

    Raises:
        UnknownForm: there are none, or one is no requirement.
    """
    lines = (line.partition("#")[0].strip() for line in _text(tree, _REQUIREMENTS).splitlines())
    found = [line for line in lines if line]
    wrong = next((line for line in found if not _REQUIREMENT.fullmatch(line)), None)
    if wrong is not None or not found:
        raise UnknownForm(f"{_REQUIREMENTS} of {tree} has {wrong or 'no lines'}, which is no requirement")
    return found


def _text(tree: Path, name: PurePosixPath) -> str:
    try:
        return (tree / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UnknownForm(f"{tree} has no {name} that can be read") from None
