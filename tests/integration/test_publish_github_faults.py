"""What goes wrong between a publisher and GitHub: survived, or one line, and the next run finishes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from github_desk import TAG, desk
from github_lists import invalid
from github_messages import (
    broken_off,
    dripping,
    empty_page,
    error,
    fails,
    half_made,
    half_page,
    half_way,
    html,
    instead,
    moved,
    primary_limit,
    reset,
    secondary_limit,
    slow,
    truncated,
)
from github_server import TOKEN
from mlir_release.errors import UserError
from mlir_release.publishing.publication import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from github_desk import Desk
    from github_messages import Fault, Request

# The kinds of requests that a publisher makes, and whether it has written before that.
CREATE, UPLOAD, FLIP = "POST releases", "POST releases/*/assets", "PATCH releases/*"
LIST, ASSETS, ASSET, BLOB = "GET releases", "GET releases/*/assets", "GET releases/assets/*", "GET blobs/*"
REF = "GET git/*"
EVERYWHERE = (CREATE, UPLOAD, FLIP, LIST, ASSETS, ASSET, BLOB, REF)
PASSING: dict[str, Callable[[], Fault]] = {
    "500": lambda: fails(500),
    "502": lambda: html(502),
    "503": lambda: fails(503, "Service unavailable"),
    "reset before": reset,
    "reset after": lambda: reset(after=True),
    "broken off": broken_off,
    "too late": lambda: slow(4.5),
    "slow body": lambda: dripping(0.3),
}
LIMITS: dict[str, Callable[[], Fault]] = {
    "no requests left": lambda: primary_limit(1),
    "403, slow down": lambda: secondary_limit(1),
    "429": lambda: secondary_limit(1, 429),
}
UPLOADING: dict[str, Callable[[], Fault]] = {
    "reset in the midst": half_way,
    "502 leaves a beginning": half_made,
    "422, and nothing is there": lambda: instead(invalid("ReleaseAsset", "name", "already_exists")),
    "404": lambda: fails(404, "Not Found"),
}
DOWNLOADING: dict[str, Callable[[], Fault]] = {
    "other bytes": truncated,
    "the signature is too old": lambda: fails(403, "expired"),
}
LISTING = {"half a page": half_page, "an empty page": empty_page}
# What has no body, or one that is over in two bytes.
SHORT = {(LIST, "slow body"), (ASSETS, "slow body"), (ASSET, "slow body"), (ASSET, "broken off")}
SURVIVED = [
    *(
        (where, name, fault)
        for where in EVERYWHERE
        for name, fault in PASSING.items()
        if (where, name) not in SHORT
    ),
    *((where, name, fault) for where in EVERYWHERE if where != BLOB for name, fault in LIMITS.items()),
    *((where, "truncated", truncated) for where in (CREATE, UPLOAD, FLIP, LIST, ASSETS)),
    *((UPLOAD, name, fault) for name, fault in UPLOADING.items()),
    *((BLOB, name, fault) for name, fault in DOWNLOADING.items()),
]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def one_line(caught: pytest.ExceptionInfo[UserError]) -> str:
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert TOKEN not in line
    assert "signature" not in line
    return line


@pytest.mark.parametrize(("where", "name", "fault"), SURVIVED, ids=[f"{it[0]}-{it[1]}" for it in SURVIVED])
def test_once_is_survived(
    made: Desk,
    where: str,
    name: str,
    fault: Callable[[], Fault],
    capsys: pytest.CaptureFixture[str],
) -> None:
    made.server.fail(where, fault())
    # A dripping upload, or one that is late, may take four times as long.
    made.publish(timeout=1.0 if name in ("too late", "slow body") else 30.0)
    said = capsys.readouterr().out
    assert "; trying again in " in said
    assert TOKEN not in said
    assert "signature" not in said
    made.assert_whole()


@pytest.mark.parametrize("where", [CREATE, UPLOAD])
def test_answers_that_are_always_lost_are_done_without(made: Desk, where: str) -> None:
    made.server.fail(where, *[reset(after=True)] * 60)
    made.publish()
    made.assert_whole()
    assert len(made.server.writes) == 8


@pytest.mark.parametrize("where", [CREATE, UPLOAD, FLIP, ASSETS, ASSET, BLOB])
@pytest.mark.parametrize("name", ["502", "reset before"])
def test_for_good_is_one_line_and_can_be_resumed(made: Desk, where: str, name: str) -> None:
    made.server.fail(where, *[PASSING[name]() for _ in range(60)])
    with pytest.raises(UserError) as caught:
        made.publish()
    line = one_line(caught)
    assert f"files of {TAG} are on GitHub, then: " in line
    assert line.endswith(". Run the same again, it goes on there")
    assert made.public == []
    made.server.recover()
    made.publish()
    made.assert_whole()


def test_a_flip_that_nobody_hears_of(made: Desk) -> None:
    made.server.fail(FLIP, *[reset(after=True)] * 60)
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert f"6 of 6 files of {TAG} are on GitHub, then: GitHub does not answer" in one_line(caught)
    made.server.recover()
    made.assert_whole()


@pytest.mark.parametrize("where", [LIST, REF])
def test_before_the_first_write(made: Desk, where: str) -> None:
    made.server.fail(where, *[fails(502)] * 60)
    with pytest.raises(UserError) as caught:
        made.publish()
    assert "GitHub has trouble of its own" in one_line(caught)
    assert made.server.writes == []


@pytest.mark.parametrize("where", [CREATE, UPLOAD, FLIP])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (primary_limit(3600), "GitHub's limit of requests is used up; come back after "),
        (secondary_limit(3600), "GitHub's limit of requests is used up; come back after "),
        (fails(403, "Resource not accessible by integration"), "needs the right to do this"),
        (fails(401, f"Bad credentials: {TOKEN}"), "(401 Bad credentials: ***)"),
        (fails(422, "Validation Failed"), "it will not be taken as it is"),
        (moved("https://example.org/"), "the repository has another name now"),
        (moved("https://example.org/", 307), "the repository has another name now"),
    ],
)
def test_what_is_not_worth_another_attempt(made: Desk, where: str, fault: Fault, said: str) -> None:
    made.server.fail(where, fault)
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert said in one_line(caught)
    assert made.public == []
    made.publish()
    made.assert_whole()


@pytest.mark.parametrize("name", LISTING)
def test_a_list_that_is_not_whole(made: Desk, name: str) -> None:
    """What seems to be missing is told by GitHub to be there; nothing is there twice."""
    draft = made.home.release(TAG, draft=True, files=made.files)
    made.server.fail(ASSETS, LISTING[name]())
    made.publish()
    assert [it["id"] for it in made.public] == [draft["id"]]
    made.assert_whole()


def test_uploads_that_are_lost_one_after_the_other(made: Desk) -> None:
    for fault in (half_way(), half_made(), reset(after=True), half_way(), slow(4.5)):
        made.server.fail(UPLOAD, fault)
    made.publish(timeout=1.0)
    made.assert_whole()


def test_an_upload_that_leads_elsewhere(made: Desk) -> None:
    draft = made.home.release(TAG, draft=True)
    draft["upload_url"] = "https://uploads.example.org/files{?name,label}"
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert "leads to another host, uploads.example.org" in one_line(caught)


def test_a_download_that_leads_to_a_place_without_encryption(made: Desk) -> None:
    there = instead(error(302, "Found", headers={"location": "http://example.org/file"}))
    made.server.fail(ASSET, there)
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert "leads to example.org without encryption" in one_line(caught)
    assert made.public == []


def test_a_file_that_is_changed_before_it_is_uploaded(made: Desk) -> None:
    def hook(moment: str, request: Request) -> None:
        if (moment, request.below) == ("after", "releases"):
            (made.folder / made.manifest.files[1].name).write_bytes(b"shorter")

    made.server.hook = hook
    with pytest.raises(Unfinished) as caught:
        made.publish()
    assert f"{made.manifest.files[1].name} has other bytes there" in one_line(caught)
    assert made.public == []


def test_digests_that_are_not_told(made: Desk) -> None:
    """An older server: what it has is downloaded and hashed."""
    draft = made.home.release(TAG, draft=True, files=dict([*made.files.items()][:3]))
    for asset in draft["assets"]:
        asset["digest"] = None
    made.publish()
    assert len(made.server.writes) == 4
    (release,) = made.public
    assert made.held(release) == made.files
