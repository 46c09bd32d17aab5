"""Repair, of small wheels with real extensions."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from child import start, wait_until
from mlir_release.errors import ToolFailed, UserError
from mlir_release.repair import repair
from mlir_release.repair.linux import Auditwheel
from mlir_release.store import file_sha256
from workshop import grafts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlir_release.store import Store
    from workshop import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")

REPAIR = """\
import sys
from pathlib import Path
from mlir_release.repair import repair
from mlir_release.store import Store
raw, libraries, store = map(Path, sys.argv[1:])
print(repair(raw, library_dirs=[libraries], store=Store.open(store)))
"""


class TestGood:
    def test_grafted_tagged_and_it_works_without_the_foreign_library(
        self, workshop: Workshop, store: Store, tmp_path: Path
    ) -> None:
        # A run path of this machine must go; pyenv's LDFLAGS put one in.
        raw = workshop.raw(tmp_path, f"-Wl,-rpath,{workshop.foreign}")
        before = file_sha256(raw)
        repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
        assert file_sha256(raw) == before
        assert len(grafts(repaired)) == 1
        tag = workshop.interpreter.tag
        # The extension needs nothing of a newer system, so that even the oldest tag may come out.
        assert re.fullmatch(rf"tiny-1\.0-{tag}-{tag}-manylinux[\w.]+_x86_64\.whl", repaired.name)
        shutil.rmtree(workshop.foreign)
        workshop.assert_works(repaired, tmp_path / "environment")
        Auditwheel().check(repaired)

    def test_the_same_wheel_is_repaired_once(self, workshop: Workshop, store: Store, tmp_path: Path) -> None:
        raw = workshop.raw(tmp_path)
        first = repair(raw, library_dirs=[workshop.foreign], store=store)
        shutil.rmtree(workshop.foreign)
        assert repair(raw, library_dirs=[workshop.foreign], store=store) == first

    def test_a_relative_path_is_meant_from_here(
        self, workshop: Workshop, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = workshop.raw(tmp_path)
        monkeypatch.chdir(tmp_path)
        repaired = repair(raw.relative_to(tmp_path), library_dirs=[Path("foreign")], store=store)
        assert len(grafts(repaired)) == 1


def assert_nothing_finished(store: Store) -> None:
    assert not (store.root / "repaired").exists()


def test_a_library_that_is_nowhere_fails_with_a_log(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    raw = workshop.raw(tmp_path)
    with pytest.raises(ToolFailed) as caught:
        repair(raw, library_dirs=[tmp_path], store=store)
    assert "libforeign.so" in caught.value.log.read_text()
    assert_nothing_finished(store)


@pytest.mark.parametrize("content", [b"", b"not a zip\n", None])
def test_a_raw_wheel_that_is_none_is_refused(
    workshop: Workshop, store: Store, tmp_path: Path, content: bytes | None
) -> None:
    raw = workshop.raw(tmp_path)
    raw.write_bytes(raw.read_bytes()[:-100] if content is None else content)
    with pytest.raises(UserError, match="is not as it was built: it is damaged") as caught:
        repair(raw, library_dirs=[workshop.foreign], store=store)
    assert len(str(caught.value).splitlines()) == 1
    assert_nothing_finished(store)


# How one sees from outside that auditwheel is about to start, is changing libraries, and is packing.
def starting(store: Store) -> bool:
    return any((store.root / "work").glob("repaired-*"))


def grafting(store: Store) -> bool:
    return any("Grafting: " in log.read_text() for log in (store.root / "logs").glob("repair-*"))


def packing(store: Store) -> bool:
    return any((store.root / "work").glob("repaired-*/*.whl"))


@pytest.mark.parametrize("moment", [starting, grafting, packing])
def test_killed_then_repaired(
    workshop: Workshop, store: Store, tmp_path: Path, moment: Callable[[Store], bool]
) -> None:
    # Large enough for the packing to take a while.
    raw = workshop.raw(tmp_path, ballast=os.urandom(20_000_000))
    process = start(REPAIR, raw, workshop.foreign, store.root)
    wait_until(lambda: moment(store))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert_nothing_finished(store)
    # At once, so that the tool of the killed session is still at it.
    repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
    Auditwheel().check(repaired)
    assert len(grafts(repaired)) == 1
    time.sleep(1)
    assert [path.name for path in repaired.parent.glob("*.whl")] == [repaired.name]
    assert len(list((store.root / "repaired").iterdir())) == 1
    assert not list((store.root / "work").iterdir())


def test_two_sessions_repair_one_wheel_once(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    raw = workshop.raw(tmp_path)
    both = [start(REPAIR, raw, workshop.foreign, store.root) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len({output.splitlines()[-1] for output in outputs}) == 1
    assert sum("auditwheel --verbose repair" in output for output in outputs) == 1
