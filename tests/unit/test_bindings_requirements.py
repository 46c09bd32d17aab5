"""What the bindings need, on every system and Python that they have wheels for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from mlir_release import targets
from mlir_release.series import SERIES, version_of

ROOT = Path(__file__).parents[2]
CONTENT: dict[str, Any] = tomllib.loads(
    (ROOT / "packaging" / "mlir-python-bindings" / "pyproject.toml").read_text(encoding="utf-8")
)
PROJECT, DYNAMIC = CONTENT["project"], CONTENT["tool"]["dynamic-metadata"]
NEEDED = [Requirement(it) for it in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["opdsl"])]
# As Python spells them there (sys.platform, platform.machine).
SYSTEMS = {"manylinux": "linux", "musllinux": "linux", "macosx": "darwin", "win": "win32"}
MACHINES = {"windows-amd64": "AMD64", "windows-arm64": "ARM64"}


def chosen(target: str, version: str) -> dict[str, Requirement]:
    """The one requirement of each distribution that applies."""
    (found,) = (it for it in targets.TARGETS if it.name == target)
    environment = {
        "python_version": version,
        "sys_platform": SYSTEMS[found.family],
        "platform_machine": MACHINES.get(target, found.machine),
        "extra": "",
    }
    apply = [it for it in NEEDED if it.marker is None or it.marker.evaluate(environment)]
    by_name = {it.name: it for it in apply}
    assert len(apply) == len(by_name)
    return by_name


@pytest.mark.parametrize("target", [it.name for it in targets.TARGETS])
def test_each_system_and_python_has_one_range_of_each(target: str) -> None:
    (found,) = (it for it in targets.TARGETS if it.name == target)
    for series in (it for it in SERIES if it.version >= version_of(found.oldest)):
        needed = chosen(target, series.name.removesuffix("t"))
        assert sorted(needed) == ["PyYAML", "ml_dtypes", "numpy"]


@pytest.mark.parametrize(
    ("target", "version", "name", "inside", "outside"),
    [
        # Upstream's, wherever it has files.
        ("linux-x86_64", "3.12", "numpy", "2.1.2", "2.1.3"),
        ("macos-arm64", "3.13", "numpy", "2.1.2", "2.1.3"),
        ("linux-aarch64", "3.12", "ml_dtypes", "0.6.0", "0.6.1"),
        # The newest that has files for 3.13t.
        ("windows-amd64", "3.13", "numpy", "2.1.3", "2.2.0"),
        ("linux-x86_64", "3.13", "ml_dtypes", "0.5.4", "0.6.0"),
        # The oldest that has files for 3.14, and the newest that has them for 3.14t everywhere.
        ("linux-x86_64", "3.14", "numpy", "2.3.2", "2.1.2"),
        ("macos-x86_64", "3.14", "numpy", "2.3.5", "2.4.0"),
        ("windows-amd64", "3.14", "ml_dtypes", "0.6.0", "0.5.3"),
        # The oldest that has files for Windows on Arm.
        ("windows-arm64", "3.11", "numpy", "2.3.2", "2.1.3"),
        ("windows-arm64", "3.12", "PyYAML", "6.0.3", "6.0.1"),
    ],
)
def test_a_range_ends_where_the_files_do(
    target: str, version: str, name: str, inside: str, outside: str
) -> None:
    specifier = chosen(target, version)[name].specifier
    assert specifier.contains(inside)
    assert not specifier.contains(outside)


def test_every_python_is_said() -> None:
    (classifiers,) = (it["classifiers"] for it in DYNAMIC if "classifiers" in it)
    said = [it.rpartition(" ")[2] for it in classifiers if ":: Python :: 3." in it]
    assert said == [it.name for it in SERIES if not it.name.endswith("t")]
