from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.distributions import Distribution, MadePer, read, read_all
from mlir_release.distributions.table import BadTable
from mlir_release.sdk import wheel

PACKAGING = Path(__file__).parents[2] / "packaging"
PROJECT = """\
[build-system]
requires = ["scikit-build-core>=1.1"]
[project]
name = "Tiny-Thing"
"""
WHOLE = """\
[tool.mlir-release]
made-per = "platform"
shared-folder = "shared"
test-target = "Extension"
test-folder = "extension"
tests = "wheels"
max-megabytes = 9.5
[tool.scikit-build]
build.targets = ["Everything"]
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_all_keys(tmp_path: Path) -> None:
    assert read(write(tmp_path, PROJECT + WHOLE)) == Distribution(
        name="Tiny-Thing",
        folder=tmp_path,
        requires=("scikit-build-core>=1.1",),
        targets=("Everything",),
        made_per=MadePer.PLATFORM,
        shared_folder="shared",
        test_target="Extension",
        test_folder="extension",
        tests="wheels",
        max_megabytes=9.5,
    )


def test_no_key_but_one_must_be_there(tmp_path: Path) -> None:
    found = read(write(tmp_path, PROJECT + '[tool.mlir-release]\nmade-per = "interpreter"\n'))
    assert found
    assert found.made_per is MadePer.INTERPRETER
    assert (found.targets, found.shared_folder, found.tests, found.max_megabytes) == ((), None, None, None)
    assert found.wheel_name == "tiny_thing"


def test_only_folders_with_a_table_are_distributions(tmp_path: Path) -> None:
    write(tmp_path / "zebra", PROJECT + WHOLE)
    write(tmp_path / "ant", PROJECT + WHOLE)
    write(tmp_path / "other", PROJECT)
    (tmp_path / "common").mkdir()
    assert [found.folder.name for found in read_all(tmp_path)] == ["ant", "zebra"]
    assert read_all(tmp_path / "nowhere") == ()


def test_those_of_this_project_are_whole() -> None:
    found = {distribution.name: distribution for distribution in read_all(PACKAGING)}
    assert found["mlir-python-bindings"].made_per is MadePer.INTERPRETER
    for distribution in found.values():
        # PyPI takes no more than 100 MB of one file.
        assert distribution.max_megabytes
        assert distribution.max_megabytes < 100
        if distribution.tests:
            assert (PACKAGING.parent / "tests" / distribution.tests / "pytest.ini").is_file()


def test_names_are_those_that_are_to_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is changed in its pyproject.toml; what must follow is found here."""
    names = {it.folder.name: it.name for it in read_all(PACKAGING)}
    assert (names["mlir-sdk"], names["mlir-tools"]) == (wheel.SDK, wheel.TOOLS)
    monkeypatch.syspath_prepend(PACKAGING / "mlir-sdk")
    found = importlib.import_module("same_version").dynamic_metadata({}, {"version": "1.0"})
    assert found == {"dependencies": [f"{names['llvm-sdk']}==1.0"]}
    text = (PACKAGING.parent / "docs" / "releases.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| PyPI and TestPyPI |"))
    assert sorted(re.findall(r"`([\w-]+)`", row)) == sorted(names.values())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("made-per = \n", "it cannot be read"),
        ("[tool]\nmlir-release = 3\n", "tool.mlir-release is not a table"),
        ("[tool.mlir-release]\n", "made-per is not one of interpreter, platform"),
        ('[tool.mlir-release]\nmade-per = "machine"\n', "made-per is not one of interpreter, platform"),
        ("[tool.mlir-release]\nmade-per = 1\n", "made-per is 1, not a text"),
        (WHOLE.replace("9.5", "0"), "max-megabytes is 0, not a number above 0"),
        (WHOLE.replace("9.5", "true"), "max-megabytes is True, not a number above 0"),
        (WHOLE.replace("9.5", "'9'"), "max-megabytes is '9', not a number above 0"),
        (WHOLE.replace('"wheels"', '""'), "tests is '', not a text"),
        (WHOLE.replace("shared-folder", "shared_folder"), "has shared_folder, and may have made-per, "),
        (WHOLE.replace('test-folder = "extension"\n', ""), "only one of test-target and test-folder"),
        (WHOLE.replace('["Everything"]', '"Everything"'), "tool.scikit-build.build.targets is not a list"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadTable, match=re.escape(complaint)) as caught:
        read(write(tmp_path, PROJECT + text))
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("missing", ["name", "requires"])
def test_what_every_project_has(tmp_path: Path, missing: str) -> None:
    text = "\n".join(line for line in PROJECT.splitlines() if not line.startswith(missing))
    with pytest.raises(BadTable, match=f"{missing} is not a "):
        read(write(tmp_path, f"{text}\n{WHOLE}"))


@given(text=st.text(max_size=60))
def test_no_content_is_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    try:
        outcome = read(write(folder, f"{PROJECT}[tool.mlir-release]\nmade-per = {text}\n"))
    except BadTable as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 -- either outcome is right
    else:
        assert outcome
