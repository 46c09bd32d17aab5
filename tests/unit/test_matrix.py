"""The jobs of the workflows, and that they make what a release owes."""

from __future__ import annotations

import importlib.resources
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release import lines, matrix, pin, targets
from mlir_release.distributions import Distribution, MadePer
from mlir_release.errors import UserError
from mlir_release.series import SERIES, abis
from mlir_release.targets import Slot, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.series import Abi


def distribution(name: str, made_per: MadePer) -> Distribution:
    return Distribution(name=name, folder=Path(name), requires=(), targets=(), made_per=made_per)


EVERY = abis(SERIES, stable=False)
STABLE = abis(SERIES, stable=True)
ROOT = Path(__file__).parents[2]
PACKAGED = (
    distribution("bindings", MadePer.INTERPRETER),
    distribution("an-sdk", MadePer.PLATFORM),
    distribution("tools", MadePer.PLATFORM),
)


def jobs(*words: str, of: Sequence[Abi] = EVERY) -> dict[str, list[dict[str, str]]]:
    """The jobs of each matrix."""
    found: dict[str, Any] = dict(matrix.matrices(matrix.parse(words, of)))
    assert all(list(it) == ["include"] for it in found.values())
    return {name: it["include"] for name, it in found.items()}


def made(found: dict[str, list[dict[str, str]]]) -> set[Slot]:
    """What the jobs leave behind."""
    sdk = [(job["target"], "py3", MadePer.PLATFORM) for job in found["sdk"]]
    wheels = [(job["target"], job["python"], MadePer.INTERPRETER) for job in found["wheels"]]
    return {
        Slot(distribution=it.name, target=target, python=python)
        for target, python, kind in [*sdk, *wheels]
        for it in PACKAGED
        if it.made_per is kind
    }


def optional(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True)


@given(
    systems=optional([it.name for it in targets.TARGETS if it.tier is Tier.OPTIONAL]),
    pythons=optional([it.tag for it in SERIES if it.tier is Tier.OPTIONAL and it.cibuildwheel]),
)
def test_the_jobs_make_what_is_owed_and_nothing_impossible(systems: list[str], pythons: list[str]) -> None:
    required = [it.name for it in targets.TARGETS if it.tier is Tier.REQUIRED]
    always = [it.tag for it in SERIES if it.tier is Tier.REQUIRED]
    there = made(jobs("--targets", ",".join([*required, *systems]), "--only", ",".join([*always, *pythons])))
    assert set(targets.owed_by_all(PACKAGED, EVERY)) <= there <= set(targets.possible(PACKAGED, EVERY))
    assert {*required, *systems} == {it.target for it in there}
    assert {*always, *pythons, "py3"} == {it.python for it in there}


def test_the_jobs_of_all_systems_make_all_that_is_possible_with_cibuildwheel() -> None:
    made_by_hand = {it.tag for it in SERIES if not it.cibuildwheel}
    there = made(jobs("--targets", ",".join(it.name for it in targets.TARGETS)))
    assert there == {it for it in targets.possible(PACKAGED, EVERY) if it.python not in made_by_hand}


def test_optional_systems_have_jobs_only_when_they_are_named() -> None:
    there = made(jobs())
    assert set(targets.owed_by_all(PACKAGED, EVERY)) < there
    assert {it.target for it in there} == {it.target for it in targets.owed_by_all(PACKAGED, EVERY)}
    assert "cp314t" in {it.python for it in there}


def test_the_jobs_of_what_is_owed_are_required() -> None:
    found = jobs("--targets", ",".join(it.name for it in targets.TARGETS))
    required = {kind: [job for job in them if job["tier"] == "required"] for kind, them in found.items()}
    assert made(required) == set(targets.owed_by_all(PACKAGED, EVERY))


def test_a_job_says_where_it_runs_and_what_it_makes() -> None:
    found = jobs("--targets", "windows-arm64,macos-arm64", "--only", "cp39,cp314t")
    assert found == {
        "sdk": [
            {"target": "macos-arm64", "runner": "macos-15", "tier": "required", "policy": ""},
            {"target": "windows-arm64", "runner": "windows-11-arm", "tier": "optional", "policy": ""},
        ],
        "wheels": [
            {
                "target": "macos-arm64",
                "runner": "macos-15",
                "tier": "required",
                "python": "cp39",
                "build": "cp39-macosx_arm64",
            },
            {
                "target": "macos-arm64",
                "runner": "macos-15",
                "tier": "optional",
                "python": "cp314t",
                "build": "cp314t-macosx_arm64",
            },
            {
                "target": "windows-arm64",
                "runner": "windows-11-arm",
                "tier": "optional",
                "python": "cp314t",
                "build": "cp314t-win_arm64",
            },
        ],
    }


def test_one_job_builds_and_tests_what_serves_several() -> None:
    found = jobs("--targets", "linux-x86_64", of=STABLE)["wheels"]
    (shared,) = (job for job in found if job["python"] == "cp312-abi3")
    assert shared["build"] == ",".join(f"cp3{minor}-manylinux_x86_64" for minor in (12, 13, 14, 15))
    assert jobs("--targets", "linux-x86_64", "--only", "cp313", of=STABLE)["wheels"] == [shared]


def test_the_pinned_cibuildwheel_knows_exactly_these_builds() -> None:
    text = importlib.resources.files("cibuildwheel").joinpath("resources/build-platforms.toml").read_text()
    content = tomllib.loads(text)
    known = {
        configuration["identifier"]
        for system in ("linux", "macos", "windows")
        for configuration in content[system]["python_configurations"]
    }
    found = jobs("--targets", ",".join(it.name for it in targets.TARGETS))
    assert {job["build"] for job in found["wheels"]} <= known
    lacking = {it.tag for it in SERIES if not it.cibuildwheel}
    assert not {build for build in known if build.partition("-")[0] in lacking}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--targets", "linux"], r"--targets names 'linux', which is not one of linux-x86_64, linux-aarch64"),
        (["--targets", "linux-x86_64,"], r"--targets names '', which is not one of "),
        (["--only", "3.9"], r"--only names '3\.9', which is not one of cp39, cp310"),
        (["--only", "py3"], r"--only names 'py3', which is not one of cp39, cp310"),
        (["--only", "cp39,cp313t"], r"no wheels for cp313t: leave it out .* nox -s build-3\.13t"),
        (["--targets", "windows-arm64", "--only", "cp39"], r"^no wheel is for these targets"),
        (["everything"], r"unrecognized arguments: everything; the options are: "),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        matrix.run(words, ROOT)
    assert len(str(caught.value).splitlines()) == 1


def test_the_session_prints_one_object_and_hands_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    output.write_text("before=1\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    matrix.run([], ROOT)
    said = capsys.readouterr()
    printed = json.loads(said.out)
    assert printed == matrix.matrices(matrix.parse([], lines.abis_of(pin.read(ROOT / pin.FILE_NAME))))
    assert said.err == "cp313t has no jobs: cibuildwheel makes no wheels for it\n"
    before, *found = output.read_text(encoding="utf-8").splitlines()
    assert before == "before=1"
    handed_on = (line.partition("=") for line in found)
    assert {name: json.loads(value) for name, _, value in handed_on} == printed
