"""Workflows that are run on this machine, with a stand-in for nox that says what it was asked."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import workflow_run
from workflow_files import Document

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="steps run in bash")

# It leaves a wheel and an output; `fail` fails.
NOX = """\
#!/bin/sh
echo "$PWD $@ cc=$CC" >> "$CALLS"
test "$2" != fail || exit 3
mkdir -p wheelhouse "$RUNNER_TEMP/store/source"
touch "wheelhouse/$TAG.whl" "$RUNNER_TEMP/store/source/tree"
first='{"build": "cp39", "tier": "required"}'
second='{"build": "cp313", "tier": "optional"}'
printf 'jobs={"include": [%s, %s]}\\n' "$first" "$second" >> "$GITHUB_OUTPUT"
"""
WORKFLOW = """\
on:
  workflow_call:
    inputs:
      tag: {type: string, default: "t0"}
      cache: {type: boolean, default: false}
jobs:
  last:
    needs: [wheels]
    steps:
      - uses: actions/checkout@x
      - uses: actions/download-artifact@x
        with: {pattern: wheels-*, path: wheelhouse, merge-multiple: true}
      - run: nox gather "$TAG"
        env: {TAG: "${{ inputs.tag }}"}
      - id: up
        uses: actions/upload-artifact@x
        with: {name: set, path: wheelhouse, if-no-files-found: error}
  plan:
    outputs: {jobs: "${{ steps.matrix.outputs.jobs }}"}
    steps:
      - uses: actions/checkout@x
      - uses: $/.github/actions/setup-nox
      - id: matrix
        run: nox matrix
      - run: nox saying ${CC:+--cc "$CC"}
        if: inputs.cache
        env: {CC: "a b"}
  wheels:
    needs: plan
    continue-on-error: ${{ matrix.tier != 'required' }}
    strategy: {matrix: "${{ fromJSON(needs.plan.outputs.jobs) }}"}
    steps:
      - uses: actions/checkout@x
        with: {ref: "${{ inputs.tag && format('refs/tags/{0}', inputs.tag) }}"}
      - id: restored
        uses: actions/cache/restore@x
        with: {path: "${{ runner.temp }}/store/source", key: "source-${{ hashFiles('pin') }}"}
      - run: nox BUILD
        if: matrix.build != 'cp310'
        env: {TAG: "${{ matrix.build }}", HIT: "${{ steps.restored.outputs.cache-hit }}"}
      - uses: actions/cache/save@x
        if: steps.restored.outputs.cache-hit != 'true'
        with: {path: "${{ runner.temp }}/store/source", key: "source-${{ hashFiles('pin') }}"}
      - uses: actions/upload-artifact@x
        with: {name: "wheels-${{ matrix.build }}", path: wheelhouse, if-no-files-found: error}
      - run: nox afterwards
        if: failure()
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a tag, and the stand-in first on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "nox").write_text(NOX)
    (programs / "nox").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "pin").write_text("1")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "t0"]):
        identity = ["-c", "user.name=n", "-c", "user.email=e@localhost"]
        subprocess.run(["git", *identity, *words], cwd=repository, check=True)
    return tmp_path


def order(world: Path, text: str = WORKFLOW, *said: str, **more: Any) -> workflow_run.Order:
    document = Document(name="small.yml", text=text)
    return workflow_run.Order(
        workflow=document,
        repository=world / "repository",
        commit="HEAD",
        into=world / "into",
        inputs=workflow_run.inputs(document, said),
        **more,
    )


def calls(world: Path) -> list[str]:
    lines = (world / "calls").read_text().splitlines()
    return [line.partition(" ")[2].partition(" cc=")[0] for line in lines]


def test_jobs_run_in_the_order_in_which_they_need_each_other(world: Path) -> None:
    state = workflow_run.run(order(world))
    assert {name: it["result"] for name, it in state.needs.items()} == dict.fromkeys(
        ("plan", "wheels", "last"), "success"
    )
    assert calls(world) == ["matrix", "BUILD", "BUILD", "gather t0"]


def test_each_job_has_a_clone_of_its_own(world: Path) -> None:
    workflow_run.run(order(world))
    folders = [line.partition(" ")[0] for line in (world / "calls").read_text().splitlines()]
    assert len(set(folders)) == len(folders) == 4


def test_artifacts_go_from_job_to_job(world: Path) -> None:
    workflow_run.run(order(world))
    assert {it.name for it in (world / "into/artifacts/set").iterdir()} == {"cp39.whl", "cp313.whl", "t0.whl"}


def test_a_cache_is_there_for_the_second_job(world: Path) -> None:
    workflow_run.run(order(world, WORKFLOW.replace("nox BUILD", 'nox BUILD "$HIT"')))
    assert calls(world)[1:3] == ["BUILD ", "BUILD true"]


def test_inputs_decide_which_steps_run(world: Path) -> None:
    workflow_run.run(order(world, WORKFLOW, "cache=true"))
    assert "saying --cc a b" in calls(world)


def test_jobs_can_share_a_store(world: Path) -> None:
    (world / "store").mkdir()
    workflow_run.run(order(world, store=world / "store"))
    assert (world / "store/source/tree").is_file()


def test_after_a_failure_what_is_for_failures_runs_and_what_needs_it_does_not(world: Path) -> None:
    state = workflow_run.run(order(world, WORKFLOW.replace("nox BUILD", "nox x fail")))
    assert state.needs["wheels"]["result"] == "failure"
    assert state.needs["last"]["result"] == "skipped"
    assert "afterwards" in calls(world)
    assert not (world / "into/artifacts").exists()


def test_an_optional_entry_of_the_matrix_holds_up_nothing(world: Path) -> None:
    state = workflow_run.run(
        order(world, WORKFLOW.replace("'required'", "'x'").replace("nox BUILD", "nox x fail"))
    )
    assert state.needs["wheels"]["result"] == "success"
    assert any("FAILURE" in line for line in state.lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nox gather", "rm -r wheelhouse; nox x fail; nox gather"),
        ("pattern: wheels-*, path", "name: nothing, path"),
        ("actions/download-artifact@x", "actions/unknown@x"),
        ("name: set, path: wheelhouse", "name: set, path: nowhere"),
    ],
)
def test_steps_that_fail_fail_their_job(world: Path, old: str, new: str) -> None:
    state = workflow_run.run(order(world, WORKFLOW.replace(old, new, 1)))
    assert state.needs["last"]["result"] == "failure"


def test_an_input_that_is_not_there_is_a_mistake(world: Path) -> None:
    with pytest.raises(SystemExit, match="has no input tags; it has tag, cache"):
        order(world, WORKFLOW, "tags=t0")
