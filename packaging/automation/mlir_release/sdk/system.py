"""The provider ``system``: an MLIR that is installed, or that the machine can install."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import apt, log
from mlir_release.sdk import debian, prefix
from mlir_release.sdk.model import CannotServe, ProviderName, Sdk
from mlir_release.sdk.places import Place, places, where
from mlir_release.sdk.prefix import BadPrefix, NotMlir

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store


class _MissingPackages(BadPrefix):
    """The prefix is the distribution's, and not all of its packages are installed."""


@dataclass(frozen=True, kw_only=True)
class System:
    """An MLIR in ``prefix``, or, without one, wherever it is installed."""

    prefix: Path | None = None

    @property
    def name(self) -> ProviderName:
        """``system``."""
        return ProviderName.SYSTEM

    def find(self, *, version: str, store: Store) -> Sdk | None:  # noqa: ARG002 -- the interface
        """An installed MLIR of this version, if there is one."""
        try:
            return self.installed(version)
        except CannotServe:
            return None

    def obtain(self, *, version: str, store: Store) -> Sdk:
        """An installed MLIR of this version, after root had it installed or completed.

        Raises:
            CannotServe: there is none, or it does not fit.
            ToolFailed: apt-get failed.
        """
        try:
            return self.installed(version)
        except CannotServe as refusal:
            given = self.prefix is not None
            if given and not isinstance(refusal.__cause__, _MissingPackages):
                raise
            if not debian.install(version, store):
                raise
        return self.installed(version)

    def installed(self, version: str) -> Sdk:
        """An MLIR of this version that is installed already; nothing on the machine changes.

        Raises:
            CannotServe: there is none, or it does not fit.
        """
        if self.prefix is None:
            return _search(version)
        try:
            return _usable(Place(path=self.prefix, found_by="given by hand"), version)
        except BadPrefix as refusal:
            raise CannotServe(str(refusal), how_to_get(version)) from refusal


def _search(version: str) -> Sdk:
    """The first installed MLIR that fits; says what was passed over on the way."""
    refusals: dict[str, None] = {}
    for place in places(debian.major(version)):
        try:
            sdk = _usable(place, version)
        except BadPrefix as refusal:
            if place.promised or not isinstance(refusal, NotMlir):
                refusals[str(refusal)] = None
            continue
        for line in refusals:
            log.say(f"   passed over: {line}")
        return sdk
    reason = "; ".join(refusals) or f"no MLIR is installed: {where(debian.major(version))}"
    raise CannotServe(reason, how_to_get(version))


def _usable(place: Place, version: str) -> Sdk:
    """The MLIR in a place.

    Raises:
        BadPrefix: it cannot be built against.
    """
    found = prefix.read(place.path)
    if found.version != version:
        raise BadPrefix(f"the MLIR in {found.path} is {found.version}, and {version} is needed")
    if debian.owns(found) and (missing := debian.missing_beside(version)):
        raise _MissingPackages(f"the MLIR in {found.path} misses packages: {', '.join(missing)}")
    prefix.check_contents(found)
    return Sdk(
        provider=ProviderName.SYSTEM,
        made_by=ProviderName.SYSTEM,
        prefix=found.path,
        version=found.version,
        library_dir=found.library_dir,
        tools_dir=found.tools_dir,
        key=prefix.content(found),
        description=f"MLIR {found.version} in {found.path}, {place.found_by}",
    )


def how_to_get(version: str) -> str:
    """What the user can do to have an MLIR of this version in minutes."""
    major = debian.major(version)
    if apt.present() and (packages := debian.installable(version)):
        return f"{apt.command(packages)} brings it in minutes"
    if apt.present() and not debian.missing(version):
        return (
            f"the distribution's packages of MLIR {version} are installed: leave --sdk out to use them, or"
            f" repair them with {apt.command(['--reinstall', *debian.packages(version)])}"
        )
    if sys.platform == "darwin":
        return f"`brew install llvm@{major}` brings LLVM {major} in minutes"
    offered = apt.candidate(f"libmlir-{major}-dev")
    other = f"this distribution offers {offered}: " if offered else ""
    return (
        f"{other}install MLIR {version} and name its folder with --sdk,"
        " or the source of an installed one with --llvm-project"
    )
