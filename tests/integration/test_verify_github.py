"""A release on GitHub (the stand-in of it) is downloaded and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from github_messages import fails
from github_server import TOKEN, GitHubServer
from mlir_release.errors import UserError
from mlir_release.publishing import verify
from mlir_release.publishing.manifest import NAME, SUMS
from mlir_release.publishing.verify import NotAsItShould
from verify_samples import BINDINGS, PROJECT_COMMIT, SDK, TAG, ReleaseSet, release_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from github_repository import Repository

HOME = "example/mlir-py-release"


@pytest.fixture
def made(tmp_path: Path) -> ReleaseSet:
    """A release set that is right."""
    return release_set(tmp_path / "set")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    """GitHub, with a repository of ours that has the tag."""
    with GitHubServer() as server, stamina.set_testing(True, attempts=3, cap=True):
        for name, value in {**server.environment, "GITHUB_REPOSITORY": HOME}.items():
            monkeypatch.setenv(name, value)
        server.repository(HOME).tag(TAG, PROJECT_COMMIT)
        yield server


@pytest.fixture
def home(server: GitHubServer) -> Repository:
    return server.repository(HOME)


def files(made: ReleaseSet) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in made.folder.iterdir()}


def wrong(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with the release of the tag, as it is said."""
    capsys.readouterr()
    with pytest.raises(NotAsItShould):
        verify.run([TAG], root)
    output = capsys.readouterr().out
    assert TOKEN not in output
    return output.partition("looking at its files")[2]


def test_a_good_one(
    made: ReleaseSet, home: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.release(TAG, files=files(made))
    verify.run([TAG], tmp_path)
    output = capsys.readouterr().out
    for name in files(made):
        assert f"good   {name}" in output
    assert "WRONG" not in output


def test_what_is_kept_is_not_brought_again(
    made: ReleaseSet, home: Repository, server: GitHubServer, tmp_path: Path
) -> None:
    home.release(TAG, files=files(made))
    output = tmp_path / "output"
    verify.run([TAG, "--output", str(output)], tmp_path)
    assert {path.name: path.read_bytes() for path in output.iterdir()} == files(made)

    (output / NAME).write_text("cut sho")
    server.exchanges.clear()
    verify.run([TAG, "--output", str(output)], tmp_path)
    assert len([asked for asked in server.requests if asked.startswith("GET releases/assets/")]) == 1
    assert (output / NAME).read_bytes() == files(made)[NAME]


def _without(name: str) -> Callable[[ReleaseSet], dict[str, bytes]]:
    return lambda made: {key: value for key, value in files(made).items() if not key.startswith(name)}


class TestWrong:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (_without("mlir_sdk"), "          it is not there"),
            (_without(NAME), f"WRONG  {NAME}"),
            (_without(SUMS), f"WRONG  {SUMS}"),
            (lambda it: files(it) | {"more.txt": b"more"}, "the manifest does not list it"),
            (
                lambda it: files(it) | {it.path(BINDINGS).name: b"other"},
                "its sha256 is d9298a10d1b0735837dc4b",
            ),
            (lambda it: files(it) | {NAME: b"{}"}, "is no manifest of a release: it has no schema"),
        ],
    )
    def test_files(  # noqa: PLR0917 -- fixtures
        self,
        made: ReleaseSet,
        home: Repository,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        content: Callable[[ReleaseSet], dict[str, bytes]],
        said: str,
    ) -> None:
        home.release(TAG, files=content(made))
        assert said in wrong(tmp_path, capsys)

    def test_an_upload_that_was_not_finished(
        self, made: ReleaseSet, home: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        release = home.release(TAG, files=_without("mlir_sdk")(made))
        home.add_asset(release, made.path(SDK).name, None)
        assert "its upload was not finished (state starter, 0 bytes)" in wrong(tmp_path, capsys)

    def test_other_bytes_than_the_digest_says(
        self, made: ReleaseSet, home: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        release = home.release(TAG, files=files(made))
        (asset,) = (it for it in release["assets"] if it["name"] == made.path(SDK).name)
        home.contents[asset["id"]] = bytes(asset["size"])
        assert "is another file (sha256:" in wrong(tmp_path, capsys)

    @pytest.mark.parametrize("name", ["../../evil.whl", "a/b", ".hidden", "\x1b[2J"])
    def test_a_name_that_leads_elsewhere(
        self,
        made: ReleaseSet,
        home: Repository,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        name: str,
    ) -> None:
        home.release(TAG, files={**files(made), name: b"evil"})
        before = sorted(tmp_path.rglob("*"))
        said = wrong(tmp_path, capsys)
        assert "this is no name for a file; it was not downloaded" in said
        assert sorted(tmp_path.rglob("*")) == before
        assert "\x1b" not in said

    @pytest.mark.parametrize(("commit", "said"), [("ef" * 20, "is on efef"), (None, "is on none")])
    def test_the_tag_is_elsewhere(  # noqa: PLR0917 -- fixtures
        self,
        made: ReleaseSet,
        home: Repository,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        commit: str | None,
        said: str,
    ) -> None:
        home.release(TAG, files=files(made))
        home.refs.clear()
        if commit:
            home.tag(TAG, commit)
        assert f"it is of the commit {PROJECT_COMMIT}, and the git tag {TAG} {said}" in wrong(
            tmp_path, capsys
        )

    def test_the_manifest_is_that_of_another_release(
        self, made: ReleaseSet, home: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = "llvm-22.1.8.02"
        home.release(other, files=files(made))
        home.tag(other, PROJECT_COMMIT)
        with pytest.raises(NotAsItShould):
            verify.run([other], tmp_path)
        assert f"it is that of {TAG}" in capsys.readouterr().out


class TestMistakes:
    def test_there_is_no_such_release(self, home: Repository, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=rf"^{home.name} has no release {TAG}; see its list"):
            verify.run([TAG], tmp_path)

    def test_there_is_only_a_draft(self, made: ReleaseSet, home: Repository, tmp_path: Path) -> None:
        home.release(TAG, draft=True, files=files(made))
        with pytest.raises(UserError, match=f"has only a draft of {TAG}"):
            verify.run([TAG], tmp_path)

    def test_github_is_not_well(self, server: GitHubServer, tmp_path: Path) -> None:
        server.fail("*", *[fails(502)] * 10)
        with pytest.raises(UserError, match="GitHub has trouble of its own"):
            verify.run([TAG], tmp_path)

    def test_a_passing_trouble_is_passed_over(
        self, made: ReleaseSet, server: GitHubServer, home: Repository, tmp_path: Path
    ) -> None:
        home.release(TAG, files=files(made))
        server.fail("GET releases", fails(502))
        server.fail("GET releases/assets/*", fails(503), fails(500))
        verify.run([TAG], tmp_path)
