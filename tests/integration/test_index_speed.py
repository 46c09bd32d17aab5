"""An index of 2,000 releases of twelve wheels: how long it takes to make, and what installers fetch of it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from index_samples import OURS, PROJECT, bindings, day, digest, file_of, manifest_of, wheel_name
from index_world import Client, make_world, three
from mlir_release.publishing import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index_world import World
    from mlir_release.publishing.manifest import Manifest

COUNT = 2000
# The one whose wheels can be installed.
REAL = 1234
# Seconds. On two cores that compiled something else meanwhile it took less than four.
LIMIT = 20
_SYSTEMS = ("manylinux_2_28_x86_64", "macosx_11_0_arm64", "win_amd64")


def described(number: int) -> Manifest:
    """A release whose wheels nobody has: three of the bindings and one of the SDK for each system."""
    version = day(number)
    kinds = [("mlir_python_bindings", f"{cp}-{cp}") for cp in ("cp39", "cp311", "cp313")]
    kinds.append(("mlir_sdk", "py3-none"))
    names = [f"{name}-{version}-{tag}-{system}.whl" for name, tag in kinds for system in _SYSTEMS]
    return manifest_of(version, [file_of(it, 1, digest(it.encode()), digest(b"")) for it in names])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The index; one of its releases has a wheel for us, alone."""
    with make_world(tmp_path_factory.mktemp("large")) as world:
        for number in range(COUNT):
            manifest = described(number)
            folder = world.sets / manifest.tag
            folder.mkdir(parents=True)
            (folder / manifests.NAME).write_text(manifests.text(manifest))
        world.release(day(REAL), bindings(OURS))
        start = time.monotonic()
        world.make()
        assert time.monotonic() - start < LIMIT
        yield world


def test_every_file_is_on_every_page(large: World) -> None:
    root = large.ours.folder / "index"
    counts = Counter(re.findall(r">(mlir_[a-z_]+)-\S+\.whl</a>", (root / "flat.html").read_text()))
    assert counts == {"mlir_python_bindings": 9 * (COUNT - 1) + 1, "mlir_sdk": 3 * (COUNT - 1)}
    for name, count in counts.items():
        folder = root / "simple" / name.replace("_", "-")
        told = json.loads((folder / "index.json").read_text())
        links = re.findall(r'href="(\S+)#sha256=\w{64}"', (folder / "index.html").read_text())
        assert len(told["files"]) == len(links) == len(set(links)) == count
        assert [file["url"] for file in told["files"]] == links
        assert told["versions"] == [day(it) for it in range(COUNT) if name != "mlir_sdk" or it != REAL]


@pytest.mark.parametrize("command", ["pip install --index-url", "uv pip install --default-index"])
def test_a_pinned_snapshot_costs_three_files(large: World, environment: Path, command: str) -> None:
    client = Client(folder=environment, world=large)
    client(f"{command} {large.simple} {PROJECT}=={day(REAL)}")
    assert client.who == f"ours {day(REAL)}"
    assert large.ours.names == three(REAL)
    assert three(REAL)[-1] == wheel_name(REAL)
