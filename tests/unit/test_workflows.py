"""The workflows keep this project's rules; each rule is proven by a workflow that breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from workflow_files import ROOT, actions, steps, workflows
from workflow_rules import KNOWN_ACTIONS, WRITERS, problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow_files import Document

WORKFLOWS = workflows()
CHECKOUT = "        uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n"
LINT = "        run: nox -s lint\n"
PIP = re.compile(
    r"python -m pip install --disable-pip-version-check --no-deps --only-binary :all:"
    r' --require-hashes --requirement "\$GITHUB_ACTION_PATH/requirements\.txt"( --target "[^"]+")?'
)


@pytest.mark.parametrize("document", WORKFLOWS.values(), ids=WORKFLOWS.keys())
def test_the_workflows_keep_the_rules(document: Document) -> None:
    assert problems(document) == []


def test_all_workflows_are_there() -> None:
    names = ("ci", "pages", "prune", "release", "snapshot", "watchdog", "wheels")
    assert set(WORKFLOWS) == {f"{name}.yml" for name in names}


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("ci.yml", LINT, "        run: nox -s lint && make\n", "call nox once"),
        ("ci.yml", LINT, "        run: pip install ruff\n", "call nox once"),
        ("ci.yml", LINT, "        run: |\n          nox -s lint\n          make\n", "call nox once"),
        ("ci.yml", LINT, "        run: nox -s $(ls)\n", "call nox once"),
        ("ci.yml", LINT, "        run: nox -s lint > log\n", "call nox once"),
        ("ci.yml", LINT, "        run: nox -s lint\n        shell: sh\n", "a shell or a folder"),
        ("ci.yml", LINT, "        uses: docker://alpine\n", "docker://alpine neither sets up"),
        (
            "ci.yml",
            "uses: $/.github/actions/setup-nox",
            "uses: ./.github/actions/setup-nox",
            "neither sets up",
        ),
        ("ci.yml", LINT, "        run: nox -s ${{ github.head_ref }}\n", "an expression in a command"),
        ("ci.yml", CHECKOUT, "        uses: actions/checkout@v7 # v7.0.1\n", "is not pinned"),
        ("ci.yml", " # v7.0.1", "", "is not pinned"),
        ("ci.yml", " # v7.0.1", " # latest", "is not pinned"),
        ("ci.yml", "permissions: {}", "permissions: read-all", "at the top"),
        (
            "ci.yml",
            "      contents: read # to check out",
            "      contents: write # to push",
            "may write contents",
        ),
        ("ci.yml", "      contents: read # to check out", "      packages: read # why", "may read packages"),
        (
            "ci.yml",
            "    permissions:\n      contents: read # to check out\n",
            "",
            "lint does not say its permissions",
        ),
        ("snapshot.yml", "contents: write # to make", "packages: write # to make", "may write packages"),
        ("wheels.yml", "    timeout-minutes: 350\n", "", "sdk has no limit"),
        ("wheels.yml", "    timeout-minutes: 350\n", "    timeout-minutes: 700\n", "sdk has no limit"),
        ("watchdog.yml", "  cancel-in-progress: false\n", "", "it has no whole concurrency group"),
        ("prune.yml", "      group: train\n", "", "prune has no whole concurrency group"),
        (
            "ci.yml",
            "          persist-credentials: false\n",
            "          fetch-depth: 1\n",
            "keeps credentials",
        ),
        ("release.yml", "${{ github.token }}", "${{ secrets.TOKEN }}", "a secret is used"),
        (
            "wheels.yml",
            "          TARGETS: ${{ inputs.targets }}",
            "          TARGETS: ${{ github.token }}",
            "a job that builds has a token",
        ),
        ("ci.yml", "  pull_request:\n", "  pull_request_target:\n", "it runs on pull_request_target"),
        ("ci.yml", "  pull_request:\n", "  workflow_run:\n", "it runs on workflow_run"),
        ("wheels.yml", "          retention-days: 7\n", "", "who knows how long"),
        ("wheels.yml", "          if-no-files-found: error\n", "", "may be empty"),
        (
            "wheels.yml",
            "        if: inputs.cache\n        uses: actions/cache",
            "        uses: actions/cache",
            "asked",
        ),
        (
            "wheels.yml",
            "        if: inputs.cache && github.ref == 'refs/heads/main'\n",
            "        if: inputs.cache\n",
            "elsewhere than main",
        ),
        ("release.yml", "      cache: false\n", "      cache: true\n", "built with a cache"),
    ],
)
def test_what_breaks_a_rule_is_found(name: str, old: str, new: str, problem: str) -> None:
    found = problems(WORKFLOWS[name].replaced(old, new))
    assert [it for it in found if problem in it], found


def several(documents: Iterable[Document]) -> set[str]:
    """The actions (OWNER/NAME) that are used in more than one version."""
    commits: dict[str, set[str]] = {}
    for it in (it for document in documents for it, _ in document.uses):
        name, at, commit = it.partition("@")
        if at:
            commits.setdefault("/".join(name.split("/")[:2]), set()).add(commit)
    return {name for name, found in commits.items() if len(found) > 1}


def test_an_action_has_one_version_everywhere() -> None:
    assert several((*WORKFLOWS.values(), *actions().values())) == set()


@pytest.mark.parametrize("part", ["actions/cache/restore@", "actions/cache/save@", "actions/checkout@"])
def test_an_action_with_two_versions_is_found(part: str) -> None:
    """Also where another part of it is used."""
    (text,) = {it for it, _ in WORKFLOWS["wheels.yml"].uses if it.startswith(part)}
    older = WORKFLOWS["wheels.yml"].replaced(text, f"{part}{'0' * 40}")
    assert several([older, *WORKFLOWS.values()]) == {"/".join(part.partition("@")[0].split("/")[:2])}


def test_no_rule_is_for_what_is_not_there_any_more() -> None:
    used = {it.partition("@")[0] for document in WORKFLOWS.values() for it, _ in document.uses}
    used |= {it.partition("@")[0] for document in actions().values() for it, _ in document.uses}
    assert not KNOWN_ACTIONS - used
    assert all(job in WORKFLOWS[name].jobs for name, job in WRITERS)


def test_workflows_that_are_called_are_there_and_get_what_they_know() -> None:
    for document in WORKFLOWS.values():
        for job, content in document.jobs.items():
            if "uses" in content:
                called = WORKFLOWS[content["uses"].removeprefix("$/.github/workflows/")]
                inputs = (called.content["on"]["workflow_call"] or {}).get("inputs", {})
                assert set(content.get("with", {})) <= set(inputs), (document.name, job)


@pytest.mark.parametrize("name", actions())
def test_actions_put_tools_there_by_their_hashes(name: str) -> None:
    document = actions()[name]
    for step in document.content["runs"]["steps"]:
        if "run" in step:
            assert PIP.fullmatch(" ".join(step["run"].split())), step["run"]
        else:
            assert step["uses"].partition("@")[0] in KNOWN_ACTIONS
    text = (ROOT / ".github" / "actions" / name / "requirements.txt").read_text(encoding="utf-8")
    entries = [it for it in text.replace("\\\n", " ").splitlines() if it and not it.startswith("#")]
    assert entries
    for entry in entries:
        assert re.fullmatch(
            r"[a-z0-9-]+==[\w.]+(; sys_platform == 'win32')?(\s+--hash=sha256:[0-9a-f]{64})+", entry
        )


def test_every_step_and_job_has_a_name() -> None:
    for document in WORKFLOWS.values():
        assert all("name" in job for job in document.jobs.values())
        assert all("name" in step for _, step in steps(document))
