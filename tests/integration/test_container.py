"""Sessions inside real containers, of an image that is as small as one with Python can be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import manylinux
from child import start, wait_until
from debian_tree import unpack
from mlir_release import apt
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.engine import Engine

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has containers of its own"),
    pytest.mark.skipif(not apt.present(), reason="without apt, there is nothing to make an image of"),
]

ROOT = Path(__file__).parents[2]
COPIED = ("noxfile.py", "pyproject.toml", "llvm-project.version", "packaging")
IMAGE = "localhost/mlir-py-release-test"
BARE = "localhost/mlir-py-release-test-bare"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("container")


@pytest.fixture(scope="module")
def containers(folder: Path) -> Iterator[Engine]:
    with manylinux.engine_of_this_machine(folder) as found:
        yield found


@pytest.fixture(scope="module")
def image(containers: Engine, folder: Path) -> Iterator[str]:
    """Debian 12's Python and a shell; and the name with BARE for the same without the Python."""
    tree = unpack("bookworm", ["dash", "coreutils", "python3-venv"], folder)
    (tree / "tmp").mkdir(mode=0o777)
    manylinux.add_certificates(tree)
    archive = folder / "image.tar"
    for name, left_out in ((IMAGE, "nothing"), (BARE, "./usr/*python*")):
        run(["tar", "-C", tree, f"--exclude={left_out}", "-cf", archive, "."], quiet=True)
        run([containers.name, "import", archive, name], quiet=True)
    yield IMAGE
    run([containers.name, "rmi", "--force", IMAGE, BARE], quiet=True)


@pytest.fixture(scope="module")
def project(folder: Path) -> Path:
    """A copy of this project."""
    made = folder / "project"
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__", ".*cache"))
        else:
            made.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, made / name)
    return made


def nox(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    cache = f"--cache={project.parent / 'cache'}"
    return subprocess.run(
        [sys.executable, "-m", "nox", "-f", project / "noxfile.py", "-s", *words, cache],
        env={**os.environ, "NOX_SCRIPT_MODE": "none"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def content(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_doctor_looks_at_the_machine_in_the_container(project: Path, image: str) -> None:
    before = content(project)
    done = nox(project, "doctor", "--", "--container", image)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    # This machine has a compiler, and headers for its Python; the image has neither.
    assert "compiler        missing  no C++ compiler that can build MLIR" in said
    assert "(/usr/bin/python3.11 has no Python.h: install its development files)" in said
    assert f"{project.parent / 'cache'}, " in said
    assert content(project) - before <= {project / "wheelhouse"}


def test_a_mistake_inside_ends_as_it_does_outside(project: Path, image: str) -> None:
    (project.parent / "nothing").mkdir()
    words = ("test-3.11", "--", "--wheelhouse", str(project.parent / "nothing"))
    done = nox(project, *words, "--container", image)
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2, said
    assert said[-1].startswith("nox > Session test-3.11 aborted: no CPython 3.11 that can be built for")
    assert said[-1].count("(took ") < 2


def test_an_image_without_python(project: Path, image: str) -> None:
    assert image
    done = nox(project, "doctor", "--", "--container", BARE)
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2, said
    assert said[-1].startswith(
        f"nox > Session doctor aborted: {BARE} does not serve (no Python 3.11 or newer);"
        " take one of manylinux's"
    )


@pytest.mark.usefixtures("containers")
def test_an_image_that_is_nowhere(project: Path) -> None:
    done = nox(project, "doctor", "--", "--container", "localhost/no-such-image-at-all")
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2, said
    assert "the image localhost/no-such-image-at-all is not on this machine and cannot be" in said[-1]


SLEEP = """\
import signal, sys
from mlir_release import engine
# As on a terminal, also where these tests run in the background, which ignores some signals.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
engine.find().contain([sys.argv[1], "sleep", "300"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_container_outlives_its_session(containers: Engine, image: str, number: signal.Signals) -> None:
    def running() -> list[str]:
        words = [containers.name, "ps", "--all", "--quiet", "--filter", "name=mlir-py-release-"]
        return run(words, quiet=True).output.split()

    assert not running()
    session = start(SLEEP, image)
    wait_until(running)
    session.send_signal(number)
    session.wait(timeout=60)
    assert session.returncode != 0
    assert not running()
