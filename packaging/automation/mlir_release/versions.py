"""The versions that wheels carry (PEP 440)."""

from __future__ import annotations

import re

_COMMIT_DIGITS = 9
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def release(llvm_version: str) -> str:
    """The numbers of an LLVM version: ``23.1.0`` of ``23.1.0git``, ``23.1.0rc1`` or ``23.1.0-rc1``.

    Whoever distributes LLVM may append anything (``LLVM_VERSION_SUFFIX``), also what PEP 440 does not know.
    """
    numbers = _NUMBERS.match(llvm_version)
    assert numbers, llvm_version
    return numbers[0]


def untagged(llvm_version: str, commit: str | None) -> str:
    """The version of a build that no tag stands for.

    Args:
        llvm_version: as the source says it: ``22.1.8``, ``23.0.0git``, ``22.1.0-rc2``.
        commit: the llvm-project commit; None when the source is a checkout that is not git's.

    Returns:
        ``22.1.8.dev0+gca7933e47``: a local version, which no package index takes.
    """
    return f"{release(llvm_version)}.dev0+{f'g{commit[:_COMMIT_DIGITS]}' if commit else 'local'}"
