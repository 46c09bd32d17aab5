"""The Pythons that wheels are made for, as data, and how each is called.

A series is a minor version of CPython, with or without its lock: ``3.13`` and ``3.13t``, the free-threaded
build (PEP 703). These two have nothing in common that is compiled, and each has wheels of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
        """Its name in build identifiers, options and manifests: ``cp39``, ``cp313t``."""
        return tag_of(self.name)

    @property
    def wheel_tag(self) -> str:
        """Interpreter and ABI in the name of a wheel (PEP 425): ``cp39-cp39``, ``cp313-cp313t``."""
        return f"{self.tag.removesuffix('t')}-{self.tag}"


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
)


def name_of(version: tuple[int, int], *, free_threaded: bool) -> str:
    """What the series of an interpreter is called: ``3.13t``.

    Args:
        version: major and minor.
        free_threaded: whether it was built without the lock.
    """
    return f"{version[0]}.{version[1]}{'t' if free_threaded else ''}"


def tag_of(name: str) -> str:
    """What a series (``3.13t``) is called in build identifiers, options and manifests: ``cp313t``."""
    return f"cp{name.replace('.', '')}"


def of_wheel(interpreter: str, abi: str) -> str:
    """What a wheel is for: ``cp311``, ``cp313t``, ``py3``; both tags for what no series is (``cp312-abi3``).

    Args:
        interpreter: the tag of it in the wheel's name (PEP 425).
        abi: the tag beside it.
    """
    if abi in (interpreter, f"{interpreter}t"):
        return abi
    return interpreter if abi == "none" else f"{interpreter}-{abi}"
