"""Build identifiers: cibuildwheel's names for an interpreter on a kind of system (``cp311-win_amd64``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlir_release.series import Abi
    from mlir_release.targets import Target

# One for each of Linux's C libraries (PEP 600, PEP 656).
_LINUX = ("manylinux", "musllinux")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Identifiers, all of one target."""

    target: Target
    identifiers: tuple[str, ...]


def of(target: Target, abis: Iterable[Abi]) -> tuple[str, ...]:
    """The identifiers of a target, one per interpreter that cibuildwheel has.

    Of those that one wheel serves, it builds for the first, and tests the same wheel with the others.
    """
    return tuple(
        f"{it.tag}-{target.build_suffix}"
        for abi in abis
        if target.has(abi)
        for it in abi.serves
        if it.cibuildwheel
    )


def select(only: str | None, here: Target, abis: Sequence[Abi]) -> Selection:
    """What is built on a machine.

    Args:
        only: identifiers, between commas; None for all of the machine's own target.
        here: that target.
        abis: what wheels there are of the line that is built.

    Raises:
        UserError: one of them is unknown or not for this machine, or they are of two targets.
    """
    if only is None:
        return Selection(target=here, identifiers=of(here, abis))
    names = tuple(dict.fromkeys(only.split(",")))
    known = {name: target for target in _reachable(here) for name in of(target, abis)}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise UserError(
            f"--only {unknown or only!r} is no wheel of this machine; there are {', '.join(known)}"
        )
    targets = {known[name].name: known[name] for name in names}
    if len(targets) > 1:
        raise UserError(f"--only {only} is of {' and '.join(targets)}, which take an image each: name one's")
    return Selection(target=known[names[0]], identifiers=names)


def _reachable(here: Target) -> list[Target]:
    """The targets whose wheels this machine can make: containers have either C library."""
    families = _LINUX if here.family in _LINUX else (here.family,)
    return [it for it in TARGETS if it.family in families and it.machine == here.machine]
