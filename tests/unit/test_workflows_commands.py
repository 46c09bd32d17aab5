"""What the workflows call: sessions that there are, with options that they understand."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mlir_release import matrix
from mlir_release.series import SERIES, abis, version_of
from mlir_release.targets import TARGETS
from workflow_files import ROOT, commands, complaints, steps, words, workflows

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = workflows()
TAG = "llvm-22.1.8.01"
# What a person would enter, where that is not any text.
GIVEN: dict[str, Any] = {
    "commit": "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1",
    "container": False,
    "index": "testpypi",
    "new": "llvm-sdk,mlir-sdk",
    "only": "cp39,cp313",
    "release": "llvmorg-22.1.8",
    "sdk-options": "--sdk system --assertions",
    "tag": TAG,
    "targets": "linux-x86_64,macos-arm64",
    "wheels-options": "--container image",
}


EVERY = abis(SERIES, stable=False)


def contexts(name: str, *, given: bool) -> dict[str, Any]:
    """Contexts with all inputs as they are by default, or as somebody would set them."""
    on = WORKFLOWS[name].content["on"]
    declared = {**(on.get("workflow_call") or {}), **(on.get("workflow_dispatch") or {})}.get("inputs", {})
    inputs = {
        key: (GIVEN.get(key, True) if given or it.get("required") else it.get("default"))
        for key, it in declared.items()
    }
    jobs = matrix.matrices(matrix.parse([], EVERY))
    return {
        "inputs": inputs,
        "github": {"event_name": "schedule", "token": "token", "ref": "refs/heads/main", "run_id": "1"},
        "runner": {"os": "Linux", "temp": "/temp"},
        "matrix": {**jobs["sdk"]["include"][0], **jobs["wheels"]["include"][0]},
        "needs": {job: {"outputs": {"tag": TAG}} for job in ("plan", "wheels")},
        "steps": {},
    }


@pytest.fixture(scope="module")
def calls() -> dict[tuple[str, bool], list[list[str]]]:
    """What each workflow calls nox with, by its name and whether all inputs are given."""
    return {
        (name, given): list(commands(document, contexts(name, given=given)))
        for name, document in WORKFLOWS.items()
        for given in (False, True)
    }


BROKEN = {
    ("-s", "lnt"): "there is no session lnt",
    ("-s", "sdk", "lint-all", "--", "--tag", TAG): "there is no session lint-all",
    ("-s", "prune", "--", "--force"): "unrecognized arguments: --force",
    ("-s", "sdk", "--", "--tag", "v1"): "'v1' is not a tag",
    ("-s", "publish", "--", "--to", "nowhere"): "invalid Goal value",
    (
        "-s",
        "disk",
    ): "required: --need",
    ("-s", "wheels", "--", "--onyl", "cp39-manylinux_x86_64"): "unrecognized arguments: --onyl",
    ("-s", "lint", "--", "--fast"): "lint takes nothing",
    ("-s", "rehearse"): "rehearse takes",
    ("lint",): "does not begin with -s",
}


def test_sessions_exist_and_understand_their_options(calls: dict[tuple[str, bool], list[list[str]]]) -> None:
    asked = [list(it) for it in {tuple(call) for found in calls.values() for call in found}]
    answers = complaints([*asked, *map(list, BROKEN)])
    assert [(call, answer) for call, answer in zip(asked, answers, strict=False) if answer] == []
    for (call, wrong), answer in zip(BROKEN.items(), answers[len(asked) :], strict=True):
        assert wrong in (answer or "nothing"), call


def test_every_workflow_calls_something(calls: dict[tuple[str, bool], list[list[str]]]) -> None:
    assert {name for (name, _), found in calls.items() if found} == set(WORKFLOWS)


def test_options_with_several_words_arrive_as_several(calls: dict[tuple[str, bool], list[list[str]]]) -> None:
    (sdk,) = (it for it in calls["wheels.yml", True] if it[:2] == ["-s", "sdk"])
    assert sdk[-3:] == ["--sdk", "system", "--assertions"]
    (sdk,) = (it for it in calls["wheels.yml", False] if it[:2] == ["-s", "sdk"])
    assert sdk[-4:] == ["--launcher", "none", "--container", "manylinux_2_28"]


def test_what_comes_from_outside_is_not_run() -> None:
    evil = "x; touch /tmp/evil $(touch /tmp/evil) `id`"
    for document in WORKFLOWS.values():
        for _, step in steps(document):
            if "run" in step:
                env = dict.fromkeys(step.get("env", {}), evil)
                said = words(step["run"], {"RELEASE": evil, **env})
                assert all(isinstance(it, str) for it in said)
                assert "nox" not in said[1:]


def test_what_jobs_take_from_the_matrix_is_in_it() -> None:
    jobs = matrix.matrices(matrix.parse([], EVERY))
    text = WORKFLOWS["wheels.yml"].text
    for kind, job in (("sdk", "sdk"), ("wheels", "wheels")):
        part = text.partition(f"\n  {job}:\n")[2].partition(
            "\n  wheels:\n" if job == "sdk" else "\n  set:\n"
        )[0]
        wanted = {it.partition(" ")[0].partition("}")[0] for it in part.split("matrix.")[1:]}
        assert wanted
        assert all(wanted <= set(entry) for entry in jobs[kind]["include"])


def test_the_matrix_is_that_of_the_targets() -> None:
    jobs = matrix.matrices(matrix.parse(["--targets", ",".join(it.name for it in TARGETS)], EVERY))
    assert [(it["target"], it["runner"], it["tier"]) for it in jobs["sdk"]["include"]] == [
        (it.name, it.runner, it.tier) for it in TARGETS
    ]
    owed = {
        f"{series.tag}-{target.build_suffix}"
        for target in TARGETS
        for series in SERIES
        if series.cibuildwheel and series.version >= version_of(target.oldest)
    }
    assert {it["build"] for it in jobs["wheels"]["include"]} == owed


@pytest.mark.parametrize("name", ["snapshot.yml", "release.yml", "prune.yml"])
def test_git_gets_the_token_from_the_environment_alone(name: str, tmp_path: Path) -> None:
    document = WORKFLOWS[name]
    settings = {
        key: str(value)
        for job in document.jobs.values()
        for env in (job.get("env", {}), *(step.get("env", {}) for step in job.get("steps", ())))
        for key, value in env.items()
        if key.startswith("GIT_CONFIG_")
    }
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=github.com\n\n",
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GITHUB_TOKEN": "the-token", **settings},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "username=x-access-token" in done.stdout
    assert "password=the-token" in done.stdout
