"""What tests of the client for GitHub's API have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from github_server import TOKEN
from mlir_release.github import GitHubError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "llvm/llvm-project"
SHA = "0123456789" * 4


def refusal(work: Callable[[], object], kind: type[GitHubError] = GitHubError) -> str:
    with pytest.raises(kind) as caught:
        work()
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert TOKEN not in line
    return line
