"""A wheel with the stable ABI keeps to it, or is not repaired."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release.repair import abi3, repair
from mlir_release.repair.wheel_files import BadWheel
from wheels import SmallWheel
from workshop import EXTENSION, grafts

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store
    from workshop import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its wheels are made for Linux")

STABLE = f"#define Py_LIMITED_API 0x030C0000\n{EXTENSION}"


def raw(workshop: Workshop, folder: Path, source: str, name: str = "_tiny.abi3.so") -> Path:
    """A wheel for CPython 3.12 and newer."""
    library = workshop.link(folder / name, source, f"-L{workshop.foreign}", "-lforeign")
    files = {f"tiny/{name}": library.read_bytes(), "tiny/__init__.py": b"from tiny._tiny import answer\n"}
    made = SmallWheel(name="tiny", version="1.0", tag="cp312-abi3-linux_x86_64", files=files)
    return made.write(folder / "raw")


def using(function: str) -> str:
    """The source of a module that uses a function of Python's, whatever its headers say of that."""
    return f"{STABLE}void {function}(void);\nvoid *use(void) {{ return (void *){function}; }}\n"


def problem_of(wheel: Path, workshop: Workshop, store: Store) -> str:
    with pytest.raises(BadWheel) as caught:
        repair(wheel, library_dirs=[workshop.foreign], store=store)
    assert len(str(caught.value).splitlines()) == 1
    (problem,) = caught.value.problems
    return problem


def test_one_that_keeps_to_it_is_repaired(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    repaired = repair(raw(workshop, tmp_path, STABLE), library_dirs=[workshop.foreign], store=store)
    assert repaired.name.startswith("tiny-1.0-cp312-abi3-manylinux")
    assert len(grafts(repaired)) == 1


def test_what_is_not_of_it_is_named(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    problem = problem_of(raw(workshop, tmp_path, using("PyFrame_GetLasti")), workshop, store)
    assert problem == "_tiny.abi3.so uses what is not of the stable ABI: PyFrame_GetLasti"


def test_what_came_later_is_named(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    problem = problem_of(raw(workshop, tmp_path, using("PyDict_GetItemRef")), workshop, store)
    assert problem == "_tiny.abi3.so uses what is newer than Python 3.12: PyDict_GetItemRef (3.13)"


def test_a_module_of_one_python_is_named(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    name = "_tiny.cpython-312-x86_64-linux-gnu.so"
    assert name in problem_of(raw(workshop, tmp_path, STABLE, name), workshop, store)


def test_what_cannot_be_read_is_no_pass(tmp_path: Path) -> None:
    files = {"tiny/_tiny.abi3.so": b"\x7fELF, but not for long"}
    wheel = SmallWheel(name="tiny", version="1.0", tag="cp312-abi3-linux_x86_64", files=files)
    with pytest.raises(BadWheel, match="abi3audit"):
        abi3.check(wheel.write(tmp_path), tmp_path / "log")


def test_a_wheel_of_one_python_may_use_anything(tmp_path: Path) -> None:
    wheel = SmallWheel(name="tiny", version="1.0", tag="cp312-cp312-linux_x86_64")
    abi3.check(wheel.write(tmp_path), tmp_path / "log")
