"""A thousand damaged wheels, manifests and answers, of fixed seeds: a line per problem, no other error."""

from __future__ import annotations

import dataclasses
import json
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import stamina

from github_server import GitHubServer
from mlir_release.errors import ReleaseError, UserError
from mlir_release.github import GitHubError
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing import verify
from mlir_release.publishing.manifest import NAME, SUMS
from mlir_release.publishing.verify import NotAsItShould
from mutations import mutated, mutated_json
from verify_samples import BINDINGS, PROJECT_COMMIT, TAG, ReleaseSet, release_set

if TYPE_CHECKING:
    from mlir_release.publishing.manifest import Manifest

HOME = "example/mlir-py-release"
# What GitHub says cannot be read, or there is no such release any more.
MISTAKES = {GitHubError, UserError}


@pytest.fixture
def made(tmp_path: Path) -> ReleaseSet:
    """A release set that is right."""
    return release_set(tmp_path / "set", BINDINGS)


def verified(*words: str | Path, capsys: pytest.CaptureFixture[str]) -> type[ReleaseError] | None:
    """How it ended; whatever was said is in lines that can be printed."""
    capsys.readouterr()
    error = None
    try:
        verify.run([str(it) for it in words], Path("nowhere"))
    except ReleaseError as ended:
        error = ended
    lines = [*capsys.readouterr().out.split("\n"), str(error)]
    assert all(line.isprintable() for line in lines), lines
    return None if error is None else type(error)


def members(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def vouched(manifest: Manifest) -> Manifest:
    """A manifest without what nothing else in its folder says: the project's commit, what tests came to.

    That it is a rehearsal's is no fault of a folder, and is said.
    """
    files = tuple(dataclasses.replace(it, tests=()) for it in manifest.files)
    return dataclasses.replace(manifest, project_commit="", rehearsal=False, findings=(), files=files)


@pytest.mark.parametrize("seed", range(10))
def test_files_that_are_damaged(made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(35):
        path = dice.choice([made.path(BINDINGS), made.folder / NAME, made.folder / SUMS])
        good = path.read_bytes()
        path.write_bytes(mutated(good, dice))
        expected = None if path.read_bytes() == good else NotAsItShould
        assert verified(made.folder, capsys=capsys) is expected
        path.write_bytes(good)


@pytest.mark.parametrize("seed", range(10))
def test_wheels_whose_sums_do_not_give_them_away(
    made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    dice = random.Random(seed)
    path = made.path(BINDINGS)
    good, inside = path.read_bytes(), members(path)
    for _ in range(25):
        path.write_bytes(mutated(good, dice))
        made.describe(BINDINGS)
        outcome = verified(made.folder, capsys=capsys)
        # A time in the archive may be another one, and what nobody reads between its parts; no file is.
        assert outcome is NotAsItShould or (outcome is None and members(path) == inside)
        path.write_bytes(good)


@pytest.mark.parametrize("seed", range(10))
def test_manifests_that_say_something_else(
    made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    dice = random.Random(seed)
    good = manifests.read(made.folder / NAME)
    document = json.loads(manifests.text(good))
    for _ in range(20):
        (made.folder / NAME).write_text(json.dumps(mutated_json(document, dice)))
        made.write_sums()
        outcome = verified(made.folder, capsys=capsys)
        assert outcome is NotAsItShould or (
            outcome is None and vouched(manifests.read(made.folder / NAME)) == vouched(good)
        )


@pytest.mark.parametrize("seed", range(10))
def test_answers_of_github(
    made: ReleaseSet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    with GitHubServer() as server, stamina.set_testing(True, attempts=2, cap=True):
        for name, value in {**server.environment, "GITHUB_REPOSITORY": HOME}.items():
            monkeypatch.setenv(name, value)
        home = server.repository(HOME)
        home.tag(TAG, PROJECT_COMMIT)
        files = {path.name: path.read_bytes() for path in made.folder.iterdir()}
        release = home.release(TAG, files=files)
        for number in range(21):
            # The first time as it should be.
            home.releases = [mutated_json(release, dice) if number else release]
            output = made.folder.parent / f"output {number}"
            outcome = verified(TAG, "--output", output, capsys=capsys)
            assert outcome is None if number == 0 else outcome in {None, NotAsItShould} | MISTAKES
            if outcome is None:
                assert {path.name: path.read_bytes() for path in output.iterdir()} == files
