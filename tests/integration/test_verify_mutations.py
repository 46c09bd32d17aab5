"""A thousand damaged wheels, manifests and answers, of fixed seeds: a line per problem, no other error."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
import stamina

from github_server import GitHubServer
from mlir_release.errors import ReleaseError, UserError
from mlir_release.publishing import verify
from mlir_release.publishing.manifest import NAME, SUMS
from mlir_release.publishing.verify import NotAsItShould
from mutations import mutated, mutated_json
from verify_samples import BINDINGS, PROJECT_COMMIT, TAG, ReleaseSet, release_set

if TYPE_CHECKING:
    from pathlib import Path

HOME = "example/mlir-py-release"


@pytest.fixture
def made(tmp_path: Path) -> ReleaseSet:
    """A release set that is right."""
    return release_set(tmp_path / "set", BINDINGS)


def verified(what: str, root: Path, capsys: pytest.CaptureFixture[str]) -> type[ReleaseError] | None:
    """How it ended; whatever was said is in lines that can be printed."""
    capsys.readouterr()
    error = None
    try:
        verify.run([what], root)
    except ReleaseError as ended:
        error = ended
    lines = [*capsys.readouterr().out.split("\n"), str(error)]
    assert all(line.isprintable() for line in lines), lines
    return None if error is None else type(error)


@pytest.mark.parametrize("seed", range(10))
def test_files_that_are_damaged(made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(35):
        path = dice.choice([made.path(BINDINGS), made.folder / NAME, made.folder / SUMS])
        good = path.read_bytes()
        path.write_bytes(mutated(good, dice))
        expected = None if path.read_bytes() == good else NotAsItShould
        assert verified(str(made.folder), made.folder, capsys) is expected
        path.write_bytes(good)


@pytest.mark.parametrize("seed", range(10))
def test_wheels_whose_sums_do_not_give_them_away(
    made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    dice = random.Random(seed)
    path = made.path(BINDINGS)
    good = path.read_bytes()
    found = 0
    for _ in range(25):
        path.write_bytes(mutated(good, dice))
        made.describe(BINDINGS)
        outcome = verified(str(made.folder), made.folder, capsys)
        # A time in the archive may be another one.
        assert outcome in (NotAsItShould, None)
        found += outcome is NotAsItShould
        path.write_bytes(good)
    assert found > 12


@pytest.mark.parametrize("seed", range(10))
def test_manifests_that_say_something_else(
    made: ReleaseSet, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    dice = random.Random(seed)
    document = json.loads((made.folder / NAME).read_text())
    for _ in range(20):
        changed = mutated_json(document, dice)
        (made.folder / NAME).write_text(json.dumps(changed))
        made.write_sums()
        outcome = verified(str(made.folder), made.folder, capsys)
        assert outcome in (NotAsItShould, None)


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
        assert verified(TAG, made.folder, capsys) is None
        for _ in range(20):
            home.releases = [mutated_json(release, dice)]
            outcome = verified(TAG, made.folder, capsys)
            assert outcome in (NotAsItShould, None) or (outcome and issubclass(outcome, UserError))
