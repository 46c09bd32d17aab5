"""What an installed LLVM and MLIR say of themselves: less than a source tree does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import llvm_facts
from mlir_release.source.facts import SETTING, Facts, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.sdk.prefix import Prefix

# What CMake writes into export files (cmake-generator-expressions(7): a $ is escaped there).
_TARGET = re.compile(r"^add_(library|executable)\((\S+)", re.MULTILINE)
_EXPRESSION = re.compile(r"\$<([A-Z_0-9]+)")
# Names of an installation, or of the version; and lists of targets, which are compared as such.
_NOT_SETTINGS = re.compile(r"LLVM_(?:PACKAGE_|TOOLS_)?VERSION\w*|\w+_EXPORTED_TARGETS|LLVM_AVAILABLE_LIBS")
# A project of its own, which distributions build along; and a library whose name depends on the system.
_NOT_IN_TREES = re.compile(r"(?:LLVM)?Polly\w*|LTO")


def of_prefix(prefix: Prefix) -> Facts:
    """The facts of an installed MLIR, from its CMake packages."""
    folder = prefix.library_dir / "cmake"
    exports = "".join(_texts(folder, ("llvm/LLVMExports.cmake", "mlir/MLIRTargets.cmake")))
    settings = _settings("".join(_texts(folder, ("llvm/LLVMConfig.cmake", "mlir/MLIRConfig.cmake"))))
    targets = _TARGET.findall(exports)
    found = {
        Kind.TOOLS: {name: "" for kind, name in targets if kind == "executable"},
        Kind.TARGETS: {
            name: "" for kind, name in targets if kind == "library" and not _NOT_IN_TREES.fullmatch(name)
        },
        Kind.SETTINGS: settings,
        Kind.EXPRESSIONS: dict.fromkeys(_EXPRESSION.findall(exports), ""),
    }
    unread = []
    detect = "mlir/MLIRDetectPythonEnv.cmake"
    try:
        lowest = llvm_facts.lowest_python_in("".join(_texts(folder, (detect,))), detect)
        found[Kind.PYTHON] = {"Python": lowest}
    except llvm_facts.UnknownForm as error:
        unread.append(f"{Kind.PYTHON}: {error}")
    return Facts(version=prefix.version, complete=False, found=found, unread=tuple(unread))


def _texts(folder: Path, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if (folder / name).is_file():
            yield (folder / name).read_text(encoding="utf-8", errors="replace")


def _settings(text: str) -> dict[str, str]:
    """What was chosen when it was built, without what names a folder of that machine."""
    return {
        name: value
        for name, value in SETTING.findall(text)
        if not _NOT_SETTINGS.fullmatch(name) and "/" not in value and "$" not in value
    }
