"""``nox -s matrix``: the jobs that make a release's wheels, as GitHub's matrices.

One job per target makes the wheels for any interpreter, one per target and ABI the others. They are
read from the same data that a release set is held against (``targets``). Jobs for what is optional have that
tier: they may fail, and the release lacks their wheels. Optional targets have jobs only when they are named::

    {"sdk": {"include": [{"target": "linux-x86_64", "runner": "ubuntu-24.04", "tier": "required",
                          "policy": "manylinux_2_28"}]},
     "wheels": {"include": [{"target": "linux-x86_64", "runner": "ubuntu-24.04", "tier": "required",
                             "python": "cp39", "build": "cp39-manylinux_x86_64"}]}}

A wheel with the stable ABI is built and tested by one job: its ``build`` names all that it serves.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release import lines, log, pin
from mlir_release.errors import UserError
from mlir_release.options import Parser
from mlir_release.series import Tier, named
from mlir_release.targets import TARGETS, Target
from mlir_release.wheels import identifiers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlir_release.series import Abi


@dataclass(frozen=True, kw_only=True)
class Options:
    """What there are to be jobs for."""

    targets: tuple[Target, ...]
    abis: tuple[Abi, ...]


def parse(arguments: Sequence[str], abis: Iterable[Abi]) -> Options:
    """Read the words after ``--``.

    Args:
        arguments: those words.
        abis: what wheels the pin's line has.

    Raises:
        UserError: an unknown option, or a name of nothing that has a job.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--targets", metavar="linux-x86_64,macos-arm64")
    parser.add_argument("--only", metavar="cp39,cp314t")
    read = parser.parse_args(arguments)
    chosen = named("--only", read.only, (it for it in abis if it.builder.cibuildwheel or read.only))
    for it in chosen:
        if not it.builder.cibuildwheel:
            raise UserError(
                f"cibuildwheel makes no wheels for {it.name}: leave it out of --only, and run nox -s"
                f" build-{it.builder.name} on each system"
            )
    return Options(targets=_systems(read.targets), abis=chosen)


def run(arguments: Sequence[str], root: Path) -> None:
    """Print the matrices as one JSON object, and hand them on to the later steps of a workflow.

    Args:
        arguments: the words after ``--``.
        root: the project's folder, whose pin says which line is built.

    Raises:
        UserError: they cannot be meant, or leave no job.
    """
    abis = lines.abis_of(pin.read(root / pin.FILE_NAME))
    found = matrices(parse(arguments, abis))
    for it in abis:
        if not it.builder.cibuildwheel:
            # Not among what is printed, which programs read.
            sys.stderr.write(f"{it.name} has no jobs: cibuildwheel makes no wheels for it\n")
    log.outputs({name: json.dumps(matrix) for name, matrix in found.items()})
    log.say(json.dumps(found))


def matrices(options: Options) -> Mapping[str, Any]:
    """The matrices, as they become JSON.

    Raises:
        UserError: there are no jobs, and GitHub takes no empty matrix.
    """
    wheels = [
        _job(target, abi.tier) | {"python": abi.name, "build": ",".join(identifiers.of(target, [abi]))}
        for target in options.targets
        for abi in options.abis
        if target.has(abi)
    ]
    if not wheels:
        raise UserError("no wheel is for these targets and interpreters: name others")
    sdk = [_job(it, it.tier) | {"policy": it.policy} for it in options.targets]
    return {"sdk": {"include": sdk}, "wheels": {"include": wheels}}


def _job(target: Target, tier: Tier) -> dict[str, str]:
    optional = Tier.OPTIONAL in (target.tier, tier)
    return {
        "target": target.name,
        "runner": target.runner,
        "tier": (Tier.OPTIONAL if optional else Tier.REQUIRED).value,
    }


def _systems(text: str | None) -> tuple[Target, ...]:
    """What ``--targets`` names; without it, all that a release must have."""
    # An optional system takes hours of runners: that it is wanted is to be said.
    if text is None:
        return tuple(it for it in TARGETS if it.tier is Tier.REQUIRED)
    known = {it.name: it for it in TARGETS}
    names = text.split(",")
    for name in names:
        if name not in known:
            raise UserError(f"--targets names {name!r}, which is not one of {', '.join(known)}")
    return tuple(it for it in TARGETS if it.name in names)
