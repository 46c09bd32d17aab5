"""A release that somebody else publishes or changes at the same time, on the stand-in for GitHub."""

from __future__ import annotations

import fnmatch
import itertools
import threading
from typing import TYPE_CHECKING

import pytest

from github_desk import TAG, desk, write_set
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.publication import Different, Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from github_desk import Desk
    from github_messages import Request


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.mark.parametrize("at", ["GET releases", "POST releases", "GET releases/*/assets"])
def test_two_at_once(made: Desk, at: str) -> None:
    """They meet at one point, and go on from there side by side."""
    made.server.hook = meet(at)
    publishers = [made.start(grace=5.0), made.start(grace=5.0)]
    said = [it.communicate(timeout=120)[0] for it in publishers]
    assert [it.returncode for it in publishers] == [0, 0], said
    made.assert_whole()
    if at == "POST releases":
        assert any("somebody else publishes" in it for it in said)


def test_two_at_once_with_different_files(made: Desk, tmp_path: Path) -> None:
    write_set(tmp_path / "other", salt="other")
    other = type(made)(made.server, tmp_path / "other", manifests.read(tmp_path / "other" / manifests.NAME))
    made.server.hook = meet("POST releases")
    publishers = [it.start(grace=5.0) for it in (made, other)]
    said = [it.communicate(timeout=120)[0] for it in publishers]
    # One of them may have been faster with every file; nothing is ever mixed in public.
    assert sorted(it.returncode for it in publishers) in ([0, 2], [2, 2]), said
    for release in made.public:
        assert made.held(release) in (made.files, other.files)


def meet(at: str) -> Callable[[str, Request], None]:
    """Holds the first two of such requests until both are there, and nothing is done of either."""
    together, came = threading.Barrier(2), itertools.count()

    def hook(moment: str, request: Request) -> None:
        here = fnmatch.fnmatchcase(f"{request.method} {request.below}", at)
        if moment == "before" and here and next(came) < 2:
            together.wait(timeout=30)

    return hook


def test_what_somebody_else_is_uploading_is_waited_for(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = made.home.release(TAG, draft=True, files=made.files)
    asset = draft["assets"][0]
    whole = dict(asset)
    asset.update(state="starter", size=0, digest=None)
    threading.Timer(1.0, lambda: asset.update(whole)).start()
    made.publish(grace=60.0)
    assert "its upload has begun and not ended" in capsys.readouterr().out
    assert made.server.writes == [f"PATCH releases/{draft['id']}"]
    made.assert_whole()


def test_somebody_else_makes_another_one_public(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub then refuses ours; what is public is looked at instead."""

    def hook(moment: str, request: Request) -> None:
        if (moment, request.method) == ("before", "PATCH"):
            made.home.release(TAG, files=made.files)

    made.server.hook = hook
    made.publish()
    assert "is not needed any more; delete it there" in (said := capsys.readouterr().out)
    assert "somebody else was faster" in said
    assert len(made.public) == 1


def test_somebody_else_makes_another_set_public(made: Desk) -> None:
    def hook(moment: str, request: Request) -> None:
        if (moment, request.method) == ("before", "PATCH"):
            made.home.release(TAG, files={"other.whl": b"?"})

    made.server.hook = hook
    with pytest.raises(Different, match=r"other\.whl is there, and not in the set"):
        made.publish()


def test_a_draft_that_is_changed_meanwhile(made: Desk) -> None:
    def hook(moment: str, request: Request) -> None:
        if moment == "after" and request.query.get("name") == manifests.NAME:
            made.home.releases[0]["assets"].pop(0)
            made.home.add_asset(made.home.releases[0], "other", b"?")

    made.server.hook = hook
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert "other is there, and not in the set; " in str(caught.value)
    assert f"{made.manifest.files[0].name} is not there, or not whole" in str(caught.value)
    assert made.public == []
