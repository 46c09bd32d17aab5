"""Real containers for tests: an engine, and an image that is laid out as the manylinux project's are."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import machine
from debian_tree import unpack
from mlir_release import apt, engine
from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlir_release.engine import Engine
    from mlir_release.interpreters import Interpreter

_PODMAN = ("podman", "runc", "conmon", "netavark")
# So that podman works for root inside of another container, too, which machines of CI often are.
_CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# A shell with what goes along, and what interpreters link to that were made for this system.
_SYSTEM = (
    *("bash", "dash", "coreutils", "debianutils", "diffutils", "findutils", "grep", "sed", "tar"),
    # With the list of folders that libraries are looked for in.
    "libc-bin",
)
_LIBRARIES = (
    *("libssl3", "libffi8", "libbz2-1.0", "liblzma5", "libreadline8"),
    *("libsqlite3-0", "libuuid1", "libexpat1"),
)
_COMPILER = ("clang-22", "lld-22", "libstdc++-12-dev", "binutils")
# What Debian's static libraries of LLVM name, which tests take for an SDK; a compiled one names none of it.
_LINKED = ("zlib1g-dev", "libzstd-dev", "libz3-dev")
# What no build needs is left out: of interpreters the half.
_NOT_COPIED = ("test", "tests", "__pycache__", "idlelib", "tkinter", "turtledemo", "*.a")
_NOT_PACKED = ("./usr/share/doc", "./usr/share/locale", "./usr/share/man")


@contextmanager
def engine_of_this_machine(folder: Path) -> Iterator[Engine]:
    """An engine; podman, installed where that is possible, unless there is one that works."""
    (folder / "containers.conf").write_text(_CONFIGURATION)
    with pytest.MonkeyPatch.context() as patch:
        if os.geteuid() == 0:
            patch.setenv("CONTAINERS_CONF", str(folder / "containers.conf"))
        with machine.LOCK:
            if not any(map(shutil.which, ("docker", "podman"))) or not _works():
                assert apt.can_install(), "these tests need docker or podman: install one"
                apt.install(_PODMAN, folder / "apt.log")
        yield engine.find()


def _works() -> bool:
    try:
        engine.find()
    except UserError:
        return False
    return True


def add_certificates(tree: Path) -> None:
    """Let programs in a tree trust whom this machine trusts."""
    if _CERTIFICATES.is_file():
        place = tree / _CERTIFICATES.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_CERTIFICATES, place)


def make_image(containers: Engine, name: str, pythons: Sequence[Interpreter], folder: Path) -> None:
    """Debian 12 with a compiler, and with interpreters of this machine in ``/opt/python``.

    Each interpreter must be in a folder of its own; it lies there under the same path, linked to.
    """
    tree = unpack("bookworm", [*_SYSTEM, *_LIBRARIES, *_COMPILER, *_LINKED], folder)
    (tree / "tmp").mkdir(mode=0o777, exist_ok=True)
    # What the package itself does when it is installed.
    (tree / "usr/bin/which").symlink_to("which.debianutils")
    add_certificates(tree)
    (tree / "opt/python").mkdir(parents=True)
    for python in pythons:
        prefix = python.path.resolve().parents[1]
        left_out = shutil.ignore_patterns(*_NOT_COPIED)
        shutil.copytree(prefix, tree / prefix.relative_to("/"), symlinks=True, ignore=left_out)
        (tree / "opt/python" / f"{python.tag}-{python.tag}").symlink_to(prefix)
    archive = folder / "image.tar"
    run(["tar", "-C", tree, *(f"--exclude={it}" for it in _NOT_PACKED), "-cf", archive, "."], quiet=True)
    shutil.rmtree(tree)
    run([containers.name, "import", archive, name], quiet=True)
    archive.unlink()
