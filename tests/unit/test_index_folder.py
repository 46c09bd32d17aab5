"""An index appears whole, or what was there stays."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from child import start
from mlir_release.errors import UserError
from mlir_release.publishing.index import folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.store import Store

FILES = [(f"simple/{name}/index.html", name) for name in "abc"] + [("simple/index.json", "{}")]
# Ends like a machine that is switched off, in the middle of the work.
KILLED = """
import os, signal, sys
from pathlib import Path
from mlir_release.publishing.index import folder
from mlir_release.store import Store
def files():
    yield "simple/index.json", "new"
    yield "simple/a/index.html", "new"
    os.kill(os.getpid(), signal.SIGKILL)
folder.write(Path(sys.argv[1]), files(), Store.open(Path(sys.argv[2])))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "public" / "site"


def content(place: Path) -> dict[str, str]:
    return {
        path.relative_to(place).as_posix(): path.read_text() for path in place.rglob("*") if path.is_file()
    }


def test_it_replaces_what_was_there(place: Path, store: Store) -> None:
    assert folder.write(place, FILES, store) == 5
    assert content(place) == dict(FILES)
    folder.write(place, [("simple/index.json", "[]")], store)
    assert content(place) == {"simple/index.json": "[]"}
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_killed_in_the_middle(place: Path, store: Store) -> None:
    folder.write(place, FILES, store)
    killed = start(KILLED, place, store.root)
    assert killed.wait(60) == -signal.SIGKILL
    assert content(place) == dict(FILES)
    folder.write(place, FILES[1:], store)
    assert content(place) == dict(FILES[1:])
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_killed_between_the_two_renames(place: Path, store: Store) -> None:
    folder.write(place, FILES, store)
    place.rename(place.with_name(".site.old"))
    folder.check(place)
    folder.write(place, FILES[1:], store)
    assert content(place) == dict(FILES[1:])
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_what_cannot_be_made_changes_nothing(place: Path, store: Store) -> None:
    folder.write(place, FILES, store)

    def files() -> Iterator[tuple[str, str]]:
        yield FILES[0]
        raise UserError("no more")

    with pytest.raises(UserError, match="no more"):
        folder.write(place, files(), store)
    assert content(place) == dict(FILES)


def test_many_at_once(place: Path, store: Store) -> None:
    def make(number: int) -> None:
        folder.write(place, [(path, str(number)) for path, _ in FILES], store)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    made = content(place)
    assert made.keys() == dict(FILES).keys()
    assert len(set(made.values())) == 1
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_something_else_is_never_replaced(place: Path, store: Store) -> None:
    place.mkdir(parents=True)
    folder.check(place)
    (place / "thesis.txt").write_text("three years")
    for step in (lambda: folder.check(place), lambda: folder.write(place, FILES, store)):
        with pytest.raises(folder.NoIndexThere):
            step()
    assert content(place) == {"thesis.txt": "three years"}
