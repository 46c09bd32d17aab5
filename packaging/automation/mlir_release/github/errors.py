"""What can go wrong between us and GitHub; every one is a line for the user, and none holds the token."""

from __future__ import annotations

from mlir_release.errors import UserError


class GitHubError(UserError):
    """GitHub did not do what it was asked."""


class NotFound(GitHubError):
    """There is no such thing, or the token may not see it."""


class AlreadyThere(GitHubError):
    """Something of that name is there already; nothing was done."""


class UnknownCommit(GitHubError):
    """The repository has not got a commit, or not yet."""


class Incomplete(GitHubError):
    """A list came with fewer items than GitHub says that it has."""


class NoAnswer(GitHubError):
    """No whole answer came: the network's trouble, or GitHub's.

    ``happened`` is False when the request certainly had no effect; ``wait`` is after how many seconds GitHub
    wants to be asked again, if it said so.
    """

    def __init__(self, message: str, *, happened: bool, wait: float | None = None) -> None:
        super().__init__(message)
        self.happened = happened
        self.wait = wait


class RateLimited(GitHubError):
    """Too many requests; nothing was done. ``wait`` is after how many seconds one is answered again."""

    def __init__(self, message: str, *, wait: float) -> None:
        super().__init__(message)
        self.wait = wait
