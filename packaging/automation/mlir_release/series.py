"""The Pythons that wheels are made for, as data, and how each is called.

A series is a minor version of CPython, with or without its lock: ``3.13`` and ``3.13t``, the free-threaded
build (PEP 703). These two have nothing in common that is compiled. A wheel with Python's stable ABI serves
several series: an `Abi` is what one wheel serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Tier(StrEnum):
    """Whether a release must have the wheels for something; the lack of an optional one holds up nothing."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, kw_only=True)
class Series:
    """An interpreter that wheels are made for.

    ``name`` is as sessions are named (``3.9``, ``3.13t``). ``cibuildwheel`` says whether the pinned
    cibuildwheel, and so the manylinux images, have it; for others only a machine that has it makes wheels.
    """

    name: str
    tier: Tier = Tier.REQUIRED
    cibuildwheel: bool = True

    @property
    def tag(self) -> str:
        """Its name in build identifiers and options: ``cp39``, ``cp313t``."""
        return tag_of(self.name)

    @property
    def free_threaded(self) -> bool:
        """Whether it is built without the lock."""
        return self.name.endswith("t")

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor."""
        return version_of(self.name.removesuffix("t"))


@dataclass(frozen=True, kw_only=True)
class Abi:
    """What one wheel serves.

    ``name`` is what manifests and jobs call it (``cp39``, ``cp313t``, ``cp312-abi3``); ``serves`` the series,
    of which the first is what it is built with.
    """

    name: str
    serves: tuple[Series, ...]

    @property
    def builder(self) -> Series:
        """The series that it is built with."""
        return self.serves[0]

    @property
    def stable(self) -> bool:
        """Whether it is the stable ABI."""
        return self.name.endswith(f"-{_STABLE}")

    @property
    def wheel_tag(self) -> str:
        """Interpreter and ABI in the name of a wheel (PEP 425): ``cp39-cp39``, ``cp313-cp313t``."""
        return self.name if self.stable else f"{self.name.removesuffix('t')}-{self.name}"

    @property
    def tier(self) -> Tier:
        """Whether a release must have it."""
        return min((it.tier for it in self.serves), key=list(Tier).index)


# The free-threaded ones hold up no release. That of 3.13 was an experiment (PEP 779), which images and
# cibuildwheel gave up in 2026 (pypa/manylinux#1882, pypa/cibuildwheel#2683).
SERIES = (
    Series(name="3.9"),
    Series(name="3.10"),
    Series(name="3.11"),
    Series(name="3.12"),
    Series(name="3.13"),
    Series(name="3.13t", tier=Tier.OPTIONAL, cibuildwheel=False),
    Series(name="3.14"),
    Series(name="3.14t", tier=Tier.OPTIONAL),
    Series(name="3.15"),
    Series(name="3.15t", tier=Tier.OPTIONAL),
)
_STABLE = "abi3"
# The lowest Python whose stable ABI nanobind can be built with (its documentation, "STABLE_ABI").
_STABLE_FROM = (3, 12)


def supported(lowest: str | None = None) -> tuple[Series, ...]:
    """The series from a version (``3.10``) on; all of them if it is not known."""
    return tuple(it for it in SERIES if lowest is None or it.version >= version_of(lowest))


def abis(series: Sequence[Series], *, stable: bool) -> tuple[Abi, ...]:
    """What wheels are made for some series.

    Args:
        series: in their order.
        stable: whether one wheel serves those that share a stable ABI.
    """
    together = [it for it in series if stable and not it.free_threaded and it.version >= _STABLE_FROM]
    made: dict[str, tuple[Series, ...]] = {}
    for it in series:
        if it in together:
            made[f"{tag_of('.'.join(map(str, _STABLE_FROM)))}-{_STABLE}"] = tuple(together)
        else:
            made[it.tag] = (it,)
    return tuple(Abi(name=name, serves=serves) for name, serves in made.items())


def abi_for(tag: str, among: Iterable[Abi]) -> Abi:
    """What serves an interpreter (``cp313``).

    Raises:
        UserError: nothing does.
    """
    known = list(among)
    found = next((abi for abi in known if any(it.tag == tag for it in abi.serves)), None)
    if found is None:
        there = ", ".join(it.name for abi in known for it in abi.serves)
        raise UserError(f"this LLVM's bindings are not made for {tag}, but for Python {there}")
    return found


def named(option: str, text: str | None, among: Iterable[Abi]) -> tuple[Abi, ...]:
    """What an option names, by names of ABIs or tags of what they serve: ``cp39,cp313``.

    Args:
        option: its name, for the message.
        text: names between commas; None for all.
        among: those that there are.

    Raises:
        UserError: one of the names is unknown.
    """
    known = list(among)
    if text is None:
        return tuple(known)
    names = {name: abi for abi in known for name in (abi.name, *(it.tag for it in abi.serves))}
    wanted = text.split(",")
    unknown = next((name for name in wanted if name not in names), None)
    if unknown is not None:
        raise UserError(f"{option} names {unknown!r}, which is not one of {', '.join(names)}")
    return tuple(abi for abi in known if abi in [names[name] for name in wanted])


def version_of(name: str) -> tuple[int, int]:
    """Major and minor of a version (``3.10``)."""
    major, minor = name.split(".")[:2]
    return int(major), int(minor)


def name_of(version: tuple[int, int], *, free_threaded: bool) -> str:
    """What the series of an interpreter is called: ``3.13t``.

    Args:
        version: major and minor.
        free_threaded: whether it was built without the lock.
    """
    return f"{version[0]}.{version[1]}{'t' if free_threaded else ''}"


def tag_of(name: str) -> str:
    """What a series (``3.13t``) is called in build identifiers and options: ``cp313t``."""
    return f"cp{name.replace('.', '')}"


def of_wheel(interpreter: str, abi: str) -> str:
    """What a wheel is for: ``cp311``, ``cp313t``, ``py3``; ``cp312-abi3`` for what serves several.

    Args:
        interpreter: the tag of it in the wheel's name (PEP 425).
        abi: the tag beside it.
    """
    if abi in (interpreter, f"{interpreter}t"):
        return abi
    return interpreter if abi == "none" else f"{interpreter}-{abi}"
