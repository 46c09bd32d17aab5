"""What of an installed LLVM and MLIR belongs into the SDK's wheels, by named rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable

# Programs that downstream CMake files name as targets: the generators, what compiles against an
# LLVM asks for its flags, and what lit suites depend on. All others are in mlir-tools, or in none.
PROGRAMS = {
    "llvm": ("llvm-tblgen", "llvm-config", "FileCheck", "count", "not", "split-file"),
    "mlir": (
        "mlir-tblgen",
        "mlir-pdll",
        "mlir-linalg-ods-yaml-gen",
        "mlir-src-sharder",
        "mlir-irdl-to-cpp",
        "tblgen-to-irdl",
    ),
}
# Shared libraries that hold what the static ones hold. Targets that link to them stay; they get
# the static libraries instead.
AGGREGATES = ("LLVM", "MLIR")
# The property that names a C API library's target of object files.
OBJECT_LIBRARY = "MLIR_AGGREGATE_OBJECT_LIB_IMPORTED"
NOT_INSTALLED = "not installed"
_BY_NAME = (
    (re.compile(r"(MLIR|LLVM)\w*Test\w*|llvm_gtest\w*"), "a library of tests"),
    (re.compile(r"MLIRMlirOptMain"), "the main function of mlir-opt, which registers the test passes"),
    # Of llvm/tools and bolt, and plugins; what is in llvm/lib stays.
    (
        re.compile(r"LLVM(BOLT|Exegesis|CFIVerify|Diff|OptDriver|LlcDriver|Polly|gold)\w*|LTO|Remarks"),
        "a library of LLVM's own programs",
    ),
    (re.compile(r"MLIRPython.*"), "sources of the Python bindings, which come from the source tree"),
)


@dataclass(frozen=True)
class Target:
    """An imported target: its kind, what it links to, its files (relative to the prefix), its properties.

    ``file`` is the export file that declares it.
    """

    name: str
    kind: str
    links: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    file: str = ""


# Answers a question about a file of the prefix, by its relative path.
Question = Callable[[str], bool]


def why_left_out(target: Target, package: str, *, exists: Question, self_contained: Question) -> str | None:
    """The reason why a target is not shipped; None if it is.

    Args:
        target: the target.
        package: ``llvm`` or ``mlir``.
        exists: whether a file is there.
        self_contained: whether a shared library runs without the prefix's shared LLVM and MLIR.
    """
    if target.kind == "EXECUTABLE":
        return None if target.name in PROGRAMS[package] else "a program that is not for building with"
    for names, reason in _BY_NAME:
        if names.fullmatch(target.name):
            return reason
    if not all(map(exists, target.files)):
        return NOT_INSTALLED
    if target.kind in {"SHARED", "MODULE"} and not all(map(self_contained, target.files)):
        return "linked to the prefix's shared LLVM or MLIR"
    return None


def is_external(item: str) -> bool:
    """Whether a link item is a library of the system, or the target of another package."""
    return "::" in item or re.fullmatch(r"-?[a-z][a-z0-9_+.-]*", item) is not None
