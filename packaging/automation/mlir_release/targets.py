"""The systems that wheels are made for, and which wheels a release owes, as data and pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import platform_tags

from mlir_release.distributions import MadePer
from mlir_release.errors import UserError
from mlir_release.series import SERIES, Tier, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlir_release.distributions import Distribution
    from mlir_release.series import Abi

__all__ = [
    "ANY_PYTHON",
    "MACOS",
    "TARGETS",
    "Slot",
    "Target",
    "Tier",
    "here",
    "of_platform",
    "owed",
    "owed_by_all",
    "possible",
]

# The interpreter's tag of wheels that serve any (PEP 425).
ANY_PYTHON = "py3"
# The glibc of manylinux_2_28, and the musl of musllinux_1_2, the images that wheels are built in.
_GLIBC = (2, 28)
_MUSL = (1, 2)
# The deployment target, of compilers, tags and repairs alike: Apple's first processors have no older system.
MACOS = (11, 0)
# The families whose wheels are built in images of theirs.
_IMAGES = ("manylinux", "musllinux")
# PEP 600's older names of manylinux.
_ALIASES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_PLATFORM = re.compile(
    r"(?P<alias>manylinux(?:1|2010|2014))_(?P<alias_machine>\w+)"
    r"|(?P<family>manylinux|musllinux|macosx)_(?P<major>\d{1,4})_(?P<minor>\d{1,4})_(?P<machine>\w+)"
    r"|win_(?P<windows_machine>\w+)",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A kind of system.

    ``name`` is how it is called (``linux-x86_64``); ``family`` and ``machine`` are as in platform tags
    (``manylinux``, ``x86_64``); ``newest`` is the version of the C library or of macOS that a wheel may need
    at most, None where tags say none; ``runner`` is the label of GitHub's machine that makes its wheels
    (https://docs.github.com/en/actions/reference/runners/github-hosted-runners), and ``oldest`` the first
    series of Python that it has wheels for.
    """

    name: str
    family: str
    machine: str
    runner: str
    newest: tuple[int, int] | None = None
    oldest: str = SERIES[0].name
    tier: Tier = Tier.REQUIRED

    @property
    def build_suffix(self) -> str:
        """How cibuildwheel's build identifiers for it end: ``manylinux_x86_64``."""
        return f"{self.family}_{self.machine}"

    @property
    def policy(self) -> str:
        """The policy of PEP 600 or 656 that its wheels follow (``manylinux_2_28``), empty if there is none.

        So are the images called that they are built in.
        """
        return self.limit().removesuffix(f"_{self.machine}") if self.family in _IMAGES else ""

    def has(self, abi: Abi) -> bool:
        """Whether it has wheels with this ABI."""
        return abi.builder.version >= version_of(self.oldest)

    def is_of(self, platform: str) -> bool:
        """Whether a platform tag is of such a system, of whatever version."""
        return _read(platform)[:2] == (self.family, self.machine)

    def accepts(self, platform: str) -> bool:
        """Whether a wheel with this platform tag runs on all systems of the target."""
        version = _read(platform)[2]
        return self.is_of(platform) and (self.newest is None or (version or self.newest) <= self.newest)

    def limit(self) -> str:
        """The newest platform tag that it accepts."""
        version = f"_{self.newest[0]}_{self.newest[1]}" if self.newest else ""
        return f"{self.family}{version}_{self.machine}"


TARGETS = (
    Target(name="linux-x86_64", family="manylinux", machine="x86_64", runner="ubuntu-24.04", newest=_GLIBC),
    Target(
        name="linux-aarch64", family="manylinux", machine="aarch64", runner="ubuntu-24.04-arm", newest=_GLIBC
    ),
    Target(name="macos-arm64", family="macosx", machine="arm64", runner="macos-15", newest=MACOS),
    Target(name="macos-x86_64", family="macosx", machine="x86_64", runner="macos-15-intel", newest=MACOS),
    Target(name="windows-amd64", family="win", machine="amd64", runner="windows-2025"),
    # What the bindings depend on has no files for musl: ml_dtypes is compiled when they are installed.
    Target(
        name="musllinux-x86_64",
        family="musllinux",
        machine="x86_64",
        runner="ubuntu-24.04",
        newest=_MUSL,
        tier=Tier.OPTIONAL,
    ),
    Target(
        name="musllinux-aarch64",
        family="musllinux",
        machine="aarch64",
        runner="ubuntu-24.04-arm",
        newest=_MUSL,
        tier=Tier.OPTIONAL,
    ),
    # numpy has files for it from Python 3.11 on.
    Target(
        name="windows-arm64",
        family="win",
        machine="arm64",
        runner="windows-11-arm",
        oldest="3.11",
        tier=Tier.OPTIONAL,
    ),
)


@dataclass(frozen=True, order=True, kw_only=True)
class Slot:
    """Where in a release a wheel belongs.

    Of which distribution it is (``mlir-sdk``), for which target, for which interpreter (the name of an `Abi`:
    ``cp313``, ``cp313t``, ``cp312-abi3``; ``py3`` for any).
    """

    distribution: str
    target: str
    python: str

    def __str__(self) -> str:
        return f"{self.distribution} for {self.python} on {self.target}"


def of_platform(platform: str) -> Target | None:
    """The target that a platform tag (``manylinux_2_28_x86_64``) is of; None if there is none."""
    return next((target for target in TARGETS if target.is_of(platform)), None)


def here() -> Target:
    """The target that this machine is.

    Raises:
        UserError: it is none.
    """
    found = next((target for target in map(of_platform, platform_tags()) if target), None)
    if found is None:
        names = ", ".join(target.name for target in TARGETS)
        raise UserError(f"wheels are not made for this system ({next(platform_tags())}), but for {names}")
    return found


def owed(
    distributions: Iterable[Distribution], targets: Iterable[Target], abis: Iterable[Abi], *, any_python: bool
) -> tuple[Slot, ...]:
    """The wheels of some systems and interpreters: every distribution for each of them.

    Args:
        distributions: what is packaged.
        targets: the systems.
        abis: for which interpreters, of which a target may lack some.
        any_python: whether wheels for any interpreter are among them.
    """
    packaged, made = list(distributions), list(abis)
    return tuple(
        Slot(distribution=it.name, target=target.name, python=python)
        for target in targets
        for it in packaged
        for python in _pythons(it, target, made, any_python=any_python)
    )


def owed_by_all(distributions: Iterable[Distribution], abis: Iterable[Abi]) -> tuple[Slot, ...]:
    """The wheels without which there is no release: all that are not optional."""
    systems = [it for it in TARGETS if it.tier is Tier.REQUIRED]
    return owed(distributions, systems, (it for it in abis if it.tier is Tier.REQUIRED), any_python=True)


def possible(distributions: Iterable[Distribution], abis: Iterable[Abi]) -> tuple[Slot, ...]:
    """The wheels that a release may have: those, and all that are optional, each on its own."""
    return owed(distributions, TARGETS, abis, any_python=True)


def _pythons(
    distribution: Distribution, target: Target, abis: Iterable[Abi], *, any_python: bool
) -> list[str]:
    if distribution.made_per is MadePer.PLATFORM:
        return [ANY_PYTHON] if any_python else []
    return [it.name for it in abis if target.has(it)]


def _read(platform: str) -> tuple[str, str, tuple[int, int] | None]:
    """Family, machine and version in a platform tag; of an unknown one, nothing."""
    found = _PLATFORM.fullmatch(platform)
    if found is None:
        return "", "", None
    if found["alias"]:
        return "manylinux", found["alias_machine"], _ALIASES[found["alias"]]
    if found["windows_machine"]:
        return "win", found["windows_machine"], None
    return found["family"], found["machine"], (int(found["major"]), int(found["minor"]))
