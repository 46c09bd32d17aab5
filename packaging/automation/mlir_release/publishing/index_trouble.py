"""Errors of package indexes, and asking again what they may answer the next time."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from mlir_release import retries
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import stamina

_ATTEMPTS = 5
# Seconds after which no attempt at one request is begun any more, and that an index may ask us to wait.
_PATIENCE = 600.0
_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


class IndexTrouble(UserError):
    """A package index gave no answer, or none that says anything; the next attempt may get one.

    ``wait`` is after how many seconds the index wants to be asked again, if it said so.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def is_passing(status: int) -> bool:
    """Whether an answer's status means that the next one may be another."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds in ``retry-after`` (RFC 9110); None if it is not there, or is a date."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def attempts() -> Iterator[stamina.Attempt]:
    """Attempts at a request that ``IndexTrouble`` may befall, with growing pauses between them."""
    return retries.attempts(_again, most=_ATTEMPTS, seconds=_PATIENCE)


def _again(error: Exception) -> bool | float:
    if not isinstance(error, IndexTrouble):
        return False
    if error.wait is None:
        return True
    return error.wait if error.wait <= _PATIENCE else False
