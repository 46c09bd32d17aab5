"""A release set to the stand-in for GitHub: what is written, and what is refused before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from github_desk import COMMIT, HOME, TAG, desk
from github_server import TOKEN
from mlir_release.errors import UserError
from mlir_release.github import Client
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing import publish, to_github
from mlir_release.publishing.publication import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from github_desk import Desk
    from github_messages import Request


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def refused(made: Desk) -> str:
    """The one line with which a publisher ends that has written nothing."""
    before = len(made.server.writes)
    with pytest.raises(UserError) as caught:
        made.publish()
    assert len(made.server.writes) == before
    return str(caught.value)


def test_it_is_public_and_whole(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.publish()
    said = capsys.readouterr().out
    (release,) = made.public
    assert (release["tag_name"], release["name"], release["body"]) == (TAG, TAG, f"# {TAG}\n")
    assert release["prerelease"]
    made.assert_whole()
    assert capsys.readouterr().out.endswith(f"{release['html_url']}; nothing is to be done\n")
    # Each file with its place, name and size; how long it took.
    assert all(f"{name}, 0." in said for name in made.files)
    assert f"   [1/6] {made.manifest.files[0].name}, 0.1 MB\n   [1/6] is there after 0.0 s\n" in said
    assert f"== {TAG} is public\n" in said
    assert TOKEN not in said
    assert "signature" not in said


def test_what_is_read_back(made: Desk) -> None:
    made.publish()
    small = {f"blobs/{it['id']}" for it in made.public[0]["assets"] if not it["name"].endswith(".whl")}
    assert {it.request.below for it in made.server.downloads} == small
    assert len(small) == 4
    # Another host, which must not see the token.
    assert all("authorization" not in it.request.headers for it in made.server.downloads)


@pytest.mark.parametrize(
    ("tag", "others", "prerelease", "latest"),
    [
        ("llvm-22.1.8.01", [], False, "true"),
        ("llvm-22.1.8.01", ["llvm-22.1.7.03", TAG], False, "true"),
        ("llvm-22.1.8.01", ["llvm-23.1.0.01"], False, "false"),
        ("llvm-23.1.0rc1.01", [], True, "false"),
        (TAG, [], True, "false"),
    ],
)
def test_how_it_is_shown(
    tmp_path: Path, tag: str, others: list[str], latest: str, *, prerelease: bool
) -> None:
    with desk(tmp_path, tag=tag) as made:
        for other in others:
            made.home.release(other)
        made.publish()
        flip = made.server.exchanges[-1].request
        assert flip.method == "PATCH"
        assert (flip.body["prerelease"], flip.body["make_latest"]) == (prerelease, latest)


def test_the_session(made: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (made.server.environment | {"GITHUB_REPOSITORY": HOME}).items():
        monkeypatch.setenv(name, value)
    root = made.folder.parent
    with pytest.raises(UserError, match="which release set is meant"):
        publish.run(["--to", "github"], root)
    (root / "release-set").mkdir()
    made.folder.rename(root / "release-set" / TAG)
    publish.run(["--to", "github"], root)
    publish.run(["--to", "github", "--set", str(root / "release-set" / TAG)], root)
    assert len(made.server.writes) == 8
    assert TOKEN not in capsys.readouterr().out


def test_other_bytes_under_a_name_of_ours(made: Desk) -> None:
    names = [*made.files]
    files = made.files | {names[0]: b"others", names[2]: b"others too"}
    draft = made.home.release(TAG, draft=True, files=files | {"extra.txt": b"?"})
    line = refused(made)
    assert line.startswith(
        f"the draft of {TAG} at {draft['html_url']} is not this release set: extra.txt is "
    )
    assert all((f"{name} has other bytes there" in line) == (name in (names[0], names[2])) for name in names)
    assert line.endswith(
        "Nothing was uploaded; publish the files of the run that made it, or delete it there"
    )
    made.home.releases.clear()
    made.home.release(TAG, files=dict([*files.items()][:5]))
    line = refused(made)
    assert "the release of" in line
    assert f"{names[5]} is not there, or not whole" in line


def test_a_draft_of_somebody_else(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    oldest = made.home.release(TAG, draft=True)
    other = made.home.release(TAG, draft=True, files={"a": b"?"})
    made.publish()
    assert made.public == [oldest]
    assert f"another draft of {TAG}, which is left alone: {other['html_url']}" in capsys.readouterr().out
    assert [it["name"] for it in other["assets"]] == ["a"]


def test_a_tag_that_is_elsewhere(made: Desk) -> None:
    made.home.tag(TAG, "e" * 40, annotated=False)
    assert f"{TAG} of {HOME} is at {'e' * 40}, and the release set was made at {COMMIT}" in refused(made)
    del made.home.refs[f"tags/{TAG}"]
    assert refused(made) == f"{HOME} has no tag {TAG}; push it first"


@pytest.mark.parametrize("moved", [None, "e" * 40])
def test_a_tag_that_goes_while_files_are_uploaded(made: Desk, moved: str | None) -> None:
    def meanwhile(moment: str, request: Request) -> None:
        if moment == "after" and request.method == "POST" and "assets" in request.below:
            made.home.refs.clear()
            if moved:
                made.home.tag(TAG, moved)

    made.server.hook = meanwhile
    with pytest.raises(Unfinished) as caught:
        made.publish()
    line = str(caught.value)
    said = f"{TAG} of {HOME} is at {moved}" if moved else f"{HOME} has no tag {TAG}; push it first"
    assert f"{len(made.files)} of {len(made.files)} files of {TAG} are on GitHub, then: {said}" in line
    assert made.public == []
    (draft,) = made.home.releases
    assert draft["target_commitish"] == COMMIT
    # Put back, it goes on.
    made.server.hook = lambda *_: None
    made.home.tag(TAG, COMMIT)
    made.publish()
    made.assert_whole()


def test_a_set_that_is_not_whole(made: Desk) -> None:
    wheel, other = (made.folder / file.name for file in made.manifest.files)
    wheel.write_bytes(b"other")
    other.unlink()
    (made.folder / "notes.txt").write_text("?")
    (made.folder / manifests.SUMS).write_text("nothing\n")
    line = refused(made)
    assert made.server.requests == []
    for problem in (
        f"{other.name} is missing",
        "notes.txt does not belong there",
        f"{wheel.name} has other bytes than the manifest says",
        "SHA256SUMS does not have the sums of the other files",
    ):
        assert problem in line


def test_a_rehearsal(tmp_path: Path) -> None:
    with desk(tmp_path, rehearsal=True) as made:
        # The real one is not asked at all.
        for api in ("https://api.github.com", "https://127.0.0.1.example.org"):
            client = Client(api=api, token=TOKEN, repository=HOME)
            with pytest.raises(
                UserError, match=r"gathered as a rehearsal, and https://.* is not on this machine"
            ):
                to_github.publish(made.folder, made.manifest, client)
        made.home.refs.clear()
        made.publish()
        made.assert_whole()


def test_without_a_token(made: Desk) -> None:
    with pytest.raises(UserError, match="set GITHUB_TOKEN or GH_TOKEN"):
        to_github.publish(made.folder, made.manifest, made.server.client(HOME, token=None))
    assert made.server.requests == []
