"""The sessions from the source to tested wheels, with distributions that compile in a moment."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from session_project import write

if TYPE_CHECKING:
    from session_project import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="wheels are repaired on Linux only")

PROJECT = Path(__file__).parent / "projects" / "tiny-bindings"
# What makes the same project one whose wheel is the platform's, with tests of its own.
PLATFORM = {
    'made-per = "interpreter"': 'made-per = "platform"\ntests = "wheels-tiny"\nmax-megabytes = 1',
    "[tool.scikit-build]\n": '[tool.scikit-build]\nwheel.py-api = "py3"\n',
    'name = "tiny-bindings"': 'name = "tiny-tools"',
}
TEST = """\
import ctypes, pathlib, mlir
def test_the_library_is_the_wheels():
    library, = pathlib.Path(mlir.__file__).parent.glob("libtiny_shared*")
    assert ctypes.CDLL(str(library)).shared_by_all() == 2
"""


@pytest.fixture
def tiny(project: Project) -> Project:
    """A project that packages two tiny things and nothing else."""
    packaging = project.root / "packaging"
    for folder in packaging.glob("*-*"):
        shutil.rmtree(folder)
    shutil.copytree(PROJECT, packaging / "tiny-bindings")
    file = shutil.copytree(PROJECT, packaging / "tiny-tools") / "pyproject.toml"
    text = file.read_text()
    for old, new in PLATFORM.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    tests = project.root / "tests" / "wheels-tiny"
    write(tests / "pytest.ini", "[pytest]\n")
    write(tests / "requirements.txt", "pytest\n")
    write(tests / "test_it.py", TEST)
    return project


def run(project: Project, session: str, *options: str) -> str:
    done = project.nox("-s", session, "--", *project.here(), *options)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def only(wheelhouse: Path, start: str) -> Path:
    (wheel,) = wheelhouse.glob(f"{start}-*.whl")
    return wheel


def test_the_wheels_of_an_interpreter_and_of_the_platform(tiny: Project) -> None:
    said = run(tiny, f"build-{tiny.series}")
    wheel = only(tiny.wheelhouse, "tiny_bindings")
    assert f"-{tiny.tag}-{tiny.tag}-manylinux" in wheel.name
    assert "SDK   system, for local use" in said
    assert f"made {tiny.root.parent / 'cache'}" in said

    said = run(tiny, "sdk")
    wheel = only(tiny.wheelhouse, "tiny_tools")
    assert "-py3-none-manylinux" in wheel.name
    rows = [line.split() for line in said.partition("== SDK\n")[2].splitlines()]
    assert [wheel.name, "0.0", "MB", "in", str(tiny.wheelhouse)] in rows
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.startswith("mlir/libtiny_shared") for name in archive.namelist())

    said = run(tiny, "test-sdk")
    assert "1 passed" in said
    record = wheel.with_name(f"{wheel.name}.tests.json")
    suites = [{"suite": "wheels-tiny", "passed": 1, "failed": 0, "skipped": 0}]
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert json.loads(record.read_text()) == {"sha256": sha256, "suites": suites}
    # And a test that fails is a session that fails.
    (tiny.root / "tests/wheels-tiny/test_it.py").write_text("def test_it():\n    raise ValueError\n")
    done = tiny.nox("-s", "test-sdk", "--", *tiny.here())
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert not record.exists()


def test_a_wheel_beside_what_its_users_have(tiny: Project) -> None:
    said = tiny.refusal(f"test-{tiny.series}", *tiny.here(), "--beside")
    assert said.startswith("there are no tests of tiny-bindings beside others; ")

    file = tiny.root / "packaging" / "tiny-bindings" / "pyproject.toml"
    made = 'made-per = "interpreter"'
    file.write_text(file.read_text().replace(made, f'{made}\ntests = "wheels-tiny"'))
    beside = tiny.root / "tests" / "wheels-tiny-beside"
    write(beside / "pytest.ini", "[pytest]\n")
    write(beside / "requirements.txt", "attrs\n")
    write(beside / "test_both.py", "import attrs, mlir\ndef test_both():\n    assert attrs.define\n")
    run(tiny, f"build-{tiny.series}")
    said = run(tiny, f"test-{tiny.series}", "--beside")
    assert said.count("1 passed") == 2
    assert not list(tiny.wheelhouse.glob("*.tests.json"))
    # A package that cannot be had ends the session.
    write(beside / "requirements.txt", "attrs<1\n")
    done = tiny.nox("-s", f"test-{tiny.series}", "--", *tiny.here(), "--beside")
    assert done.returncode == 1
