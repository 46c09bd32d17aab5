"""What the machine has that small things are built with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import interpreters, toolchain
from mlir_release.store import Store

if TYPE_CHECKING:
    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """The compiler that builds take; installed, where that is possible."""
    return toolchain.obtain(llvm_major=22, store=Store.open(tmp_path_factory.mktemp("compiler")))


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The newest Python of this machine that wheels can be built for."""
    found = [it for it in interpreters.find_all().values() if it]
    assert found, "no Python here has its Python.h; `nox -s doctor` says what to do"
    return found[-1]
