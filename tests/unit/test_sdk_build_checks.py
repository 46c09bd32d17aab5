"""What the provider ``build`` finds out in seconds, before hours are spent."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import pytest

from mlir_release import sdk
from mlir_release.compilers import NoCompiler
from mlir_release.errors import MissingTool, ToolFailed, UserError
from mlir_release.sdk import CannotServe
from mlir_release.sdk.build import KIND, Build
from mlir_release.source import SourceTree
from mlir_release.store import content_key
from mlir_release.toolchain import Toolchain

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine

    from mlir_release.store import Store

GB = 1_000_000_000


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` gives, in bytes."""

    total: int
    used: int
    free: int


def fetch() -> NoReturn:
    raise AssertionError("the source was fetched")


@dataclass(frozen=True)
class Stage:
    """A provider whose tree is empty, and whose compiler only fails."""

    build: Build
    store: Store

    def obtain(self) -> None:
        self.build.obtain(version="22.1.8", store=self.store)


@pytest.fixture
def stage(machine: Machine, tmp_path: Path, store: Store) -> Stage:
    program = machine.program("c++", "exit 1")
    found = Toolchain(cc=program, cxx=program, name="clang 22", linker="lld", key={"compiler": "22"})
    tree = SourceTree(
        path=tmp_path, commit=None, version="22.1.8", origin="checkout", patches=(), key="source"
    )
    return Stage(Build(tree=lambda: tree, toolchain=lambda: found), store)


def test_a_compiler_cache_that_is_not_there(store: Store) -> None:
    build = Build(tree=fetch, toolchain=fetch, compiler_launcher="no-such-cache")
    with pytest.raises(UserError, match="'no-such-cache', given as the compiler launcher, is not on this"):
        build.obtain(version="22.1.8", store=store)


def test_a_compiler_that_does_not_serve(store: Store) -> None:
    def refuse() -> NoReturn:
        raise NoCompiler("gcc 7.1 is too old")

    with pytest.raises(NoCompiler, match="too old"):
        Build(tree=fetch, toolchain=refuse).obtain(version="22.1.8", store=store)


def test_what_a_stopped_build_has_written_needs_no_room_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(20 * GB, 16 * GB, 4 * GB))
    with pytest.raises(
        UserError, match=r"compiling LLVM and MLIR needs 10\.0 GB in .*, where 4\.0 GB are free"
    ):
        stage.obtain()
    key = content_key(
        {"source": "source", "toolchain": {"compiler": "22"}, "recipe": stage.build.recipe.parts()}
    )
    left = stage.store.work_folder(KIND, key) / "build" / "libLLVM.a"
    left.parent.mkdir(parents=True)
    left.touch()
    os.truncate(left, 7 * GB)  # a hole, not 7 GB
    # Compiling is what comes next: nothing here can.
    with pytest.raises((MissingTool, ToolFailed), match=r"^cmake "):
        stage.obtain()


def test_special_options_are_not_served_by_what_is_installed(store: Store) -> None:
    with pytest.raises(CannotServe) as caught:
        sdk.obtain((Build(tree=fetch, toolchain=fetch),), chosen=None, version="22.1.8", store=store)
    assert "no MLIR 22.1.8 of these options has been compiled; `nox -s sdk` with the same" in str(
        caught.value
    )
