"""MLIR as Debian and Ubuntu package it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import apt, log
from mlir_release.store import ensure_room

if TYPE_CHECKING:
    from mlir_release.sdk.prefix import Prefix
    from mlir_release.store import Store

# LLVMExports.cmake names ZLIB::ZLIB and zstd::libzstd_shared, but llvm-N-dev depends on neither.
_BESIDES = ("zlib1g-dev", "libzstd-dev")
# 1.4 GB for LLVM 22, unpacked, and its archives.
_NEEDED_BYTES = 2_000_000_000


def major(version: str) -> int:
    """``22`` of ``22.1.8``: the part of a version that package names carry."""
    return int(version.partition(".")[0])


def _llvm_packages(version: str) -> tuple[str, ...]:
    n = major(version)
    return (f"libmlir-{n}-dev", f"mlir-{n}-tools", f"llvm-{n}-dev", f"llvm-{n}-tools")


def packages(version: str) -> tuple[str, ...]:
    """The names of all packages that an SDK of this LLVM version consists of."""
    return (*_llvm_packages(version), *_BESIDES)


def owns(prefix: Prefix) -> bool:
    """Whether a prefix is that of the distribution's packages."""
    return apt.owner(prefix.config) == f"libmlir-{major(prefix.version)}-dev"


def missing_beside(version: str) -> list[str]:
    """Those packages that are not installed, or not in the version of the installed ``libmlir-N-dev``.

    A package of a snapshot calls itself otherwise (``24~++20261025…``) than its files do (24.0.0).
    """
    return _missing(version, apt.installed(f"libmlir-{major(version)}-dev"))


def missing(version: str) -> list[str]:
    """Those packages that are not installed, or not in this version."""
    return _missing(version, version)


def _missing(version: str, expected: str | None) -> list[str]:
    wrong = [package for package in _llvm_packages(version) if apt.installed(package) != expected]
    return wrong + [package for package in _BESIDES if apt.installed(package) is None]


def installable(version: str) -> list[str]:
    """What is missing, if the distribution has it in exactly this version; nothing otherwise."""
    wanted = missing(version)
    # All of LLVM's packages come from one source package: they have one version.
    needs_llvm = any(package not in _BESIDES for package in wanted)
    if needs_llvm and apt.candidate(f"libmlir-{major(version)}-dev") != version:
        return []
    return wanted


def install(version: str, store: Store) -> bool:
    """Install what is missing of the packages of this version.

    Returns:
        Whether anything was; not, when we may not, or the distribution has another version.

    Raises:
        UserError: the disk is too small.
        ToolFailed: apt-get failed.
    """
    if not apt.can_install() or not missing(version):
        return False
    if not installable(version):
        apt.refresh()
    wanted = installable(version)
    if not wanted:
        return False
    ensure_room(Path("/usr"), _NEEDED_BYTES, f"installing MLIR {version}")
    log.say(f"   installing MLIR {version} from the distribution's packages")
    apt.install(wanted, store.log_file("apt-sdk"))
    return True
