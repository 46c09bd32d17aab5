"""``index``: from folders of release sets to files, or to one line that says why not."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from index_samples import day, digest, file_of, manifest_of
from mlir_release.errors import UserError
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.index import session

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest

PLATFORM = "manylinux_2_28_x86_64"
BASE = "https://example.org/files"


def release(number: int) -> Manifest:
    name = f"mlir_sdk-{day(number)}-py3-none-{PLATFORM}.whl"
    return manifest_of(day(number), [file_of(name, 1, digest(b"1"), digest(b"2"))])


def put(place: Path, manifest: Manifest) -> Path:
    folder = place / "sets" / manifest.tag
    folder.mkdir(parents=True)
    (folder / manifests.NAME).write_text(manifests.text(manifest))
    return folder / manifests.NAME


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three release sets, whose index is to be in ``site``."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    for number in range(3):
        put(tmp_path, release(number))
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def run(place: Path, *more: str, base: str = BASE) -> dict[str, bytes]:
    words = ["--from", str(place / "sets"), "--output", str(place / "site"), "--cache", str(place / "cache")]
    session.run([*words, "--base-url", base, *more], place)
    return content(place)


def content(place: Path) -> dict[str, bytes]:
    site = place / "site"
    return {str(it.relative_to(site)): it.read_bytes() for it in site.rglob("*") if it.is_file()}


def refusal(place: Path, base: str = BASE) -> str:
    before = content(place)
    with pytest.raises(UserError) as caught:
        run(place, base=base)
    assert content(place) == before
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


def versions(place: Path) -> list[str]:
    return list(json.loads((place / "site/simple/mlir-sdk/index.json").read_text())["versions"])


def test_all_releases(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place).keys() == {
        "flat.html",
        "index.html",
        "page.css",
        "page.js",
        "simple/index.html",
        "simple/index.json",
        "simple/mlir-sdk/index.html",
        "simple/mlir-sdk/index.json",
    }
    assert versions(place) == [day(number) for number in range(3)]
    page = (place / "site/simple/mlir-sdk/index.html").read_text()
    assert f'href="{BASE}/snapshot-20260102.01/mlir_sdk-{day(1)}-py3-none-{PLATFORM}.whl#sha256=' in page
    people = (place / "site/index.html").read_text()
    assert "https://owner.github.io/name/simple/" in people
    said = capsys.readouterr().out
    assert "releases         3, 0 yanked" in said
    assert "WARNING" not in said


def test_it_is_the_same_each_time_and_nothing_else_is_left(place: Path) -> None:
    first = run(place)
    (place / "site/index-of-before.html").write_text("old")
    before = sorted(place.iterdir())
    assert run(place) == first
    assert sorted(place.iterdir()) == before


def test_the_files_are_where_github_has_them(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    session.run(["--from", str(place / "sets"), "--output", str(place / "site")], place)
    page = (place / "site/flat.html").read_text()
    assert 'href="https://github.com/owner/name/releases/download/snapshot-20260101.01/mlir_sdk-' in page


def test_an_index_that_is_elsewhere(place: Path) -> None:
    run(place, "--url", "https://example.org/index/")
    people = (place / "site/index.html").read_text()
    assert "https://example.org/index/simple/" in people
    assert "github.io" not in people


def test_a_release_that_cannot_be_read_is_left_out_and_said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "sets/snapshot-20260101.01/manifest.json").write_text("{")
    (place / "sets/snapshot-20260102.01/manifest.json").write_text(manifests.text(release(7)))
    run(place)
    assert versions(place) == [day(2)]
    said = capsys.readouterr().out
    assert "WARNING: left out: snapshot-20260101.01: " in said
    assert "WARNING: left out: snapshot-20260102.01: its manifest is that of snapshot-20260108.01" in said
    assert "left out         2" in said


@pytest.mark.parametrize("newest", ["snapshot-20260103.01", "snapshot-20260601.01", "llvm-22.1.8.02"])
def test_the_newest_of_its_kind_must_be_listed(place: Path, newest: str) -> None:
    run(place)
    (place / "sets" / newest).mkdir(exist_ok=True)
    (place / "sets" / newest / "manifest.json").write_text("{")
    (place / "sets" / "llvm-22.1.8.01").mkdir()
    before = content(place)
    with pytest.raises(session.LeftOut, match="would be left out of the index") as caught:
        run(place)
    assert not isinstance(caught.value, UserError)
    assert newest in str(caught.value)
    assert content(place) == before


def test_an_index_of_nothing_is_not_made(place: Path) -> None:
    run(place)
    for path in place.glob("sets/*/manifest.json"):
        path.write_text("{}")
    assert refusal(place).startswith("no release is left that can be in an index; ")


def test_a_folder_without_release_sets(place: Path) -> None:
    with pytest.raises(UserError, match="has no release sets, which are folders called like snapshot-"):
        run(place, "--from", str(place / "nothing"))


def yank(place: Path, text: str) -> None:
    (place / "pyproject.toml").write_text(f"[tool.mlir-release]\nyanked = {text}\n")


def test_what_the_project_has_yanked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    yank(place, '{ "snapshot-20260102.01" = "crashes" }')
    run(place)
    files = json.loads((place / "site/simple/mlir-sdk/index.json").read_text())["files"]
    assert [file["yanked"] for file in files] == [False, "crashes", False]
    assert "3, 1 yanked" in capsys.readouterr().out


def test_a_yanked_release_that_is_left_out_anyway(place: Path) -> None:
    (place / "sets/snapshot-20260102.01/manifest.json").write_text("{")
    yank(place, '{ "snapshot-20260102.01" = "crashes" }')
    run(place)
    assert versions(place) == [day(0), day(2)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{ "snapshot-20260132.01" = "x" }', "yanked has 'snapshot-20260132.01', which is no tag like"),
        ('{ "snapshot-20260104.01" = "x" }', "there is no release snapshot-20260104.01, which yanked names"),
        ('{ "snapshot-20260101.01" = "" }', "yanked says no reason for snapshot-20260101.01"),
        ('{ "snapshot-20260101.01" = true }', "yanked says no reason for snapshot-20260101.01"),
        ('{ "snapshot-20260101.01" = "a\\nb" }', "yanked says no reason for snapshot-20260101.01"),
        ('["snapshot-20260101.01"]', "yanked is not a table"),
        ("{", "not TOML that can be read"),
    ],
)
def test_a_bad_list_of_what_is_yanked(place: Path, text: str, reason: str) -> None:
    run(place)
    yank(place, text)
    line = refusal(place)
    assert line.startswith(f"{place / 'pyproject.toml'}: {reason}")
    assert line.endswith("; mend it there, nothing was written")


def test_a_rehearsal_is_only_for_this_machine(place: Path) -> None:
    path = place / "sets/snapshot-20260101.01/manifest.json"
    path.write_text(manifests.text(dataclasses.replace(release(0), rehearsal=True)))
    for base in (BASE, "https://127.0.0.1.example.org", "https://localhost.example.org/x"):
        assert f"snapshot-20260101.01 is a rehearsal, and {base} is not on this machine" in refusal(
            place, base
        )
    for base in ("http://127.0.0.1:8000/x", "http://localhost:1", "http://[::1]:80"):
        assert base.encode() in run(place, base=base)["flat.html"]


@pytest.mark.parametrize(
    "base", ["", "example.org", "http://example.org", "ftp://127.0.0.1/", "https://", "https://a/?b", "https://a/#b",
             "https://me:secret@example.org", "https://[", "/srv/files"]
)  # fmt: skip
def test_a_url_that_installers_cannot_be_sent_to(place: Path, base: str) -> None:
    assert "--base-url" in refusal(place, base)


def test_only_an_index_is_replaced(place: Path) -> None:
    (place / "site").mkdir()
    run(place)
    for path in (place, place / "pyproject.toml"):
        with pytest.raises(UserError, match="is there and no index, and would be replaced; name another"):
            run(place, "--output", str(path))
    assert (place / "pyproject.toml").is_file()
    assert (place / "sets").is_dir()


def test_options_that_there_are_not(place: Path) -> None:
    with pytest.raises(UserError, match="--output"):
        session.run([], place)
