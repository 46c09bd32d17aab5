"""What a verification says: each file, whether it is good, and all that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotAsItShould(ReleaseError):
    """What was verified is not what it says that it is; nobody's mistake in calling the session."""


@dataclass(kw_only=True)
class Report:
    """What was found so far; each thing is said when it is added."""

    good: int = 0
    wrong: int = 0
    problems: int = 0

    def add(self, what: str, problems: Iterable[str], detail: str = "") -> None:
        """Say of a thing that it is good (with a detail), or what is wrong, a line for each problem."""
        found = list(dict.fromkeys(map(_line, problems)))
        self.problems += len(found)
        if not found:
            self.good += 1
            log.say(f"   good   {_line(what)}{f'  {_line(detail)}' if detail else ''}")
            return
        self.wrong += 1
        log.say(f"   WRONG  {_line(what)}")
        for problem in found:
            log.say(f"          {problem}")

    def end(self, what: str) -> None:
        """Say the outcome.

        Raises:
            NotAsItShould: something is wrong.
        """
        log.summary(
            f"verified: {_line(what)}",
            [("good", str(self.good)), ("wrong", str(self.wrong)), ("problems", str(self.problems))],
        )
        if self.problems:
            raise NotAsItShould(
                f"{_line(what)} is not as it should be: {self.problems} problems in {self.wrong} of"
                f" {self.good + self.wrong} things, which are listed above; do not use it"
            )


def _line(text: str) -> str:
    """Text that anybody can have written, in one line that does not steer a terminal."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
