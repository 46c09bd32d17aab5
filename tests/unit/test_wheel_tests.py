from __future__ import annotations

import dataclasses
import sys
import zipfile
from pathlib import Path

import pytest

from mlir_release import wheel_tests
from mlir_release.environments import Environment
from mlir_release.errors import UserError
from mlir_release.interpreters import Interpreter

METADATA = """\
Metadata-Version: 2.2
Name: mlir-python-bindings
Version: 22.1.8
Requires-Dist: numpy<=2.1.2,>=1.19.5
Requires-Dist: ml_dtypes<=0.6.0,>=0.1.0; python_version < "3.13"
Requires-Dist: ml_dtypes<=0.6.0,>=0.5.0; python_version >= "3.13"
Requires-Dist: exceptions-of-old; python_full_version < "3.9.10"
Provides-Extra: opdsl
Requires-Dist: PyYAML<=6.0.1,>=5.4.0; (python_version < "3.13") and extra == "opdsl"
Requires-Dist: PyYAML>=6.0.2; (python_version >= "3.13") and extra == "opdsl"
Provides-Extra: docs
Requires-Dist: sphinx; extra == "docs"

The text of the description.

Requires-Dist: not-a-header
"""


TESTS = """\
def test_one(): pass
def test_two():
    if not __debug__:
        raise RuntimeError("asserts do nothing")
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTEST_ADDOPTS", "-k test_one"),
        ("PYTEST_PLUGINS", "no_such_plugin"),
        ("PYTHONOPTIMIZE", "1"),
        ("PYTHONWARNINGS", "no-such-action"),
    ],
)
def test_the_users_environment_does_not_say_what_is_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    subject = wheel_tests.Subject(wheels=(), environment=Environment(tmp_path), packages=tmp_path)
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "pytest.ini").write_text("[pytest]\n")
    (tests / "test_it.py").write_text(TESTS)
    monkeypatch.setenv(name, value)
    junit = wheel_tests.run_own(subject, tests, source=tmp_path, output=tmp_path / "output")
    assert 'tests="2"' in junit.read_text()


def interpreter(version: str = "3.9.18") -> Interpreter:
    major, minor = version.split(".")[:2]
    return Interpreter(path=Path("python"), version=version, tag=f"cp{major}{minor}", found_in="PATH")


def find(folder: Path, tag: str = "cp39") -> Path:
    return wheel_tests.find(
        folder, "mlir_python_bindings", tag, build="nox -s build-3.9", platform="manylinux_2_28_x86_64"
    )


def wheel(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mlir_python_bindings-22.1.8.dist-info/METADATA", METADATA)
    return path


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.9.18", ["ml_dtypes<=0.6.0,>=0.1.0", "PyYAML<=6.0.1,>=5.4.0"]),
        ("3.9.5", ["ml_dtypes<=0.6.0,>=0.1.0", "exceptions-of-old", "PyYAML<=6.0.1,>=5.4.0"]),
        ("3.13.0", ["ml_dtypes<=0.6.0,>=0.5.0", "PyYAML>=6.0.2"]),
    ],
)
def test_requirements_are_those_of_the_target_interpreter(
    tmp_path: Path, version: str, expected: list[str]
) -> None:
    path = wheel(tmp_path, "mlir_python_bindings-22.1.8-py3-none-any.whl")
    found = wheel_tests.required_by(path, interpreter(version))
    assert found == ["numpy<=2.1.2,>=1.19.5", *expected]


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ([], []),
        (["numpy>=1.19.5"], ["numpy==1.19.5"]),
        # As numbers, not as text.
        (["numpy>=1.9", "numpy>=1.21.3", "numpy>=1.10"], ["numpy==1.21.3"]),
        (["ml_dtypes>=0.5.1,<1,!=0.5.2"], ["ml_dtypes==0.5.1"]),
        (["PyYAML", "other<2"], ["PyYAML", "other<2"]),
    ],
)
def test_the_lowest_versions_are_those_that_all_requirements_allow(
    requirements: list[str], expected: list[str]
) -> None:
    assert wheel_tests.lowest_of(requirements) == expected


def test_the_wheel_of_the_interpreter_is_found(tmp_path: Path) -> None:
    for tag in ("cp39-cp39", "cp310-cp310", "cp313-cp313", "cp313-cp313t"):
        wheel(tmp_path, f"mlir_python_bindings-22.1.8.dev0+gca7933e47-{tag}-manylinux_2_36_x86_64.whl")
    wheel(tmp_path, "other-1-cp39-cp39-manylinux_2_36_x86_64.whl")
    assert "-cp39-cp39-" in find(tmp_path).name
    assert "-cp310-" in find(tmp_path, "cp310").name
    assert "-cp313-cp313-" in find(tmp_path, "cp313").name
    assert "-cp313-cp313t-" in find(tmp_path, "cp313t").name


def test_a_wheel_for_another_system_is_not_tested_here(tmp_path: Path) -> None:
    name = "mlir_python_bindings-22.1.8-cp39-cp39-{}_x86_64.whl"
    wheel(tmp_path, name.format("musllinux_1_2"))
    with pytest.raises(UserError, match="has no wheel of mlir_python_bindings for cp39;"):
        find(tmp_path)
    ours = wheel(tmp_path, name.format("manylinux_2_36"))
    assert find(tmp_path) == ours


def test_a_free_threaded_wheel_does_not_serve_the_other(tmp_path: Path) -> None:
    wheel(tmp_path, "mlir_python_bindings-22.1.8-cp313-cp313t-manylinux_2_36_x86_64.whl")
    with pytest.raises(UserError, match="no wheel of mlir_python_bindings for cp313;"):
        find(tmp_path, "cp313")


def test_a_free_threaded_interpreter_is_its_version_to_markers(tmp_path: Path) -> None:
    path = wheel(tmp_path, "mlir_python_bindings-22.1.8-py3-none-any.whl")
    both = [dataclasses.replace(interpreter("3.13.0"), tag=tag) for tag in ("cp313", "cp313t")]
    first, second = (wheel_tests.required_by(path, it) for it in both)
    assert first == second


def test_an_interpreter_can_have_its_own_requirements(tmp_path: Path) -> None:
    own = dataclasses.replace(interpreter("3.13.0"), tag="cp313t")
    assert wheel_tests.requirements_of(tmp_path, own).name == "requirements.txt"
    (tmp_path / "requirements-cp313t.txt").touch()
    assert wheel_tests.requirements_of(tmp_path, own).name == "requirements-cp313t.txt"
    assert wheel_tests.requirements_of(tmp_path, interpreter("3.13.0")).name == "requirements.txt"


@pytest.mark.parametrize("exists", [True, False])
def test_no_wheel_says_what_makes_one(tmp_path: Path, *, exists: bool) -> None:
    folder = tmp_path / "wheelhouse"
    if exists:
        wheel(folder, "mlir_python_bindings-22.1.8-cp310-cp310-manylinux_2_36_x86_64.whl")
    with pytest.raises(UserError) as caught:
        find(folder)
    assert (
        str(caught.value) == f"{folder} has no wheel of mlir_python_bindings for cp39; run nox -s build-3.9"
    )


def test_two_wheels_are_one_too_many(tmp_path: Path) -> None:
    for version in ("22.1.7", "22.1.8"):
        wheel(tmp_path, f"mlir_python_bindings-{version}-cp39-cp39-manylinux_2_36_x86_64.whl")
    with pytest.raises(
        UserError, match=r"has 2 wheels of mlir_python_bindings for cp39; run nox -s build-3\.9$"
    ):
        find(tmp_path)
