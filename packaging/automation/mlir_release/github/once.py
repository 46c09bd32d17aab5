"""Doing on GitHub what must not be done twice, where answers get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mlir_release.github.errors import GitHubError, NoAnswer
from mlir_release.retries import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_ATTEMPTS = 5
_PATIENCE = 600.0


def until_known(work: Callable[[], T], look: Callable[[], T | None], *also: type[GitHubError]) -> T:
    """Do what must not be done twice: where no answer says whether it is done, look before it is done again.

    Args:
        work: does it.
        look: what it would have made, if that is there; None if not.
        also: other errors after which it is worth to look.

    Raises:
        GitHubError: it is not done.
    """

    def unsure(error: Exception) -> bool:
        return isinstance(error, also) or (isinstance(error, NoAnswer) and error.happened)

    def found() -> T | None:
        try:
            return look()
        except GitHubError as error:  # after all the attempts that it is worth
            raise GitHubError(str(error)) from None

    for attempt in attempts(unsure, most=_ATTEMPTS, seconds=_PATIENCE):
        with attempt:
            there = found() if attempt.num > 1 else None
            done = there if there is not None else work()
    return done
