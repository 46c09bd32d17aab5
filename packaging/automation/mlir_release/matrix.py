"""``nox -s matrix``: the jobs that make a release's wheels, as GitHub's matrices.

One job per target makes the wheels for any interpreter, one per target and interpreter the others. They are
read from the same data that a release set is held against (``targets``). Jobs for what is optional have that
tier: they may fail, and the release lacks their wheels. Optional targets have jobs only when they are named::

    {"sdk": {"include": [{"target": "linux-x86_64", "runner": "ubuntu-24.04", "tier": "required",
                          "policy": "manylinux_2_28"}]},
     "wheels": {"include": [{"target": "linux-x86_64", "runner": "ubuntu-24.04", "tier": "required",
                             "python": "3.9", "build": "cp39-manylinux_x86_64"}]}}
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.options import Parser
from mlir_release.series import SERIES, Series, Tier
from mlir_release.targets import TARGETS, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What there are to be jobs for."""

    targets: tuple[Target, ...]
    series: tuple[Series, ...]


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a name of nothing that has a job.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--targets", metavar="linux-x86_64,macos-arm64")
    parser.add_argument("--only", metavar="cp39,cp314t")
    read = parser.parse_args(arguments)
    known = {it.tag: it for it in SERIES if it.cibuildwheel or read.only}
    series = _named("--only", read.only, known)
    for it in series:
        if not it.cibuildwheel:
            raise UserError(
                f"cibuildwheel makes no wheels for {it.tag}: leave it out of --only, and run nox -s"
                f" build-{it.name} on each system"
            )
    # An optional system takes hours of runners: that it is wanted is to be said.
    systems = {it.name: it for it in TARGETS if it.tier is Tier.REQUIRED or read.targets}
    return Options(targets=_named("--targets", read.targets, systems), series=series)


def run(arguments: Sequence[str], _: Path) -> None:
    """Print the matrices as one JSON object, and hand them on to the later steps of a workflow.

    Args:
        arguments: the words after ``--``.

    Raises:
        UserError: they cannot be meant, or leave no job.
    """
    options = parse(arguments)
    found = matrices(options)
    for it in SERIES:
        if not it.cibuildwheel:
            # Not among what is printed, which programs read.
            sys.stderr.write(f"{it.tag} has no jobs: cibuildwheel makes no wheels for it\n")
    log.outputs({name: json.dumps(matrix) for name, matrix in found.items()})
    log.say(json.dumps(found))


def matrices(options: Options) -> Mapping[str, Any]:
    """The matrices, as they become JSON.

    Raises:
        UserError: there are no jobs, and GitHub takes no empty matrix.
    """
    wheels = [
        _job(target, series.tier) | {"python": series.name, "build": f"{series.tag}-{target.build_suffix}"}
        for target in options.targets
        for series in options.series
        if series in target.series
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


def _named(option: str, text: str | None, known: Mapping[str, T]) -> tuple[T, ...]:
    """What an option names, in the order of what is known; everything if it was not given."""
    names = known if text is None else text.split(",")
    for name in names:
        if name not in known:
            raise UserError(f"{option} names {name!r}, which is not one of {', '.join(known)}")
    return tuple(it for name, it in known.items() if name in names)
