"""What was found out about a machine: one line for each thing, with advice where one is needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import ReleaseError
from mlir_release.sdk import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class State(StrEnum):
    """How it is about one thing; only what is missing keeps a build from working."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: what was found, and what to do about it if it is not well."""

    topic: str
    state: State
    text: str
    advice: str | None = None


def report(findings: Sequence[Finding]) -> None:
    """Print the findings as a table, the advice below what it is for."""
    rows = []
    for finding in findings:
        rows.append((finding.topic, f"{finding.state:<7}  {finding.text}"))
        if finding.advice:
            rows.append(("", f"{'':<7}  -> {finding.advice}"))
    log.summary("this machine", rows)


def checked(topic: str, check: Callable[[], str]) -> Finding:
    """What a check found; its error, with the advice in that, when something is missing."""
    try:
        return Finding(topic=topic, state=State.OK, text=check())
    except CannotServe as refusal:
        return Finding(topic=topic, state=State.MISSING, text=refusal.reason, advice=refusal.advice)
    except ReleaseError as error:
        return Finding(topic=topic, state=State.MISSING, text=str(error).splitlines()[0])
