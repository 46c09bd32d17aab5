"""Asking GitHub again what it may answer the next time; each time is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import stamina
from stamina.instrumentation import set_on_retry_hooks

from mlir_release import log
from mlir_release.github.errors import GitHubError, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stamina.instrumentation import RetryDetails

T = TypeVar("T")

_ATTEMPTS = 5
_PATIENCE = 600.0


def attempts(
    on: Callable[[Exception], bool | float], *, most: int, seconds: float
) -> Iterator[stamina.Attempt]:
    """Attempts at a request, with growing pauses between them, the first ones of a second or two.

    Args:
        on: whether an error is worth another attempt, or after how many seconds it is.
        most: attempts.
        seconds: after which none is begun any more.
    """
    set_on_retry_hooks([_say])
    return iter(stamina.retry_context(on, attempts=most, timeout=seconds, wait_initial=1.0, wait_max=30.0))


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


def _say(details: RetryDetails) -> None:
    # The hook is everybody's who uses stamina in this process.
    if not isinstance(details.caused_by, GitHubError):
        return
    error = str(details.caused_by)
    # What errors advise at their end is for when there are no more attempts.
    log.say(f"   {error.rpartition('; ')[0] or error}; trying again in {log.duration(details.wait_for)}")
