"""Asking a server again what it may answer the next time; each time is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import stamina
from stamina.instrumentation import set_on_retry_hooks

from mlir_release import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stamina.instrumentation import RetryDetails


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


def without_advice(error: Exception) -> str:
    """What an error says has happened, without what it advises at its end: it was not the end."""
    text = str(error)
    return text.rpartition("; ")[0] or text


def _say(details: RetryDetails) -> None:
    log.say(f"   {without_advice(details.caused_by)}; trying again in {log.duration(details.wait_for)}")
