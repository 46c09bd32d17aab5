"""Files to GitHub and back, and what of a release set goes there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from asking_github import NAME, refusal
from github_desk import COMMIT, TAG, write_set, write_sums
from mlir_release.errors import UserError
from mlir_release.github import assets, hosts, refs, releases
from mlir_release.github.errors import AlreadyThere, NoAnswer, NotFound
from mlir_release.publishing import contents, draft, publish
from mlir_release.publishing import manifest as manifests

if TYPE_CHECKING:
    from pathlib import Path

    from github_messages import Request
    from github_server import GitHubServer

SHA = "0123456789" * 4


@pytest.mark.parametrize(
    ("api", "url", "taken"),
    [
        ("https://api.github.com", "https://uploads.github.com/repos/a/b/releases/1/assets", True),
        ("https://api.github.com", "https://api.github.com/repos/a/b/releases/1/assets", True),
        ("https://api.github.com", "http://uploads.github.com/repos", False),
        ("https://api.github.com", "https://uploads.github.com:444/repos", False),
        ("https://api.github.com", "https://uploads.github.com.example.org/repos", False),
        ("https://api.github.com", "https://uploads.octo.ghe.com/repos", False),
        ("https://api.octo.ghe.com", "https://uploads.octo.ghe.com/repos", True),
        ("https://api.octo.ghe.com", "https://uploads.github.com/repos", False),
        ("https://github.example.org/api/v3", "https://github.example.org/api/uploads/repos", True),
        ("https://api.example.org", "https://uploads.example.org/repos", False),
        ("http://127.0.0.1:80", "http://127.0.0.1:81/repos", False),
    ],
)
def test_where_files_may_go(api: str, url: str, *, taken: bool) -> None:
    assert hosts.takes_uploads(api, httpx.URL(url)) == taken


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine(host: str) -> None:
    assert hosts.is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1.example.org", "localhost.example.org", "0.0.0.0", "10.0.0.1", "LOCALHOST.", "api"]
)
def test_another_machine(host: str) -> None:
    assert not hosts.is_loopback(host)


def test_a_file_goes_there_and_comes_back(server: GitHubServer, tmp_path: Path) -> None:
    server.repository(NAME).release(TAG, draft=True)
    client = server.client(NAME)
    (release,) = releases.listed(client)
    content = bytes(range(256)) * 4096
    (tmp_path / "a+b.whl").write_bytes(content)
    told: list[int] = []
    made = assets.upload(client, release, tmp_path / "a+b.whl", told=told.append)
    assert told == [262144, 524288, 786432, 1048576]
    assert (made.name, made.size, made.whole) == ("a+b.whl", len(content), True)
    request = server.exchanges[-1].request
    assert request.headers["content-length"] == str(len(content))
    assert "transfer-encoding" not in request.headers
    digest = hashlib.sha256(content).hexdigest()
    assert assets.download(client, made, tmp_path / "back") == digest
    assert (tmp_path / "back").read_bytes() == content
    with pytest.raises(AlreadyThere):
        assets.upload(client, release, tmp_path / "a+b.whl")
    assets.delete(client, made)
    assets.delete(client, made)
    assert assets.listed(client, release) == ()
    refusal(lambda: assets.download(client, made, tmp_path / "back"), NotFound)
    with pytest.raises(UserError, match="none cannot be written"):
        assets.download(client, made, tmp_path / "none" / "none")


@pytest.mark.parametrize("content", [b"shorter", b"longer" * 999_999])
def test_a_file_that_is_changed_on_its_way(server: GitHubServer, tmp_path: Path, content: bytes) -> None:
    server.repository(NAME).release(TAG, draft=True)
    (release,) = releases.listed(server.client(NAME))
    path = tmp_path / "a.whl"
    path.write_bytes(b"?" * 1_000_000)
    with pytest.raises(UserError, match="was changed while it was uploaded"):
        assets.upload(server.client(NAME), release, path, told=lambda _: path.write_bytes(content))
    path.unlink()
    with pytest.raises(UserError, match="No such file"):
        assets.upload(server.client(NAME), release, path)


@pytest.mark.parametrize(("size", "digest"), [(2, None), (9, None), (5, "sha256:" + "0" * 64)])
def test_a_download_that_is_another_file(
    server: GitHubServer, tmp_path: Path, size: int, digest: str | None
) -> None:
    release = server.repository(NAME).release(TAG, files={"a.whl": b"12345"})
    release["assets"][0].update(size=size, digest=digest)
    (found,) = releases.listed(server.client(NAME))
    line = refusal(lambda: assets.download(server.client(NAME), found.assets[0], tmp_path / "a"), NoAnswer)
    assert line.startswith("what GitHub sends for a.whl is another file (")


def test_tags(server: GitHubServer) -> None:
    home, client = server.repository(NAME), server.client(NAME)
    home.tag("annotated", SHA)
    home.tag("light", SHA, annotated=False)
    assert [refs.tagged_commit(client, it) for it in ("annotated", "light", "none")] == [SHA, SHA, None]
    refusal(lambda: refs.tagged_commit(server.client("llvm/nothing"), "light"), NotFound)


def test_whose_draft_is_younger_removes_it(server: GitHubServer, capsys: pytest.CaptureFixture[str]) -> None:
    home, client = server.repository(NAME), server.client(NAME)
    before = home.release(TAG, draft=True)
    home.releases.clear()

    def hook(moment: str, request: Request) -> None:
        # Somebody's, made a moment earlier, which our first look did not see.
        if (moment, request.method) == ("after", "POST"):
            home.releases.append(before)

    standing = draft.find(client, TAG)
    server.hook = hook
    assert draft.obtain(client, standing, TAG, commit=COMMIT, body="").number == before["id"]
    assert home.releases == [before]
    assert "has made a draft before ours" in capsys.readouterr().out


def test_what_goes_to_github(tmp_path: Path) -> None:
    manifest = write_set(tmp_path / "set")
    found = contents.read(tmp_path / "set", manifest)
    names = [it.name for it in found]
    assert set(names) == {it.name for it in (tmp_path / "set").iterdir()} - {manifests.NOTES}
    # Who sees the manifest has seen all.
    assert [name.endswith(".whl") for name in names] == [True, True, False, False, False, False]
    assert names[-1] == manifests.NAME
    assert all(it.sha256 == hashlib.sha256(it.path.read_bytes()).hexdigest() for it in found)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (manifests.NAME, "{}", "manifest.json has other bytes than the manifest says"),
        (manifests.SUMS, "", "SHA256SUMS does not have the sums of the other files"),
        (manifests.SUMS, None, "SHA256SUMS is missing"),
        ("another.txt", "", "another.txt does not belong there"),
    ],
)
def test_a_set_that_is_not_one(tmp_path: Path, name: str, content: str | None, problem: str) -> None:
    manifest = write_set(tmp_path / "set")
    path = tmp_path / "set" / name
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(UserError) as caught:
        contents.read(tmp_path / "set", manifest)
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_sums_that_say_more(tmp_path: Path) -> None:
    manifest = write_set(tmp_path / "set")
    sums = tmp_path / "set" / manifests.SUMS
    sums.write_text(f"{sums.read_text()}and more\n")
    with pytest.raises(UserError, match="SHA256SUMS does not have the sums"):
        contents.read(tmp_path / "set", manifest)
    write_sums(tmp_path / "set")
    contents.read(tmp_path / "set", manifest)
    with pytest.raises(UserError, match="cannot be read"):
        contents.read(tmp_path / "none", manifest)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "the following arguments are required: --to"),
        (["--to", "conda"], "argument --to: invalid Goal value: 'conda'"),
        (["--to", "github", "--new", "mlir-sdk"], "--new is of projects of a package index"),
        (["--to", "github", "--repository-url", "https://example.org"], "say --to pypi with it"),
        (["--to", "github"], "which release set is meant? In "),
        (["--to", "github", "--set", "nowhere"], "nowhere/manifest.json is no manifest of a release: "),
    ],
)
def test_options(tmp_path: Path, words: list[str], line: str) -> None:
    with pytest.raises(UserError) as caught:
        publish.run(words, tmp_path)
    assert line in str(caught.value)


def test_which_set_is_meant(tmp_path: Path) -> None:
    for tag in (TAG, "llvm-22.1.8.01"):
        write_set(tmp_path / "release-set" / tag, tag=tag)
    with pytest.raises(UserError, match=r"there are llvm-22\.1\.8\.01, snapshot-20261123\.01; name one"):
        publish.run(["--to", "github"], tmp_path)
