"""What the machine has that small things are built with, and small source trees."""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING

import pytest

import machine
from index_world import Environment
from llvm_tree import LEFT, Server, World, git, write_tree
from mac_workshop import MacWorkshop
from mlir_release import interpreters, toolchain
from mlir_release.pin import Pin
from mlir_release.store import Store
from session_project import make_project
from windows_workshop import WindowsWorkshop
from workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain
    from session_project import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no process is left alone with it at the end."""
    items.sort(key=_limit, reverse=True)


def _limit(item: pytest.Item) -> float:
    """The seconds that a test may take."""
    mark = item.get_closest_marker("timeout")
    return mark.args[0] if mark else 0.0


@pytest.fixture(scope="session", autouse=True)
def git_is_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As a build gets its compiler, tests get git."""
    machine.program("git", tmp_path_factory.mktemp("git"))


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """The compiler that builds take; installed, where that is possible."""
    with machine.LOCK:
        return toolchain.obtain(llvm_major=22, store=Store.open(tmp_path_factory.mktemp("compiler")))


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The newest Python of this machine that wheels can be built for."""
    found = [it for it in interpreters.find_all().values() if it]
    assert found, "no Python here has its Python.h; `nox -s doctor` says what to do"
    return found[-1]


@pytest.fixture(scope="session")
def furnished(
    compiler: Toolchain, interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory
) -> Workshop:
    """A workshop for all tests."""
    return Workshop.furnish(compiler, interpreter, tmp_path_factory.mktemp("foreign"))


@pytest.fixture
def workshop(furnished: Workshop, tmp_path: Path) -> Workshop:
    """A workshop whose foreign library may be taken away."""
    return dataclasses.replace(furnished, foreign=shutil.copytree(furnished.foreign, tmp_path / "foreign"))


@pytest.fixture(scope="session")
def shared_environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One for all tests that install our wheels."""
    return Environment.create(tmp_path_factory.mktemp("environment") / "env")


@pytest.fixture
def environment(shared_environment: Environment) -> Iterator[Path]:
    """The folder of an environment in which nothing is installed."""
    yield shared_environment.folder
    shared_environment.empty()


@pytest.fixture(scope="session")
def mac(tmp_path_factory: pytest.TempPathFactory) -> MacWorkshop:
    """What makes files for macOS."""
    return MacWorkshop.furnish(tmp_path_factory.mktemp("mac"))


@pytest.fixture
def mac_programs(mac: MacWorkshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the programs with which wheels for macOS are repaired."""
    monkeypatch.setenv("PATH", f"{mac.bin}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> WindowsWorkshop:
    """What makes files for Windows."""
    return WindowsWorkshop.furnish(tmp_path_factory.mktemp("windows"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


@pytest.fixture
def world(tmp_path: Path) -> World:
    pristine = write_tree(tmp_path / "pristine")
    shutil.copytree(pristine, tmp_path / "expected", symlinks=True)
    for name in LEFT:
        (tmp_path / "expected" / name).unlink()
    (tmp_path / "patches").mkdir()
    return World(Store.open(tmp_path / "store"), tmp_path / "patches", pristine)


@pytest.fixture
def without_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has neither git nor apt."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.fixture
def server(world: World, tmp_path: Path) -> Server:
    """A bare repository whose pinned commit is not its newest."""
    work = shutil.copytree(world.pristine, tmp_path / "work", symlinks=True)
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=pinned")
    commit = git(work, "rev-parse", "HEAD")
    (work / "mlir/CMakeLists.txt").write_text("project(later)\n")
    git(work, "commit", "--quiet", "--all", "--message=later")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), "llvm-project.git")
    bare = tmp_path / "llvm-project.git"
    git(bare, "config", "uploadpack.allowReachableSHA1InWant", "true")
    git(bare, "config", "uploadpack.allowFilter", "true")
    return Server(f"file://{bare}", Pin(commit=commit, version="22.1.8", ref="main"))


@pytest.fixture
def project(tmp_path: Path, interpreter: Interpreter, compiler: Toolchain) -> Project:
    """A copy of this project, whose sessions can be run."""
    assert compiler.cxx.is_file()  # else a session might install one
    return make_project(tmp_path, interpreter)
