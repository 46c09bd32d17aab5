"""What the bindings need, on every system and Python that they have wheels for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import line_requirements
from mlir_release import targets
from mlir_release.series import SERIES

if TYPE_CHECKING:
    from collections.abc import Callable

    Metadata = Callable[[str], dict[str, Any]]

ROOT = Path(__file__).parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads(
    (ROOT / "packaging" / "mlir-python-bindings" / "pyproject.toml").read_text(encoding="utf-8")
)
DYNAMIC = PYPROJECT["tool"]["dynamic-metadata"]
(SETTINGS,) = (it for it in DYNAMIC if it["provider"]["module"] == "line_requirements")
# As Python spells them there (sys.platform, platform.machine).
SYSTEMS = {"manylinux": "linux", "musllinux": "linux", "macosx": "darwin", "win": "win32"}
MACHINES = {"windows-amd64": "AMD64", "windows-arm64": "ARM64"}
# mlir/python/requirements.txt of 22.1.8 and of 23.1.1.
OF_22 = """\
nanobind>=2.9, <3.0
PyYAML>=5.4.0, <=6.0.1
numpy>=1.19.5, <=2.1.2
ml_dtypes>=0.1.0, <=0.6.0; python_version<"3.13"   # provides several NumPy dtype extensions
ml_dtypes>=0.5.0, <=0.6.0; python_version>="3.13"
"""
OF_23 = (
    "PyYAML>=5.4.0, <=6.0.1\ntyping_extensions>=4.12.2\nnumpy>=2.1.0, <=2.1.2\nml_dtypes>=0.5.0, <=0.6.0\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "mlir" / "python").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def metadata(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Metadata:
    """What the wheel of a tree with some requirements says."""

    def of(text: str) -> dict[str, Any]:
        (tree / "mlir" / "python" / "requirements.txt").write_text(text, encoding="utf-8")
        monkeypatch.setenv("LLVM_PROJECT_SOURCE", str(tree))
        return line_requirements.dynamic_metadata(SETTINGS, {})

    return of


def chosen(found: dict[str, Any], target: str, version: str) -> dict[str, SpecifierSet]:
    """The versions of each distribution that serve on a system."""
    (system,) = (it for it in targets.TARGETS if it.name == target)
    environment = {
        "python_version": version,
        "sys_platform": SYSTEMS[system.family],
        "platform_machine": MACHINES.get(target, system.machine),
        "extra": "",
    }
    together: dict[str, SpecifierSet] = {}
    for text in (*found["dependencies"], *found["optional-dependencies"]["opdsl"]):
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate(environment):
            together[needed.name] = together.get(needed.name, SpecifierSet()) & needed.specifier
    return together


@pytest.mark.parametrize("target", [it.name for it in targets.TARGETS])
@pytest.mark.parametrize("text", [OF_22, OF_23])
def test_each_system_and_python_has_lowest_versions_and_no_others(
    target: str, text: str, metadata: Metadata
) -> None:
    found = metadata(text)
    for series in SERIES:
        needed = chosen(found, target, series.name.removesuffix("t"))
        assert sorted(needed) == ["PyYAML", "ml_dtypes", "numpy"]
        assert {it.operator for versions in needed.values() for it in versions} == {">="}


@pytest.mark.parametrize(
    ("text", "on", "name", "inside", "outside"),
    [
        # Upstream's, wherever it has files.
        (OF_23, ("linux-x86_64", "3.10"), "numpy", "2.1.0", "2.0.2"),
        (OF_23, ("macos-arm64", "3.12"), "ml_dtypes", "0.5.0", "0.4.1"),
        (OF_22, ("linux-aarch64", "3.11"), "ml_dtypes", "0.1.0", "0.0.4"),
        # The first that has files.
        (OF_22, ("linux-x86_64", "3.10"), "numpy", "1.21.3", "1.21.2"),
        (OF_22, ("linux-x86_64", "3.12"), "ml_dtypes", "0.3.0", "0.2.0"),
        (OF_22, ("linux-x86_64", "3.13"), "ml_dtypes", "0.5.1", "0.5.0"),
        (OF_22, ("windows-amd64", "3.12"), "numpy", "1.26.0", "1.25.2"),
        (OF_23, ("linux-x86_64", "3.14"), "numpy", "2.3.2", "2.3.1"),
        (OF_23, ("linux-x86_64", "3.15"), "PyYAML", "6.0.4", "6.0.3"),
        (OF_22, ("windows-arm64", "3.11"), "numpy", "2.3.0", "2.2.6"),
        # What is newer than all that upstream knew.
        (OF_22, ("linux-x86_64", "3.9"), "numpy", "2.0.2", "1.20.3"),
        (OF_22, ("linux-x86_64", "3.13"), "numpy", "3.0", "2.0.2"),
    ],
)
def test_a_range_begins_where_upstreams_and_the_files_do_and_has_no_end(
    metadata: Metadata, text: str, on: tuple[str, str], name: str, *, inside: str, outside: str
) -> None:
    versions = chosen(metadata(text), *on)[name]
    assert versions.contains(inside)
    assert not versions.contains(outside)


@pytest.mark.parametrize(
    ("upstreams", "ours"),
    [
        ("numpy<3", ["numpy", "numpy>=2; python_version >= '3.13'"]),
        ("NumPy ==1.26.4", ["numpy>=1.26.4", "numpy>=2; python_version >= '3.13'"]),
        ("numpy~=2.1", ["numpy>=2.1"]),
        ("numpy >= 2.0; python_version < '3.13'", ["numpy>=2.0; python_version < '3.13'"]),
    ],
)
def test_of_upstreams_forms_the_lowest_version_is_taken(tree: Path, upstreams: str, ours: list[str]) -> None:
    (tree / "mlir" / "python" / "requirements.txt").write_text(f"{upstreams}\nnumpy-like>=9\n")
    files = ["numpy>=2; python_version >= '3.13'", "other>=7"]
    assert line_requirements.lines(tree, ["numpy"], files) == ours


@pytest.mark.parametrize("text", ["", "numpy-like>=1\n", "-r other.txt\nnumpy\n"])
def test_a_tree_that_does_not_say_it_is_one_line(tree: Path, text: str) -> None:
    (tree / "mlir" / "python" / "requirements.txt").write_text(text)
    with pytest.raises(ValueError, match=r"requirements\.txt") as caught:
        line_requirements.lines(tree, ["numpy"], [])
    assert len(str(caught.value).splitlines()) == 1


def test_every_python_is_said() -> None:
    (classifiers,) = (it["classifiers"] for it in DYNAMIC if "classifiers" in it)
    said = [it.rpartition(" ")[2] for it in classifiers if ":: Python :: 3." in it]
    assert said == [it.name for it in SERIES if not it.name.endswith("t")]
