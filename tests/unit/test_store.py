from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from child import start, wait_until
from mlir_release.errors import UserError
from mlir_release.run import MARK, environment
from mlir_release.store import (
    MANIFEST,
    Store,
    content_key,
    ensure_room,
    ensure_writable,
    file_sha256,
    remove,
    write_atomically,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OPEN = """\
import sys, time
from pathlib import Path
from mlir_release.store import Store
store = Store.open(Path(sys.argv[1]))
"""
PARTS = {"commit": "abc", "options": ["x", 1]}
JSON = st.dictionaries(
    st.text(max_size=4), st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)), max_size=4
)


def start_with_store(code: str, *arguments: Path | str) -> subprocess.Popen[str]:
    """A process that runs code against the store in its first argument."""
    return start(OPEN + textwrap.dedent(code), *arguments)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def writes(name: str) -> Callable[[Path], None]:
    """The making of a box with one file."""

    def make(work: Path) -> None:
        (work / name).write_text("")

    return make


@given(one=JSON, other=JSON)
def test_keys_differ_when_parts_do(one: dict[str, object], other: dict[str, object]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (content_key(one) == content_key(other)) == same
    assert content_key(one) == content_key(dict(reversed(one.items())))


def test_a_box_is_made_once(store: Store) -> None:
    made = []

    def make(work: Path) -> None:
        made.append(work)
        (work / "file").write_text("content")

    first = store.obtain("thing", PARTS, make)
    second = store.obtain("thing", PARTS, make)
    assert len(made) == 1
    assert (first.reused, second.reused) == (False, True)
    assert first.path == second.path == store.root / "thing" / content_key(PARTS)
    assert (second.path / "file").read_text() == "content"
    assert second.manifest == PARTS
    assert not made[0].exists()
    assert store.obtain("thing", {**PARTS, "commit": "abd"}, make).path != first.path


def test_a_making_that_fails_leaves_no_box_and_the_next_starts_afresh(store: Store) -> None:
    def fails(work: Path) -> None:
        (work / "half").write_text("")
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        store.obtain("thing", PARTS, fails)
    assert store.find("thing", content_key(PARTS)) is None
    box = store.obtain("thing", PARTS, writes("whole"))
    assert names(box.path) == [MANIFEST, "whole"]


def test_a_resumable_making_finds_what_was_left(store: Store) -> None:
    def fails(work: Path) -> None:
        (work / "half").write_text("")
        raise UserError("no")

    with pytest.raises(UserError):
        store.obtain("thing", PARTS, fails, resumable=True)
    box = store.obtain("thing", PARTS, writes("rest"), resumable=True)
    assert names(box.path) == ["half", MANIFEST, "rest"]


@pytest.mark.parametrize("manifest", [None, b"", b"{", b"\xff"])
def test_a_folder_without_a_good_manifest_is_not_a_box(store: Store, manifest: bytes | None) -> None:
    place = store.root / "thing" / content_key(PARTS)
    place.mkdir(parents=True)
    (place / "stale").write_text("")
    if manifest is not None:
        (place / MANIFEST).write_bytes(manifest)
    assert store.find("thing", place.name) is None
    box = store.obtain("thing", PARTS, lambda _: None)
    assert names(box.path) == [MANIFEST]


def test_killed_while_making_then_made(tmp_path: Path) -> None:
    code = """
    def make(work):
        (work / "half").write_text("")
        time.sleep(60)
    store.obtain("thing", {"a": 1}, make)
    """
    work = tmp_path / "work" / f"thing-{content_key({'a': 1})}"
    process = start_with_store(code, tmp_path)
    wait_until((work / "half").exists)
    process.kill()
    process.wait()
    box = Store.open(tmp_path).obtain("thing", {"a": 1}, writes("ok"))
    assert names(box.path) == [MANIFEST, "ok"]


def test_tools_that_a_killed_build_left_running_are_ended(store: Store) -> None:
    work = store.root / "work" / f"thing-{content_key(PARTS)}"
    work.mkdir(parents=True)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, cwd=work, env=environment()) as leftover:
        assert psutil.Process(leftover.pid).cwd() == str(work)
        store.obtain("thing", PARTS, lambda _: None)
        # Its end may have been collected by the store already, status and all.
        assert leftover.poll() is not None


def test_a_leftover_does_not_see_the_end_of_what_it_waits_for(store: Store, tmp_path: Path) -> None:
    """A CMake outside of the folder, of which only its command line speaks, that has a compiler inside."""
    work = store.root / "work" / f"thing-{content_key(PARTS)}"
    work.mkdir(parents=True)
    script = "(cd $0 && exec sleep 60); echo ended > $1; sleep 60"
    command = ["/bin/sh", "-c", script, str(work), str(tmp_path / "answer")]
    with subprocess.Popen(command, env=environment()) as leftover:
        family = psutil.Process(leftover.pid)
        wait_until(lambda: any("sleep" in it.name() for it in family.children(recursive=True)))
        store.obtain("thing", PARTS, lambda _: None)
        assert leftover.poll() is not None
    assert not (tmp_path / "answer").exists()


def test_what_no_session_started_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)  # these tests may be run by a session
    work = store.root / "work" / f"thing-{content_key(PARTS)}"
    work.mkdir(parents=True)
    log = work / "log"
    log.touch()
    with (
        subprocess.Popen(["sleep", "60"], cwd=work) as shell,
        subprocess.Popen(["tail", "-f", log]) as tail,
    ):
        store.obtain("thing", PARTS, lambda _: None)
        ended = shell.poll(), tail.poll()
        shell.kill()
        tail.kill()
    assert ended == (None, None)


def test_two_processes_make_one_box(tmp_path: Path) -> None:
    code = """
    def make(work):
        with open(sys.argv[2], "a") as out:
            out.write("made\\n")
        time.sleep(0.5)
        (work / "file").write_text("whole")
    box = store.obtain("thing", {"a": 1}, make)
    assert (box.path / "file").read_text() == "whole"
    print("reused" if box.reused else "new")
    """
    processes = [start_with_store(code, tmp_path / "cache", tmp_path / "made") for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert (tmp_path / "made").read_text() == "made\n"
    assert sorted(output.split()[-1] for output in outputs) == ["new", "reused", "reused"]


def test_unwritable_places_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    # Below a regular file nobody can write, root included.
    for attempt in (lambda: ensure_writable(tmp_path / "file" / "x"), lambda: Store.open(tmp_path / "file")):
        with pytest.raises(UserError, match="cannot write to") as caught:
            attempt()
        assert len(str(caught.value).splitlines()) == 1


def test_ensure_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_room_is_checked_where_the_folder_will_be(tmp_path: Path) -> None:
    ensure_room(tmp_path / "a" / "b", 1, "nothing much")
    needed = shutil.disk_usage(tmp_path).total + 1
    with pytest.raises(UserError, match=r"the moon needs [\d.]+ GB in .*a/b, where [\d.]+ GB are free"):
        ensure_room(tmp_path / "a" / "b", needed, "the moon")


def test_write_atomically_replaces_and_leaves_no_part(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write_atomically(tmp_path / "file", text)
        assert (tmp_path / "file").read_text() == text
    assert names(tmp_path) == ["file"]


def test_remove_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("")
    (tmp_path / "link").symlink_to("kept")
    remove(tmp_path / "link")
    remove(tmp_path / "link")
    assert (tmp_path / "kept" / "file").exists()
    remove(tmp_path / "kept")
    assert names(tmp_path) == []


def test_file_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "abc") == expected


def test_log_files_start_empty(store: Store) -> None:
    store.log_file("tool").write_text("old")
    assert store.log_file("tool").read_text() == ""
