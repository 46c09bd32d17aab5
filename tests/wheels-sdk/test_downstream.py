"""A downstream project is built: with nothing but pip, and from a folder that the SDK was moved to."""

from __future__ import annotations

import sys
import time
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any, Callable

import mlir_sdk
import pytest

Run = Callable[..., Any]
_PROGRAM = "tiny_dialect/bin/tiny"
_SAID = "tiny: module {\n}\n"


def _said(program: Path, run: Run) -> str:
    return str(run(program).stdout)


def test_pip_builds_a_project_that_names_no_path(
    run: Run, project: Path, wheels: list[Path], tmp_path: Path, measured: Callable[[str], None]
) -> None:
    # The exact version, so that no index's SDK is taken.
    settings = project / "pyproject.toml"
    text = settings.read_text().replace('"mlir-sdk"', f'"mlir-sdk=={metadata.version("mlir-sdk")}"')
    settings.write_text(text)
    start = time.monotonic()

    run(
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-cache-dir",
        *(f"--find-links={wheel.parent}" for wheel in wheels), "--wheel-dir", "made", project,
    )  # fmt: skip

    measured(f"pip wheel of a small project: {time.monotonic() - start:.0f} s")
    (made,) = (tmp_path / "made").glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        program = Path(archive.extract(_PROGRAM, tmp_path))
    program.chmod(0o755)
    assert _said(program, run) == _SAID


@pytest.fixture
def moved(run: Run, wheels: list[Path], tmp_path: Path) -> Path:
    """Both wheels, installed into a folder that was then renamed."""
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        "first",
        *wheels,
    )
    return (tmp_path / "first").rename(tmp_path / "a second place")


def test_the_sdk_works_where_it_was_moved_to(
    run: Run, project: Path, moved: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    where = {**environment, "PYTHONPATH": str(moved)}
    folder = Path(run(sys.executable, "-m", "mlir_sdk", "--cmake-dir", env=where).stdout.strip())
    assert moved in folder.parents
    build = tmp_path / "build"

    run(
        sys.executable, "-m", "cmake", "-G", "Ninja", "-S", project, "-B", build, f"-DMLIR_DIR={folder}",
        # What scikit-build-core would say by the entry point.
        f"-DCMAKE_MODULE_PATH={folder};{folder.parents[3] / 'llvm_sdk/lib/cmake/llvm'}",
        "-DCMAKE_BUILD_TYPE=Release",
    )  # fmt: skip
    run(sys.executable, "-m", "cmake", "--build", build)

    assert _said(build / "tiny", run) == _SAID
    assert str(mlir_sdk.prefix()) not in (build / "build.ninja").read_text()
