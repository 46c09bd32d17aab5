"""``nox -s minutes``: what a snapshot costs in minutes of hosted runners, reckoned from measured CPU seconds.

The figures are here and nowhere else; the table in ``docs/ci.md`` is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, written_part
from mlir_release.options import Parser
from mlir_release.series import Tier
from mlir_release.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlir_release.targets import Target

_PAGE = "docs/ci.md"
_PER_WEEK = 14
_WEEKLY_GOAL = 8.0


@dataclass(frozen=True, kw_only=True)
class Figures:
    """CPU seconds of one core, and of each job the wall seconds before and after its work.

    ``cold`` is compiling LLVM and MLIR with an empty compiler cache, ``warm`` with one that has all of it;
    ``lit`` the tests of the SDK; ``bindings`` and ``tests`` are of one interpreter.
    """

    cold: float
    warm: float
    lit: float
    bindings: float
    tests: float
    setup: float


# Measured on one machine (docs/benchmarks.md): the build with an empty and with a full compiler cache;
# packaging, repairing and testing the wheels of the SDK, and lit; bindings with their repair;
# their tests. A guess: ``setup``.
FIGURES = Figures(cold=16_600, warm=250, lit=550, bindings=170, tests=120, setup=90)


def snapshot_minutes(target: Target, *, compiled: float, figures: Figures = FIGURES) -> float:
    """Runner minutes of a snapshot's jobs for one system, as if its cores were as fast as the measured one.

    Args:
        target: the system.
        compiled: the share of LLVM and MLIR that no compiler cache had, from 0 to 1.
        figures: what things cost.
    """
    series = [it for it in target.series if it.cibuildwheel]
    sdk = figures.warm + compiled * (figures.cold - figures.warm) + figures.lit
    work = sdk + len(series) * (figures.bindings + figures.tests)
    return (work / target.hardware.processors + (1 + len(series)) * figures.setup) / 60


def weekly_hours(target: Target, *, compiled: float, figures: Figures = FIGURES) -> float:
    """Runner hours in a week with two snapshots a day."""
    return snapshot_minutes(target, compiled=compiled, figures=figures) * _PER_WEEK / 60


def affordable(target: Target, *, figures: Figures = FIGURES) -> float:
    """The share that may have to be compiled anew, on average, for a week to stay below the goal."""
    none = weekly_hours(target, compiled=0, figures=figures)
    everything = weekly_hours(target, compiled=1, figures=figures)
    return min(1.0, max(0.0, (_WEEKLY_GOAL - none) / (everything - none)))


def table(figures: Figures = FIGURES) -> str:
    """The table of the page, in Markdown."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: Figures) -> Iterator[str]:
    yield "| system | runner | cores | warm: minutes | h/week | cold: minutes | h/week | share for 8 h/week |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for target in TARGETS:
        if target.tier is Tier.REQUIRED:
            costs = [
                f"{function(target, compiled=share, figures=figures):.1f}"
                for share in (0, 1)
                for function in (snapshot_minutes, weekly_hours)
            ]
            share = f"{affordable(target, figures=figures):.0%}"
            cells = [target.name, f"`{target.runner}`", str(target.hardware.processors), *costs, share]
            yield f"| {' | '.join(cells)} |"


def run(arguments: Sequence[str], root: Path) -> None:
    """The session: write the table into the page.

    Raises:
        UserError: the page cannot be read or has no place for it.
    """
    Parser(prog="nox", add_help=False, allow_abbrev=False).parse_args(arguments)
    written_part.replace(root / _PAGE, "minutes", table())
    log.say(f"   {_PAGE} is written")
