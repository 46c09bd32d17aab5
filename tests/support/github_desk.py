"""Small release sets, the stand-in for GitHub that they are published to, and publishers as processes."""

from __future__ import annotations

import hashlib
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import stamina

import child
from github_server import TOKEN, GitHubServer
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing import to_github
from mlir_release.publishing.manifest import File, Manifest, TestRun

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from github_messages import Request
    from github_objects import Json
    from github_repository import Repository

HOME = "somebody/mlir-py-release"
TAG = "snapshot-20261123.01"
COMMIT = "c" * 40
PUBLISHER = """
import pathlib, sys, stamina
from mlir_release.errors import ReleaseError
from mlir_release.github import Client
from mlir_release.publishing import manifest, to_github
stamina.set_testing(True, attempts=5, cap=True)
folder = pathlib.Path(sys.argv[1])
try:
    client = Client.for_repository(sys.argv[2])
    to_github.publish(folder, manifest.read(folder / manifest.NAME), client, grace=float(sys.argv[3]))
except ReleaseError as error:
    sys.exit(print(error) or 2)
"""


def write_set(folder: Path, *, tag: str = TAG, salt: str = "", rehearsal: bool = False) -> Manifest:
    """A release set of two wheels in an empty folder; ``salt`` makes other bytes."""
    version = {TAG: "24.0.0.dev2026112301"}.get(tag) or tag.removeprefix("llvm-").removesuffix(".01")
    files = tuple(_wheel(folder, version, python, salt) for python in ("cp311", "cp312"))
    manifest = Manifest(
        tag=tag,
        version=version,
        project_commit=COMMIT,
        llvm_commit="d" * 40,
        llvm_version="24.0.0git" if tag == TAG else version,
        llvm_ref="main",
        patches=(),
        rehearsal=rehearsal,
        files=files,
    )
    (folder / manifests.NAME).write_text(manifests.text(manifest))
    write_sums(folder)
    (folder / manifests.NOTES).write_text(f"# {tag}\n")
    return manifest


def write_sums(folder: Path) -> None:
    paths = [it for it in sorted(folder.iterdir()) if it.name not in (manifests.SUMS, manifests.NOTES)]
    lines = [f"{hashlib.sha256(it.read_bytes()).hexdigest()}  {it.name}\n" for it in paths]
    (folder / manifests.SUMS).write_text("".join(lines))


def _wheel(folder: Path, version: str, python: str, salt: str) -> File:
    tag = f"{python}-{python}-manylinux_2_28_x86_64"
    name = f"mlir_python_bindings-{version}-{tag}.whl"
    content, metadata = (f"{what} {python} {salt}".encode() * 9000 for what in ("wheel", "metadata"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / f"{name}{manifests.METADATA_SUFFIX}").write_bytes(metadata)
    return File(
        name=name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        metadata_sha256=hashlib.sha256(metadata).hexdigest(),
        distribution="mlir-python-bindings",
        version=version,
        python=python,
        target="linux-x86_64",
        tags=(tag,),
        requires_python=">=3.9",
        sdk_provider="build",
        compiler="Clang 22.1.8",
        tests=(TestRun(suite="own", passed=1, failed=0, skipped=0),),
    )


@dataclass(frozen=True)
class Desk:
    """A release set, and the stand-in with the repository that it is published to."""

    server: GitHubServer
    folder: Path
    manifest: Manifest

    @property
    def home(self) -> Repository:
        return self.server.repository(HOME)

    @property
    def files(self) -> dict[str, bytes]:
        """What is to be there in the end."""
        return {it.name: it.read_bytes() for it in self.folder.iterdir() if it.name != manifests.NOTES}

    @property
    def public(self) -> list[Json]:
        return [it for it in self.home.releases if not it["draft"]]

    def publish(self, *, grace: float = 0.0, timeout: float = 30.0) -> None:
        to_github.publish(self.folder, self.manifest, self.server.client(HOME, timeout=timeout), grace=grace)

    def start(self, *, grace: float = 0.0) -> subprocess.Popen[str]:
        """A publisher that is a process; its errors are its last line."""
        return child.start(PUBLISHER, self.folder, HOME, str(grace), **self.server.environment)

    def held(self, release: Json) -> dict[str, bytes | None]:
        """What a release has under which name; an upload that has not ended is None."""
        assert len({it["name"] for it in release["assets"]}) == len(release["assets"])
        return {it["name"]: self.home.contents.get(it["id"]) for it in release["assets"]}

    def assert_whole(self) -> None:
        """There is one release, public, with exactly these files, each once; to publish it writes nothing."""
        (release,) = self.home.releases
        assert not release["draft"]
        assert self.held(release) == self.files
        digests = {it["name"]: it["digest"] for it in release["assets"]}
        assert digests == {
            name: f"sha256:{hashlib.sha256(it).hexdigest()}" for name, it in self.files.items()
        }
        before = len(self.server.writes)
        self.publish()
        assert len(self.server.writes) == before


@contextmanager
def desk(folder: Path, *, tag: str = TAG, rehearsal: bool = False) -> Iterator[Desk]:
    """A desk with a tag that is pushed; whoever tries again does so at once."""
    manifest = write_set(folder / "set", tag=tag, rehearsal=rehearsal)
    with GitHubServer() as server, stamina.set_testing(True, attempts=5, cap=True):
        server.repository(HOME).tag(manifest.tag, manifest.project_commit)
        yield Desk(server, folder / "set", manifest)


@dataclass
class Killer:
    """Kills a publisher at a moment of its n-th request that changes something; ``calls`` are all of them."""

    desk: Desk
    moment: str = "never"
    number: int = 0
    process: subprocess.Popen[str] | None = None
    calls: list[str] = field(default_factory=list)

    def run(self, *, grace: float = 0.0) -> int:
        """Run a publisher with the hook in its way; its status."""
        self.desk.server.hook = self
        self.process = self.desk.start(grace=grace)
        said = self.process.communicate(timeout=60)[0]
        self.desk.server.hook = lambda *_: None
        assert self.process.returncode in (0, -signal.SIGKILL), said
        assert TOKEN not in said
        return self.process.returncode

    def __call__(self, moment: str, request: Request) -> None:
        if request.method == "GET":
            return
        if moment == "before":
            self.calls.append(f"{request.method} {request.below}")
        if (moment, len(self.calls)) == (self.moment, self.number):
            child.wait_until(lambda: self.process)
            assert self.process is not None
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise ConnectionAbortedError
