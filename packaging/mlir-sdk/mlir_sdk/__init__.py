"""MLIR for building against: where its headers, static libraries and CMake package are.

A project that lists ``mlir-sdk`` in ``build-system.requires`` and is built by scikit-build-core
needs none of this: ``find_package(MLIR REQUIRED CONFIG)`` finds it. Others ask here, or on the
command line: ``python -m mlir_sdk --cmake-dir``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path
from typing import Any, Callable

__all__ = [
    "NANOBIND_DOMAIN",
    "SdkError",
    "cmake_dir",
    "describe",
    "llvm_cmake_dir",
    "llvm_prefix",
    "prefix",
    "release",
    "version",
]

NANOBIND_DOMAIN = "mlir_python_bindings"
"""The nanobind domain of the package ``mlir`` that is released with this SDK.

Extensions share nanobind types only within one domain: a project whose extensions take and give
objects of that package is built with this one (``MLIR_BINDINGS_PYTHON_NB_DOMAIN``); one that brings
bindings of its own under another name takes another domain.
"""

_PREFIX = Path(__file__).resolve().parent
_AGAIN = "install mlir-sdk again, from where it came"


class SdkError(Exception):
    """The SDK is not installed as it should be; the message is one line that says what to do."""


def prefix() -> Path:
    """The folder with MLIR's ``include``, ``lib``, ``bin`` and ``src`` (the sources of its bindings)."""
    return _PREFIX


def cmake_dir() -> Path:
    """The folder for ``-DMLIR_DIR=``; LLVM's package is found from there.

    Raises:
        SdkError: MLIR's CMake package, or LLVM of the same version, is not there.
    """
    config = _PREFIX / "lib" / "cmake" / "mlir" / "MLIRConfig.cmake"
    if not config.is_file():
        raise SdkError(f"{config} is missing; {_AGAIN}")
    llvm_cmake_dir()
    return config.parent


def llvm_prefix() -> Path:
    """The folder with LLVM's ``include``, ``lib`` and ``bin``, which the package ``llvm-sdk`` brings.

    Raises:
        SdkError: it is not installed, or is of another version.
    """
    path: Path = _llvm().prefix()
    return path


def llvm_cmake_dir() -> Path:
    """The folder for ``-DLLVM_DIR=``.

    Raises:
        SdkError: LLVM's CMake package is not there, or of another version.
    """
    llvm = _llvm()
    path: Path = _asked(llvm, llvm.cmake_dir)
    return path


def version() -> str:
    """The version of this package (PEP 440), which is also that of ``llvm-sdk``.

    Raises:
        SdkError: the file that says so is not there, or damaged.
    """
    return str(release()["version"])


def release() -> dict[str, Any]:
    """What MLIR was made from, as JSON values.

    Returns:
        ``version``, ``tag``, ``llvm_version``, ``llvm_commit``, ``llvm_ref``, ``patches``,
        ``sdk_provider``, ``source`` and ``compiler``.

    Raises:
        SdkError: the file that says so is not there, or damaged.
    """
    file = _PREFIX / "release.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not (isinstance(content, dict) and content.get("version")):
        raise SdkError(f"{file} is missing or damaged; {_AGAIN}")
    return content


def describe() -> dict[str, Any]:
    """All that a build may want to know, as JSON values.

    Returns:
        ``version``, the folders ``prefix``, ``cmake_dir``, ``llvm_prefix`` and ``llvm_cmake_dir``,
        ``nanobind_domain``, ``llvm`` (how LLVM was configured: ``targets``, ``rtti``, ``assertions``
        and more) and ``release``.

    Raises:
        SdkError: something of it is not there.
    """
    llvm = _llvm()
    return {
        "version": version(),
        "prefix": str(prefix()),
        "cmake_dir": str(cmake_dir()),
        "llvm_prefix": str(llvm_prefix()),
        "llvm_cmake_dir": str(llvm_cmake_dir()),
        "nanobind_domain": NANOBIND_DOMAIN,
        "llvm": _asked(llvm, llvm.configuration),
        "release": release(),
    }


def _llvm() -> Any:
    """The module ``llvm_sdk``, of the same version; imported late, so that this module always imports."""
    wanted = version()
    llvm_sdk: Any = None
    with contextlib.suppress(ModuleNotFoundError):
        llvm_sdk = importlib.import_module("llvm_sdk")
    # A folder without the module's code can be imported, too.
    if not hasattr(llvm_sdk, "SdkError"):
        raise SdkError(
            f"LLVM's part of the SDK is not installed: install llvm-sdk=={wanted}, from where mlir-sdk came"
        )
    found = _asked(llvm_sdk, llvm_sdk.release).get("version")
    if found != wanted:
        advice = f"install llvm-sdk=={wanted}, from where mlir-sdk came"
        raise SdkError(f"mlir-sdk is {wanted}, but llvm-sdk is {found}: {advice}")
    return llvm_sdk


def _asked(llvm_sdk: Any, question: Callable[[], Any]) -> Any:
    """What ``llvm_sdk`` answers; its error becomes ours."""
    try:
        return question()
    except llvm_sdk.SdkError as error:
        raise SdkError(str(error)) from None
