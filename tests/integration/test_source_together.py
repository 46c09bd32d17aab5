"""Two who obtain the same source tree at once, and some who are killed on the way."""

from __future__ import annotations

import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from child import start
from llvm_tree import NOWHERE, ORIG, Server, World, write_tree
from mlir_release.pin import Pin
from mlir_release.store import Store

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

OBTAIN = """
import sys
from pathlib import Path
from mlir_release.pin import Pin
from mlir_release.source import obtain
from mlir_release.store import Store
patches, store, commit, name, sha256, remote = sys.argv[1:]
tree = obtain(Pin(commit=commit, version="22.1.8", archives={name: sha256}),
              patches=Path(patches), store=Store.open(Path(store)), remote=remote)
print(tree.path)
"""


def begin(world: World, pin: Pin, remote: str) -> subprocess.Popen[str]:
    ((name, sha256),) = pin.archives.items()
    return start(OBTAIN, world.patches, world.store.root, pin.commit, name, sha256, remote)


def test_two_at_once_share_one_tree(world: World) -> None:
    world.patch()
    pin = world.packed()
    processes = [begin(world, pin, NOWHERE) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert len({output.splitlines()[-1] for output in outputs}) == 1
    assert sum("0001-test.patch applied" in output for output in outputs) == 1
    world.assert_whole(world.obtain(pin), patched=True)


@pytest.mark.parametrize("way", ["archive", "git"])
def test_killed_at_any_point_then_run_again(
    world: World, server: Server, way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.patch()
    many = {f"mlir/many/{number % 40}/{number}.txt": f"{number}\n" * 20 for number in range(1500)}
    if way == "archive":
        for folder in (world.pristine, world.expected):
            write_tree(folder, many)
        pin, remote = world.packed(), NOWHERE
    else:
        pin, remote = Pin(commit=server.pin.commit, version="22.1.8", archives={ORIG: "0" * 64}), server.url
    start_time = time.monotonic()
    whole = World(Store.open(tmp_path / "reference"), world.patches, world.pristine)
    if way == "archive":
        shutil.copytree(world.store.root / "archives", whole.store.root / "archives")
    whole.obtain(pin, remote=remote)
    # Starting Python comes on top, so that the last kills may come too late: also a point.
    span = time.monotonic() - start_time + 0.4
    kills = []
    for index in range(8):
        process = begin(world, pin, remote)
        delay = span * (index + random.random()) / 8
        time.sleep(delay)
        process.kill()
        if process.wait() == 0:
            break
        # What the ones before left did not make it fail.
        assert process.returncode == -signal.SIGKILL
        kills.append(f"{delay:.2f}")
    assert kills
    tree = world.obtain(pin, remote=remote)
    world.assert_whole(tree, patched=True)
    with capsys.disabled():
        print(f" [killed after {', '.join(kills)} s of {span:.2f}]", end="")
