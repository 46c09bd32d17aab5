"""Repair: make a raw wheel self-contained and rightly tagged for its platform, with an SBOM, and prove it."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, Protocol

import psutil
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlir_release import inventory, sbom
from mlir_release import store as stores
from mlir_release.errors import UserError
from mlir_release.repair import abi3, macos, wheel_files, windows
from mlir_release.series import of_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlir_release.distributions import Distribution
    from mlir_release.store import Store

__all__ = [
    "Repairer",
    "ensure_small",
    "is_for_this_machine",
    "of_kind",
    "repair",
    "same_kind",
    "stow",
]


class Repairer(Protocol):
    """What each platform brings."""

    def tool(self) -> str:
        """The tool and its version; another one may give another wheel.

        Raises:
            MissingTool: it does not work on this machine, for want of a program.
        """

    def repair(self, wheel: Path, *, library_dirs: Sequence[Path], output: Path, log: Path) -> None:
        """Write the repaired wheel into the folder ``output``, taking libraries from ``library_dirs``.

        Raises:
            CannotRepair, ToolFailed: the tool gave up.
        """

    def check(self, wheel: Path) -> None:
        """Raise ``BadWheel`` unless it is what a repaired wheel must be."""


# How the name of a wheel ends that is being copied, after the number of the process that does it.
_PART = ".part"
_NAME_PARTS = 5
# The family and version that a platform tag begins with (PEP 425, 600 and 656).
_VERSION = re.compile(r"^(?:many)?(musllinux|linux|macosx)(?:\d+|_\d+_\d+)?_")


def _linux() -> Repairer:
    from mlir_release.repair import linux  # noqa: PLC0415 -- auditwheel is there on Linux only

    return linux.Auditwheel()


# By the family that a platform tag begins with: a wheel says which system it is for, whatever this one is.
_REPAIRERS: dict[str, Callable[[], Repairer]] = {
    "linux": _linux,
    "manylinux": _linux,
    "musllinux": _linux,
    "macosx": macos.Delocate,
    "win": windows.Delvewheel,
}


def repair(wheel: Path, *, library_dirs: Sequence[Path], store: Store) -> Path:
    """The repaired and checked form of a raw wheel, with its SBOM, in the store.

    Args:
        wheel: the raw wheel.
        library_dirs: where the libraries are that it links to.
        store: keeps the result: the same raw wheel is not repaired twice.

    Raises:
        ToolFailed, CannotRepair: the platform's tool cannot repair it.
        BadWheel: it did, and the result is not right; the wheel is kept beside its log.
        UserError: wheels of its platform cannot be repaired here, it is not what its RECORD says, or does not
            say what an SBOM needs.
        Changed: the one that is kept was changed since.
    """
    repairer = _repairer(wheel.name)
    parts = {
        "raw": stores.file_sha256(wheel),
        "name": wheel.name,
        "tool": repairer.tool(),
        "sbom": sbom.tool(),
    }
    _ensure_whole(wheel)

    def make(work: Path) -> None:
        log = store.log_file(f"repair-{'-'.join(_kind(wheel.name))}")
        repairer.repair(wheel, library_dirs=library_dirs, output=work, log=log)
        (repaired,) = work.glob("*.whl")
        # The last change: what is checked now is what is tested and published.
        sbom.add(repaired)
        repairer.check(repaired)
        abi3.check(repaired, log)

    box = inventory.obtain(store, "repaired", parts, make)
    (repaired,) = box.path.glob("*.whl")
    return repaired


def _repairer(name: str) -> Repairer:
    """What repairs a wheel with this file name."""
    try:
        *_, tags = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise UserError(f"{name} is not called as a wheel is ({error})") from None
    families = {re.split(r"[\d_]", tag.platform)[0] for tag in tags}
    found = {_REPAIRERS.get(family) for family in families}
    make = found.pop()
    if make is None or found:
        raise UserError(f"{name} is for no one system that wheels are repaired for: Linux, macOS, Windows")
    try:
        return make()
    except ImportError as error:
        raise UserError(f"{name} cannot be repaired here: there is no {error.name}") from None


def _ensure_whole(wheel: Path) -> None:
    """A tool would write a new RECORD, and hide that a file is another one than was built."""
    problems = wheel_files.record_problems(wheel)
    if problems:
        raise UserError(f"{wheel} is not as it was built: {'; '.join(problems)}; build it again")


def is_for_this_machine(wheel: Path) -> bool:
    """Whether a repaired wheel is for systems like this one only, having the plain tag of Linux.

    Its symbols are then newer than those of any policy that auditwheel knows (PEP 600).
    """
    *_, tags = parse_wheel_filename(wheel.name)
    return any(tag.platform.startswith("linux_") for tag in tags)


def ensure_small(wheel: Path, distribution: Distribution) -> None:
    """Keep a repaired wheel that is too large out of a release.

    Raises:
        UserError: it is larger than its distribution says.
    """
    if large := distribution.too_large(wheel.stat().st_size):
        raise UserError(
            f"{wheel.name} is too large: {large}; nothing was put into"
            f" the wheelhouse: make it smaller, or raise max-megabytes in its pyproject.toml ({wheel})"
        )


def stow(wheel: Path, wheelhouse: Path) -> Path:
    """Copy a repaired wheel into the wheelhouse, in place of older ones of its kind.

    Raises:
        UserError: the wheelhouse cannot be written to, or has no room.
    """
    stores.ensure_writable(wheelhouse)
    place = wheelhouse / wheel.name
    if not place.exists() or stores.file_sha256(place) != stores.file_sha256(wheel):
        stores.ensure_room(wheelhouse, wheel.stat().st_size, "a wheel")
        _remove_parts(wheelhouse)
        part = place.with_name(f".{place.name}.{os.getpid()}{_PART}")
        shutil.copyfile(wheel, part)
        part.replace(place)
    for older in same_kind(wheel.name, wheelhouse):
        if older != place:
            older.unlink(missing_ok=True)
    return place


def _remove_parts(wheelhouse: Path) -> None:
    """Remove what stopped sessions left half-copied; a session that is running keeps its own."""
    for part in wheelhouse.glob(f".*{_PART}"):
        session = part.name.removesuffix(_PART).rpartition(".")[2]
        if not session.isdecimal() or not psutil.pid_exists(int(session)):
            part.unlink(missing_ok=True)


def same_kind(name: str, wheelhouse: Path) -> list[Path]:
    """The wheels of the same distribution, for the same interpreters and system, as the wheel ``name``."""
    return of_kind(*_kind(name), wheelhouse)


def of_kind(distribution: str, python: str, platform: str, wheelhouse: Path) -> list[Path]:
    """The wheels of a distribution, by its name in wheels, for an interpreter and a system.

    Args:
        distribution: ``mlir_sdk``.
        python: ``cp313``, ``cp312-abi3`` or ``py3``.
        platform: a platform tag of the system, of whatever version.
        wheelhouse: where to look.
    """
    wheels = (path for path in wheelhouse.glob("*.whl") if path.name.count("-") + 1 >= _NAME_PARTS)
    wanted = (distribution, python, _system(platform))
    return sorted(path for path in wheels if _kind(path.name) == wanted)


def _kind(name: str) -> tuple[str, str, str]:
    """Distribution, interpreter and system in the name of a wheel (PEP 427; free-threaded: PEP 703)."""
    distribution, _, *_, python, abi, platform = name.removesuffix(".whl").split("-")
    return distribution, of_wheel(python, abi), _system(platform)


def _system(platform: str) -> str:
    """What a platform tag says of a system beside its version: ``linux_x86_64`` is manylinux, too."""
    return _VERSION.sub(r"\1_", platform.partition(".")[0])
