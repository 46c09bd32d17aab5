"""LLVM for building against: where its headers, static libraries and CMake package are.

``mlir-sdk`` is the rest of the SDK, and says all about it: ``python -m mlir_sdk``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["SdkError", "cmake_dir", "configuration", "prefix", "release"]

_PREFIX = Path(__file__).resolve().parent


class SdkError(Exception):
    """The SDK is not installed as it should be; the message is one line that says what to do."""


def prefix() -> Path:
    """The folder with LLVM's ``include``, ``lib`` and ``bin``."""
    return _PREFIX


def cmake_dir() -> Path:
    """The folder for ``-DLLVM_DIR=``.

    Raises:
        SdkError: LLVM's CMake package is not there.
    """
    return existing(_PREFIX / "lib" / "cmake" / "llvm" / "LLVMConfig.cmake", "llvm-sdk").parent


def configuration() -> dict[str, Any]:
    """How LLVM was configured, as JSON values.

    Returns:
        ``targets``, ``host_triple``, ``build_type``, and whether ``rtti``, ``assertions``, ``eh``
        (exceptions), ``pic``, ``zlib`` and ``zstd`` are on.

    Raises:
        SdkError: the file that says so is not there, or damaged.
    """
    return facts(_PREFIX / "configuration.json", "llvm-sdk")


def release() -> dict[str, Any]:
    """What LLVM was made from: version, tag, commit, patches, compiler and more, as JSON values.

    Raises:
        SdkError: the file that says so is not there, or damaged.
    """
    return facts(_PREFIX / "release.json", "llvm-sdk")


def existing(file: Path, distribution: str) -> Path:
    """The file, if it is there.

    Raises:
        SdkError: it is not.
    """
    if not file.is_file():
        raise _damaged(f"{file} is missing", distribution)
    return file


def facts(file: Path, distribution: str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        SdkError: it is not there, or holds none.
    """
    try:
        content = json.loads(existing(file, distribution).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(f"{file} cannot be read ({error})", distribution) from None
    if not isinstance(content, dict):
        raise _damaged(f"{file} is not what it was", distribution)
    return content


def _damaged(what: str, distribution: str) -> SdkError:
    return SdkError(f"{what}; install {distribution} again, from where it came")
