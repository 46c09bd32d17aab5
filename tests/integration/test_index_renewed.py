"""An index that is made again lists what people have from the deployed one, or is not made."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from index_samples import OURS, PROJECT, bindings, day
from index_world import World, make_world
from mlir_release import tags
from mlir_release.publishing.index.session import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def web(tmp_path: Path) -> Iterator[World]:
    """Three releases, of which the index that people use lists the first two."""
    with make_world(tmp_path) as made:
        for number in range(3):
            made.release(day(number), bindings(OURS))
            if number == 1:
                # There is none yet, so nothing must be in it.
                made.make("--renew")
        yield made


def release(web: World, number: int) -> Path:
    return web.sets / str(tags.of_version(day(number)))


def versions(web: World) -> list[str]:
    page = web.ours.folder / "index/simple" / PROJECT / "index.json"
    return list(json.loads(page.read_text())["versions"])


def test_what_was_listed_must_be_listed(web: World) -> None:
    (release(web, 0) / "manifest.json").write_text("{")
    with pytest.raises(LeftOut, match=r"^snapshot-20260101\.01 would be left out of the index"):
        web.make("--renew")
    assert versions(web) == [day(0), day(1)]


def test_what_was_not_and_what_is_gone_need_not(web: World) -> None:
    web.release(day(3), bindings(OURS))
    (release(web, 2) / "manifest.json").write_text("{")
    shutil.rmtree(release(web, 0))
    web.make("--renew")
    assert versions(web) == [day(1), day(3)]
