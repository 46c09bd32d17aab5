"""The releases of an index, as they are on GitHub."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from asking_github import NAME
from github_messages import Fault, fails
from index_samples import day, digest, file_of, manifest_of
from mlir_release.errors import UserError
from mlir_release.inventory import Changed
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.index import collect, session

if TYPE_CHECKING:
    from pathlib import Path

    from github_messages import Answer
    from github_server import GitHubServer
    from mlir_release.publishing.index.collect import Collected
    from mlir_release.publishing.manifest import Manifest
    from mlir_release.store import Store

PUBLISHED = dt.datetime(2026, 11, 23, 4, 5, 6, tzinfo=dt.UTC)


def parts(number: int) -> tuple[Manifest, dict[str, bytes]]:
    """A release of a wheel, and all its assets."""
    name, wheel, metadata = f"mlir_sdk-{day(number)}-py3-none-win_amd64.whl", b"%d" % number, b"metadata"
    made = manifest_of(day(number), [file_of(name, len(wheel), digest(wheel), digest(metadata))])
    listed = manifests.text(made).encode()
    return made, {name: wheel, f"{name}.metadata": metadata, manifests.NAME: listed, manifests.SUMS: b""}


def publish(server: GitHubServer, number: int, **changes: bytes | None) -> Any:
    """Publish a release; of its assets some, named by their ends, are others, or missing."""
    made, assets = parts(number)
    for name in list(assets):
        for end, content in changes.items():
            if name.endswith(end):
                assets[name] = content or b""
                if content is None:
                    del assets[name]
    return server.repository(NAME).release(made.tag, PUBLISHED, files=assets)


def collected(server: GitHubServer, store: Store) -> Collected:
    return collect.from_github(server.client(NAME), store)


def downloads(server: GitHubServer) -> list[str]:
    return [asked for asked in server.requests if asked.startswith("GET releases/assets/")]


def test_what_is_published_and_ours(server: GitHubServer, store: Store) -> None:
    for number in range(3):
        publish(server, number)
    server.repository(NAME).release("v1.0", files={"manifest.json": b"{}"})
    server.repository(NAME).release("snapshot-20260201.01", draft=True)
    found = collected(server, store)
    assert sorted(it.manifest.version for it in found.releases) == [day(number) for number in range(3)]
    assert {it.published for it in found.releases} == {PUBLISHED}
    assert found.left_out == ()


def test_manifests_are_downloaded_once(server: GitHubServer, store: Store) -> None:
    for number in range(3):
        publish(server, number)
    first = collected(server, store)
    assert len(downloads(server)) == 3
    assert collected(server, store) == first
    assert len(downloads(server)) == 3
    publish(server, 3)
    assert len(collected(server, store).releases) == 4
    assert len(downloads(server)) == 4


def test_a_manifest_that_was_changed_in_the_store(server: GitHubServer, store: Store) -> None:
    publish(server, 0)
    collected(server, store)
    (kept,) = store.root.glob("manifests/*/content")
    kept.write_bytes(kept.read_bytes() + b" ")
    with pytest.raises(Changed):
        collected(server, store)


CASES: list[tuple[dict[str, bytes | None], str]] = [
    ({"json": None}, "it has no manifest.json"),
    ({"json": b"{"}, "manifest.json of snapshot-20260102.01 is no manifest of a release: not JSON"),
    ({"json": b"\xff"}, "manifest.json of snapshot-20260102.01 is no manifest of a release: it is not text"),
    ({"json": parts(7)[1]["manifest.json"]}, "its manifest is that of snapshot-20260108.01"),
    ({"whl": None}, "is not there as its manifest says"),
    ({"whl": b"9"}, "is not there as its manifest says"),
    ({"metadata": None}, ".metadata is not there as its manifest says"),
    ({"metadata": b"8", "whl": b"9"}, " and 1 more is not there as its manifest says"),
]


@pytest.mark.parametrize(("changes", "reason"), CASES)
def test_a_release_that_is_not_whole(
    server: GitHubServer, store: Store, changes: dict[str, bytes | None], reason: str
) -> None:
    publish(server, 0)
    publish(server, 1, **changes)
    found = collected(server, store)
    assert [it.manifest.version for it in found.releases] == [day(0)]
    (line,) = found.left_out
    assert line.startswith("snapshot-20260102.01: ")
    assert reason in line
    assert set(found.tags) == {"snapshot-20260101.01", "snapshot-20260102.01"}


def test_a_manifest_whose_digest_is_not_known(server: GitHubServer, store: Store) -> None:
    publish(server, 0)
    made = publish(server, 1)
    for asset in made["assets"]:
        asset["digest"] = None
    (line,) = collected(server, store).left_out
    assert (
        line == "snapshot-20260102.01: GitHub does not say the sha256 of its manifest.json; upload it again"
    )


def test_a_list_that_leaves_files_out(server: GitHubServer, store: Store) -> None:
    made = publish(server, 0)
    assets = list(made["assets"])
    release = server.repository(NAME).releases[0]
    server.fail("GET releases", shortened(release["id"]))
    found = collected(server, store)
    assert [it.manifest.version for it in found.releases] == [day(0)]
    assert f"GET releases/{made['id']}/assets" in server.requests
    assert made["assets"] == assets


def shortened(number: int) -> Fault:
    """A list of releases that has only some of the files of each."""

    def change(right: Answer) -> Answer:
        content = right.content
        for release in content:
            if release["id"] == number:
                release["assets"] = release["assets"][:1]
        return replace(right, body=json.dumps(content).encode())

    return Fault(change=change, after=True)


def test_github_that_is_down_leaves_nothing_out(server: GitHubServer, store: Store) -> None:
    publish(server, 0)
    publish(server, 1)
    server.fail("GET releases/assets/*", *[fails(503)] * 5)
    with pytest.raises(UserError, match="503"):
        collected(server, store)
    assert len(collected(server, store).releases) == 2


def test_nothing_is_released(server: GitHubServer, store: Store) -> None:
    with pytest.raises(UserError, match=f"^{NAME} has no published releases of this project"):
        collected(server, store)


def test_the_session(server: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(server, 0)
    for name, value in {**server.environment, "GITHUB_REPOSITORY": NAME}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    (tmp_path / "pyproject.toml").write_text("")
    words = ["--output", str(tmp_path / "site"), "--cache", str(tmp_path / "cache")]
    session.run(words, tmp_path)
    (file,) = json.loads((tmp_path / "site/simple/mlir-sdk/index.json").read_text())["files"]
    assert file["url"] == (
        f"https://github.com/{NAME}/releases/download/snapshot-20260101.01/{parts(0)[0].files[0].name}"
    )
    assert file["upload-time"] == "2026-11-23T04:05:06.000000Z"
