"""What the message of a failed job says: what went wrong, and how to see it on one's own machine."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from mlir_release import log

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where a runner keeps things, which is nobody else's business.
_RUNNERS_OWN = ("--cache", "--launcher")


def tell(session: str, words: Sequence[str], error: Exception) -> None:
    """On GitHub, put what failed and how to repeat it on the page of the run; elsewhere nothing.

    Args:
        session: its name.
        words: what was said to it after ``--``.
        error: what it ended with.
    """
    if "GITHUB_ACTIONS" not in os.environ:
        return
    first = (str(error).splitlines() or [type(error).__name__])[0]
    text = f"{first}. To see it on your machine: {advice(session, words)}"
    # The form of workflow commands; what GitHub would take for their end is written otherwise.
    for character, written in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, written)
    log.say(f"::error title=nox -s {session}::{text}")


def advice(session: str, words: Sequence[str]) -> str:
    """The one command that does the same elsewhere, and where.

    Args:
        session: its name.
        words: what was said to it after ``--``.
    """
    said = _portable(words)
    command = shlex.join(["nox", "-s", session, *(["--", *said] if said else [])])
    text = f"{command} in a checkout of {_subject(said)}"
    run = os.environ.get("GITHUB_RUN_ID")
    if run and any(word.endswith(".whl") for word in said):
        text += f"; its wheels are artifacts of run {run} (gh run download {run}), or leave out --sdk"
    return text


def _portable(words: Sequence[str]) -> list[str]:
    """The options less those that only make sense on a runner."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in _RUNNERS_OWN:
        parser.add_argument(name)
    return parser.parse_known_args(list(words))[1]


def _subject(words: Sequence[str]) -> str:
    """The tag that is named, or else the commit of the run (``GITHUB_SHA``)."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--tag")
    tag: str | None = parser.parse_known_args(list(words))[0].tag
    return tag or os.environ.get("GITHUB_SHA", "the same commit")
