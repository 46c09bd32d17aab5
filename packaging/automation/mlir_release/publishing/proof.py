"""Whether wheels are the release that was promised: each of them, and all of them together."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, sbom, targets
from mlir_release.errors import ReleaseError
from mlir_release.publishing import rules, wheel_checks, wheel_programs
from mlir_release.series import Tier, named
from mlir_release.train.markdown import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mlir_release.publishing.manifest import Manifest
    from mlir_release.publishing.wheel_checks import Candidate, Looked, Promise
    from mlir_release.targets import Slot

# What is missing belongs to no file.
_MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The wheels that must be there, and those that may."""

    owed: tuple[Slot, ...]
    possible: tuple[Slot, ...]


class Refused(ReleaseError):
    """Wheels are no release set; ``problems`` are all reasons, by the file that they are about."""

    def __init__(self, tag: str, problems: Mapping[str, Sequence[str]]) -> None:
        self.problems = {name: [printable(it) for it in problems[name]] for name in sorted(problems)}
        count = sum(map(len, self.problems.values()))
        lines = (
            f"\n    {name}:" + "".join(f"\n        {problem}" for problem in found)
            for name, found in self.problems.items()
        )
        super().__init__(
            f"{tag} is not complete: {count} problem{'' if count == 1 else 's'}; nothing was written"
            + "".join(lines)
        )


def proven(
    candidates: Sequence[Candidate],
    problems: Mapping[str, Sequence[str]],
    promise: Promise,
    wanted: Wanted,
) -> Manifest:
    """The manifest of wheels that are what was promised, all of them.

    Args:
        candidates: the wheels.
        problems: what is known to be wrong already, by file.
        promise: what they are to be.
        wanted: which of them there must be.

    Raises:
        Refused: they are not; everything that is wrong is listed.
    """
    found: dict[str, list[str]] = defaultdict(list, {name: list(them) for name, them in problems.items()})
    slots = _slots([*(it.path.name for it in candidates), *problems], found)
    chosen = [it for it in candidates if it.path.name in slots and _is_looked_at(it, slots, wanted, promise)]
    for name, said in _unlike(slots, wanted, rehearsal=promise.rehearsal).items():
        found[name] += said
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        looked = list(pool.map(lambda it: _examined(it, promise), chosen))
    for candidate, look in zip(chosen, looked, strict=True):
        found[candidate.path.name] += look.problems
    if any(found.values()):
        raise Refused(promise.tag, {name: said for name, said in found.items() if said})
    known = [f"{look.file.distribution}: {text}" for look in looked if look.file for text in look.findings]
    return promise.manifest((look.file for look in looked if look.file), known)


def _slots(names: Iterable[str], found: dict[str, list[str]]) -> dict[str, Slot]:
    """Where each wheel belongs; of those whose name does not say it, this is a problem."""
    slots = {}
    for name in names:
        said = wheel_checks.named(name)
        if said:
            slots[name] = said.slot
        else:
            found[name].append(wheel_checks.unnamed(name))
    return slots


def wanted_of(promise: Promise, only: Sequence[str] | None) -> Wanted:
    """The wheels that a release, or a rehearsal, must have.

    Args:
        promise: what they are to be.
        only: the interpreters of a rehearsal (``cp39``, ``py3`` for the wheels of the platform); None for
            those of a release.

    Raises:
        UserError: there is no such interpreter.
    """
    packaged = promise.distributions
    if not promise.rehearsal:
        return Wanted(
            owed=targets.owed_by_all(packaged, promise.abis),
            possible=targets.possible(packaged, promise.abis),
        )
    if only is None:
        abis, any_python = [it for it in promise.abis if it.tier is Tier.REQUIRED], True
    else:
        any_python = targets.ANY_PYTHON in only
        names = ",".join(name for name in only if name != targets.ANY_PYTHON)
        abis = list(named("--only", names, promise.abis)) if names else []
    slots = targets.owed(packaged, [targets.here()], abis, any_python=any_python)
    return Wanted(owed=slots, possible=slots)


def _is_looked_at(candidate: Candidate, slots: Mapping[str, Slot], wanted: Wanted, promise: Promise) -> bool:
    """A rehearsal leaves out what it does not want, a release nothing."""
    if not promise.rehearsal or slots[candidate.path.name] in wanted.possible:
        return True
    log.say(f"   left out of the rehearsal: {candidate.path.name}")
    return False


def _unlike(slots: Mapping[str, Slot], wanted: Wanted, *, rehearsal: bool) -> dict[str, list[str]]:
    """In what wheels differ from those that are wanted, each once."""
    names: dict[Slot, list[str]] = defaultdict(list)
    for name, slot in slots.items():
        names[slot].append(name)
    found: dict[str, list[str]] = defaultdict(list)
    found[_MISSING] = [f"{slot}" for slot in wanted.owed if slot not in names]
    for slot in _lacking(names.keys(), wanted):
        log.say(f"   without {slot}, which is optional")
    for slot, same in names.items():
        for name in same:
            if slot in wanted.possible and len(same) > 1:
                others = ", ".join(it for it in same if it != name)
                found[name].append(f"it is not the only one of {slot}: there is {others}")
            if slot not in wanted.possible and not rehearsal:
                found[name].append(f"no release has {slot}")
    if complaint := rules.too_many(len(slots)):
        found["the release"].append(complaint)
    return found


def _lacking(there: Collection[Slot], wanted: Wanted) -> list[Slot]:
    """What is optional and was meant to be there: others for that system or interpreter are."""
    systems = {slot.target for slot in there}
    pythons = {slot.python for slot in there}
    return [
        slot
        for slot in wanted.possible
        if slot not in there and slot not in wanted.owed
        if slot.target in systems and slot.python in pythons
    ]


def _examined(candidate: Candidate, promise: Promise) -> Looked:
    said = wheel_checks.named(candidate.path.name)
    assert said
    look = wheel_checks.examine(candidate, said, promise)
    if look.readable:
        return look.but([*sbom.check(candidate.path), *wheel_programs.problems(candidate.path)])
    return look
