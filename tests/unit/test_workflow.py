"""What a session refuses before it does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import options
from mlir_release.errors import UserError
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("choice", ["wheels/mlir_sdk-22.1.8-py3-none-any.whl", "22.1.8"])
def test_the_platforms_wheels_are_not_made_from_one_of_them(tmp_path: Path, choice: str) -> None:
    flow = Workflow(tmp_path, options.parse(["--sdk", choice, "--cache", str(tmp_path / "cache")], tmp_path))
    with pytest.raises(UserError, match="makes the SDK's wheels, not from one of them: leave out --sdk"):
        flow.package_sdk()
    assert not (tmp_path / "cache").exists()
