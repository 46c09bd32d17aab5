"""What a session prints: stages with their timings, progress, a summary.

On GitHub the stages become groups and the summary a table on the run's page
(``GITHUB_ACTIONS``, ``GITHUB_STEP_SUMMARY`` and ``GITHUB_OUTPUT`` are GitHub's documented variables).
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# "[12/350] Building …", ninja's default status line, which pip indents, and lit's
# "PASS: … (12 of 350)".
_COUNTS = re.compile(r"^\s*\[(\d+)/(\d+)\] |^[A-Z]+: .*\((\d+) of (\d+)\)$")

# Seconds of work before its pace says anything about the rest.
_PACE_NEEDS = 5.0

# In seconds.
_MINUTE = 60
_HOUR = 3600
# From here on a duration rounds to two digits before the point.
_TENTHS_BELOW = 9.95


def say(message: str) -> None:
    """Print one line, at once: the tools' own output must not overtake it."""
    # Text from outside may hold what this stream cannot show: names of files, or Windows' code pages.
    encoding = sys.stdout.encoding or "utf-8"
    print(message.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def duration(seconds: float) -> str:
    """Seconds as people read them: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


@contextmanager
def stage(title: str) -> Iterator[None]:
    """A step of a session: a heading, and how long it took, also when it failed."""
    on_github = "GITHUB_ACTIONS" in os.environ
    say(f"::group::{title}" if on_github else f"== {title}")
    start = time.monotonic()
    outcome = "failed after"
    try:
        yield
        outcome = "took"
    finally:
        if on_github:
            say("::endgroup::")
        say(f"   {title}: {outcome} {duration(time.monotonic() - start)}")


def summary(title: str, rows: list[tuple[str, str]]) -> None:
    """Print the outcome of a session; on GitHub also as a table on the run's page.

    Args:
        title: the table's heading.
        rows: what was measured, and its value with its unit.
    """
    width = max((len(name) for name, _ in rows), default=0)
    say(f"== {title}")
    for name, value in rows:
        say(f"   {name:<{width}}  {value}")
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        table = "".join(f"| {_cell(name)} | {_cell(value)} |\n" for name, value in rows)
        with Path(page).open("a", encoding="utf-8") as out:
            out.write(f"### {title}\n\n| | |\n| --- | --- |\n{table}\n")


def outputs(values: Mapping[str, str]) -> None:
    """Hand values on to the later steps of a workflow: GitHub's ``steps.ID.outputs``; elsewhere nothing."""
    file = os.environ.get("GITHUB_OUTPUT")
    if file:
        with Path(file).open("a", encoding="utf-8") as out:
            out.writelines(f"{name}={value}\n" for name, value in values.items())


def _cell(text: str) -> str:
    """Text as a cell of a Markdown table, which a bar or a line end would break."""
    return " ".join(text.replace("|", "\\|").split())


@dataclass(kw_only=True)
class Progress:
    """Turns the counts of ninja and lit into lines with elapsed and remaining time.

    Called with each line of output. A terminal gets one line that is renewed,
    anything else a line every ``interval`` seconds.
    """

    interval: float = 15.0
    start: float = field(default_factory=time.monotonic)
    first: tuple[int, float] | None = None
    shown: float = 0.0

    def __call__(self, line: str) -> None:
        """Look at one line of the tool's output; print when it is time to."""
        found = _COUNTS.match(line)
        if not found:
            return
        done, total = (int(count) for count in found.groups() if count)
        now = time.monotonic()
        self.first = self.first or (done, now)
        terminal = sys.stdout.isatty()
        if done < total and now - self.shown < (0.5 if terminal else self.interval):
            return
        self.shown = now
        text = f"   [{done}/{total}] {duration(now - self.start)} elapsed{self._left(done, total, now)}"
        if terminal:
            print(f"\r{text:<72}", end="\n" if done == total else "", flush=True)
        else:
            say(text)

    def _left(self, done: int, total: int, now: float) -> str:
        """What remains at the pace so far; nothing while there is no pace to speak of."""
        assert self.first is not None
        first, since = self.first
        if done == total or now - since < _PACE_NEEDS or done <= first:
            return ""
        return f", about {duration((now - since) / (done - first) * (total - done))} left"
