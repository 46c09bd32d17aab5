"""The source tree: from a checkout, a git server, an archive, and apt, all real and local."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source import BINDINGS_PARTS, SourceTree, obtain
from mlir_release.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTOMATION = Path(__file__).parents[2] / "packaging" / "automation"
COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
ORIG = "llvm-toolchain-22_22.1.8.orig.tar.xz"
RELEASE = "llvm-project-22.1.8.src.tar.xz"
NOWHERE = "file:///nowhere/llvm-project.git"
VERSION = "".join(
    f"if(NOT DEFINED LLVM_VERSION_{name})\n  set(LLVM_VERSION_{name}{value})\nendif()\n"
    for name, value in (("MAJOR", " 22"), ("MINOR", " 1"), ("PATCH", " 8"), ("SUFFIX", ""))
)
TAKEN = {
    "LICENSE.TXT": "license\n",
    "cmake/Modules/LLVMVersion.cmake": VERSION,
    "mlir/CMakeLists.txt": "project(mlir)\n",
    "mlir/python/requirements.txt": "nanobind\n",
    "mlir/llvm/deep.txt": "in a part\n",
    "llvm/LICENSE.TXT": "llvm license\n",
    "llvm/cmake/modules/AddLLVM.cmake": "\n",
    "llvm/include/llvm/ADT/APInt.h": "// APInt\n",
    "llvm/utils/lit/lit.py": "#!/usr/bin/env python3\n",
}
LEFT = {
    "README.md": "not needed\n",
    "llvm/lib/IR.cpp": "not needed\n",
    "llvm/utils/litter/x": "not needed\n",
    "mlir-extra/x": "not needed\n",
    "utils/bazel/mlir/x": "not needed\n",
    "clang/cmake/x": "not needed\n",
    "clang/LICENSE.TXT": "not needed\n",
}
PATCH = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: {applies}

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-{old}
+project(patched)
"""


def write_tree(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (files or {**TAKEN, **LEFT}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if not files:
        (folder / "llvm/utils/lit/lit.py").chmod(0o755)
        (folder / "mlir/link").symlink_to("python/requirements.txt")
    return folder


def content(folder: Path, *, times: bool = False) -> dict[str, object]:
    """Everything below a folder: text, executable bit, links; with times also when it changed."""
    result: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink():
            result[name] = ("link", str(path.readlink()))
        elif path.is_file():
            result[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), bool(status.st_mode & 0o100))
        if times:
            result[name] = (result.get(name), status.st_mtime_ns)
    return result


def archive(path: Path, tree: Path, top: str = "llvm-toolchain-22_22.1.8") -> str:
    """Pack a tree below one top folder; its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz", preset=0) as tar:
        tar.add(tree, top)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class World:
    """A store, a folder of patches and a pristine tree."""

    store: Store
    patches: Path
    pristine: Path

    def obtain(self, pin: Pin, *, remote: str = NOWHERE, checkout: Path | None = None) -> SourceTree:
        return obtain(pin, patches=self.patches, store=self.store, checkout=checkout, remote=remote)

    def patch(self, old: str = "project(mlir)", applies: str = ">=22,<23") -> Path:
        path = self.patches / "0001-test.patch"
        path.write_text(PATCH.format(old=old, applies=applies))
        return path

    def packed(self, name: str = ORIG, tree: Path | None = None) -> Pin:
        """A pin with one archive, which is in the archives' folder."""
        sha256 = archive(self.store.root / "archives" / name, tree or self.pristine)
        return Pin(commit=COMMIT, version="22.1.8", ref="llvmorg-22.1.8", archives={name: sha256})

    def one_line(self, pin: Pin, **options: str | Path | None) -> str:
        with pytest.raises(UserError) as caught:
            self.obtain(pin, **options)  # type: ignore[arg-type]
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    def assert_whole(self, tree: SourceTree, *, patched: bool = False) -> None:
        expected = content(self.expected)
        got = content(tree.path)
        assert (
            tree.path / "mlir/CMakeLists.txt"
        ).read_text() == f"project({'patched' if patched else 'mlir'})\n"
        if patched:
            del expected["mlir/CMakeLists.txt"], got["mlir/CMakeLists.txt"]
        assert got == expected

    @property
    def expected(self) -> Path:
        return self.pristine.parent / "expected"


@pytest.fixture
def world(tmp_path: Path) -> World:
    pristine = write_tree(tmp_path / "pristine")
    shutil.copytree(pristine, tmp_path / "expected", symlinks=True)
    for name in LEFT:
        (tmp_path / "expected" / name).unlink()
    (tmp_path / "patches").mkdir()
    return World(Store.open(tmp_path / "store"), tmp_path / "patches", pristine)


@pytest.fixture
def without_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has neither git nor apt."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@dataclass(frozen=True)
class Server:
    url: str
    pin: Pin


@pytest.fixture
def server(world: World, tmp_path: Path) -> Server:
    """A bare repository whose pinned commit is not its newest."""
    work = shutil.copytree(world.pristine, tmp_path / "work", symlinks=True)
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=pinned")
    commit = git(work, "rev-parse", "HEAD")
    (work / "mlir/CMakeLists.txt").write_text("project(later)\n")
    git(work, "commit", "--quiet", "--all", "--message=later")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), "llvm-project.git")
    bare = tmp_path / "llvm-project.git"
    git(bare, "config", "uploadpack.allowReachableSHA1InWant", "true")
    git(bare, "config", "uploadpack.allowFilter", "true")
    return Server(f"file://{bare}", Pin(commit=commit, version="22.1.8", ref="main"))


class TestGit:
    def test_exactly_the_commit_and_the_parts(self, world: World, server: Server) -> None:
        tree = world.obtain(server.pin, remote=server.url)
        assert (tree.origin, tree.commit, tree.version) == ("git", server.pin.commit, "22.1.8")
        assert tree.patches == ()
        world.assert_whole(tree)

    def test_patched_and_reused(
        self, world: World, server: Server, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plain = world.obtain(server.pin, remote=server.url)
        world.patch()
        tree = world.obtain(server.pin, remote=server.url)
        world.assert_whole(tree, patched=True)
        assert tree.key != plain.key
        assert [patch.name for patch in tree.patches] == ["0001-test.patch"]
        capsys.readouterr()
        # Nothing is asked of the server again.
        assert world.obtain(server.pin, remote=NOWHERE) == tree
        assert "reused" in capsys.readouterr().out

    def test_a_bare_pin_learns_its_version_from_the_tree(self, world: World, server: Server) -> None:
        world.patch(applies=">=23")
        tree = world.obtain(Pin(commit=server.pin.commit), remote=server.url)
        assert (tree.version, tree.patches) == ("22.1.8", ())
        world.assert_whole(tree)

    def test_a_version_that_differs_is_one_line(self, world: World, server: Server) -> None:
        pin = Pin(commit=server.pin.commit, version="22.1.7")
        message = world.one_line(pin, remote=server.url)
        assert "is LLVM 22.1.8, the pin says 22.1.7" in message
        assert not (world.store.root / "source").exists()

    def test_an_environment_made_for_a_git_hook_does_no_harm(
        self, world: World, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        world.assert_whole(world.obtain(server.pin, remote=server.url))

    def test_a_commit_that_is_not_there_goes_on_to_an_archive(
        self, world: World, server: Server, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tree = world.obtain(world.packed(), remote=server.url)
        assert tree.origin == f"archive {ORIG}"
        assert "no git fetch: " in capsys.readouterr().out
        world.assert_whole(tree)

    def test_a_server_that_never_answers_is_given_up(
        self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("mlir_release.source.fetch.ANSWER_SECONDS", 1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            start = time.monotonic()
            tree = world.obtain(world.packed(), remote=f"http://127.0.0.1:{silent.getsockname()[1]}/x.git")
        assert time.monotonic() - start < 15
        assert "no answer within 1 s" in capsys.readouterr().out
        assert tree.origin == f"archive {ORIG}"


@pytest.mark.usefixtures("without_tools")
class TestArchive:
    def test_only_the_parts(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        tree = world.obtain(world.packed())
        assert (tree.origin, tree.commit, tree.version) == (f"archive {ORIG}", COMMIT, "22.1.8")
        assert "there is no git on PATH; going on to a pinned archive" in capsys.readouterr().out
        world.assert_whole(tree)

    def test_more_parts_are_another_tree(self, world: World) -> None:
        pin = world.packed()
        parts = (*BINDINGS_PARTS, "llvm/lib")
        tree = obtain(pin, patches=world.patches, store=world.store, parts=parts, remote=NOWHERE)
        assert (tree.path / "llvm/lib/IR.cpp").is_file()
        assert not (tree.path / "llvm/utils/litter").exists()
        assert tree.key != world.obtain(pin).key

    def test_a_wrong_sha256_is_named_and_the_file_stays(self, world: World) -> None:
        pin = world.packed()
        place = world.store.root / "archives" / ORIG
        place.write_bytes(place.read_bytes() + b"\0")
        bad = place.read_bytes()
        message = world.one_line(pin)
        assert str(place) in message
        assert hashlib.sha256(bad).hexdigest() in message
        assert pin.archives[ORIG] in message
        assert place.read_bytes() == bad
        assert not (world.store.root / "source").exists()

    def test_no_way_at_all_says_every_way_and_the_way_out(self, world: World) -> None:
        pin = Pin(commit=COMMIT, version="22.1.8", archives={RELEASE: "0" * 64, ORIG: "1" * 64})
        message = world.one_line(pin)
        for said in (
            f"git fetch from {NOWHERE}: there is no git on PATH",
            f"{RELEASE}: it is no distribution's source package",
            f"{ORIG}: there is no apt on this machine",
            "--llvm-project DIR",
            f"{RELEASE} or {ORIG} into {world.store.root / 'archives'}",
        ):
            assert said in message

    def test_a_pin_without_archives(self, world: World) -> None:
        message = world.one_line(Pin(commit=COMMIT))
        assert message.endswith("Give a checkout with --llvm-project DIR")

    def test_another_version_inside_is_one_line(self, world: World) -> None:
        pin = world.packed()
        other = Pin(commit=pin.commit, version="22.1.9", archives=pin.archives)
        assert "is LLVM 22.1.8, the pin says 22.1.9" in world.one_line(other)

    def test_a_candidate_that_calls_itself_git_is_taken(self, world: World, tmp_path: Path) -> None:
        text = VERSION.replace(
            "SUFFIX)\n  set(LLVM_VERSION_SUFFIX)", "SUFFIX)\n  set(LLVM_VERSION_SUFFIX git)"
        )
        tree = write_tree(tmp_path / "rc", {**TAKEN, "cmake/Modules/LLVMVersion.cmake": text})
        pin = world.packed(tree=tree)
        candidate = Pin(commit=pin.commit, version="22.1.8rc1", archives=pin.archives)
        assert world.obtain(candidate).version == "22.1.8git"

    def test_a_missing_part_is_named(self, world: World, tmp_path: Path) -> None:
        files = {name: text for name, text in TAKEN.items() if not name.startswith("llvm/utils")}
        message = world.one_line(world.packed(tree=write_tree(tmp_path / "less", files)))
        assert "has no llvm/utils/lit" in message

    @pytest.mark.parametrize(
        ("name", "link"),
        [
            ("top/mlir/../../../escaped", None),
            ("other/mlir/x", None),
            ("top/mlir/out", "../../../escaped"),
            ("top/mlir/out", "/etc/passwd"),
        ],
    )
    def test_members_that_lead_outside_are_refused(
        self, world: World, tmp_path: Path, name: str, link: str | None
    ) -> None:
        place = world.store.root / "archives" / ORIG
        archive(place, world.pristine, "top")
        with tarfile.open(place, "w:xz", preset=0) as tar:
            tar.add(world.pristine, "top")
            member = tarfile.TarInfo(name)
            if link:
                member.type, member.linkname = tarfile.SYMTYPE, link
            tar.addfile(member, io.BytesIO())
        sha256 = hashlib.sha256(place.read_bytes()).hexdigest()
        message = world.one_line(Pin(commit=COMMIT, archives={ORIG: sha256}))
        assert "cannot be unpacked" in message
        assert not list(tmp_path.rglob("escaped"))

    @pytest.mark.parametrize("cut", [0, 10, 200])
    def test_an_archive_that_was_pinned_broken_is_one_line(self, world: World, cut: int) -> None:
        world.packed()
        place = world.store.root / "archives" / ORIG
        place.write_bytes(place.read_bytes()[:cut])
        pin = Pin(commit=COMMIT, archives={ORIG: hashlib.sha256(place.read_bytes()).hexdigest()})
        assert f"{place} cannot be unpacked" in world.one_line(pin)

    def test_a_patch_that_fails_names_file_and_hunk_and_keeps_no_tree(self, world: World) -> None:
        path = world.patch(old="project(other)")
        message = world.one_line(world.packed())
        assert f"{path} does not apply: mlir/CMakeLists.txt, hunk 1 (line 1)" in message
        assert not (world.store.root / "source").exists()
        assert not list((world.store.root / "work").rglob("CMakeLists.txt"))
        world.patch()
        world.assert_whole(world.obtain(world.packed()), patched=True)

    def test_a_malformed_patch_is_named_before_anything_is_fetched(self, world: World) -> None:
        path = world.patch(applies="twenty-two")
        assert str(path) in world.one_line(world.packed())
        assert not (world.store.root / "work").exists()


def test_an_unwritable_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    # Below a regular file nobody can write, root included.
    with pytest.raises(UserError, match="cannot write to"):
        Store.open(tmp_path / "file" / "store")


class TestCheckout:
    @pytest.fixture
    def checkout(self, world: World, tmp_path: Path) -> Path:
        """A git checkout of the tree, clean."""
        folder = shutil.copytree(world.pristine, tmp_path / "checkout", symlinks=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=x")
        return folder

    def test_in_place_without_patches(self, world: World, checkout: Path) -> None:
        world.patch(applies=">=23")
        before = content(checkout, times=True)
        tree = world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout)
        assert tree.path == checkout
        assert (tree.origin, tree.commit) == ("checkout", git(checkout, "rev-parse", "HEAD"))
        assert tree.patches == ()
        assert content(checkout, times=True) == before

    def test_patches_go_to_a_copy(self, world: World, checkout: Path) -> None:
        world.patch()
        # An index whose times are stale: git would like to write it anew.
        os.utime(checkout / "LICENSE.TXT")
        before = content(checkout, times=True)
        tree = world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout)
        assert content(checkout, times=True) == before
        assert tree.path.is_relative_to(world.store.root)
        assert (tree.origin, tree.commit) == ("checkout", git(checkout, "rev-parse", "HEAD"))
        world.assert_whole(tree, patched=True)
        # The same commit with other times is the same tree.
        os.utime(checkout / "mlir/CMakeLists.txt", (1, 1))
        assert world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout) == tree

    def test_changes_of_its_own_make_another_tree(
        self, world: World, checkout: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.patch()
        pin = Pin(commit=COMMIT, version="22.1.8")
        clean = world.obtain(pin, checkout=checkout)
        (checkout / "mlir/new.txt").write_text("new\n")
        changed = world.obtain(pin, checkout=checkout)
        assert changed.key != clean.key
        assert (changed.path / "mlir/new.txt").is_file()
        assert "has changes of its own" in capsys.readouterr().out
        assert world.obtain(pin, checkout=checkout).key == changed.key
        # What is not in the parts does not matter.
        (checkout / "README.md").write_text("changed\n")
        (checkout / "mlir/new.txt").unlink()
        assert world.obtain(pin, checkout=checkout).key == clean.key

    def test_without_git_and_inside_of_another_repository(self, world: World, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet", "--initial-branch=main")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=not llvm")
        world.patch()
        pin = Pin(commit=COMMIT, version="22.1.8")
        tree = world.obtain(pin, checkout=world.pristine)
        assert tree.commit is None
        world.assert_whole(tree, patched=True)
        (world.pristine / "LICENSE.TXT").write_text("Licence\n")
        assert world.obtain(pin, checkout=world.pristine).key != tree.key

    def test_another_version_is_said_and_taken(
        self, world: World, checkout: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tree = world.obtain(Pin(commit=COMMIT, version="23.1.0"), checkout=checkout)
        assert tree.version == "22.1.8"
        assert "is LLVM 22.1.8, the pin is 23.1.0: the checkout is taken" in capsys.readouterr().out

    def test_a_patch_that_fails_leaves_the_checkout_alone(self, world: World, checkout: Path) -> None:
        world.patch(old="project(other)")
        before = content(checkout, times=True)
        message = world.one_line(Pin(commit=COMMIT), checkout=checkout)
        assert "mlir/CMakeLists.txt, hunk 1" in message
        assert content(checkout, times=True) == before

    @pytest.mark.parametrize(
        ("gone", "said"),
        [
            ("mlir/CMakeLists.txt", "it has no mlir/CMakeLists.txt"),
            ("cmake/Modules/LLVMVersion.cmake", "it has no cmake/Modules/LLVMVersion.cmake"),
            ("llvm/LICENSE.TXT", "has no llvm/LICENSE.TXT"),
        ],
    )
    def test_what_is_no_llvm_project_is_one_line(self, world: World, gone: str, said: str) -> None:
        (world.pristine / gone).unlink()
        assert said in world.one_line(Pin(commit=COMMIT), checkout=world.pristine)

    def test_a_folder_that_is_not_there(self, world: World, tmp_path: Path) -> None:
        assert "it is not a folder" in world.one_line(Pin(commit=COMMIT), checkout=tmp_path / "nowhere")

    def test_a_version_file_that_says_nothing(self, world: World) -> None:
        (world.pristine / "cmake/Modules/LLVMVersion.cmake").write_text("set(X 1)\n")
        message = world.one_line(Pin(commit=COMMIT), checkout=world.pristine)
        assert "does not say which LLVM version" in message


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


def start(world: World, pin: Pin, remote: str) -> subprocess.Popen[str]:
    ((name, sha256),) = pin.archives.items()
    arguments = [str(world.patches), str(world.store.root), pin.commit, name, sha256, remote]
    return subprocess.Popen(
        [sys.executable, "-c", OBTAIN, *arguments],
        env={**os.environ, "PYTHONPATH": str(AUTOMATION)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_at_once_share_one_tree(world: World) -> None:
    world.patch()
    pin = world.packed()
    processes = [start(world, pin, NOWHERE) for _ in range(2)]
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
    delays = [span * (index + random.random()) / 8 for index in range(8)]
    for delay in delays:
        process = start(world, pin, remote)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = list((world.store.root / "source").glob("*/manifest.json"))
        if found:
            break
    tree = world.obtain(pin, remote=remote)
    world.assert_whole(tree, patched=True)
    with capsys.disabled():
        print(f" [killed after {', '.join(f'{delay:.2f}' for delay in delays)} s of {span:.2f}]", end="")


@dataclass(frozen=True)
class Site:
    """A package archive: where it is served, and the folder behind that."""

    url: str
    folder: Path


@pytest.mark.skipif(not shutil.which("apt-get"), reason="apt's source packages are for Debian and Ubuntu")
class TestApt:
    @pytest.fixture
    def site(self, tmp_path: Path) -> Iterator[Site]:
        """A web server on loopback for the package archive."""
        (tmp_path / "site").mkdir()
        handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
            thread = threading.Thread(target=httpd.serve_forever)
            thread.start()
            yield Site(f"http://127.0.0.1:{httpd.server_port}/", tmp_path / "site")
            httpd.shutdown()
            thread.join()

    @pytest.fixture
    def configured(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The folder of source lists of a machine whose apt is configured apart from this one's."""
        folder = tmp_path / "etc" / "sources.list.d"
        folder.mkdir(parents=True)
        configuration = tmp_path / "etc" / "apt.conf"
        configuration.write_text(
            f'Dir::Etc::SourceList "{tmp_path}/etc/sources.list";\nDir::Etc::SourceParts "{folder}";\n'
            'Acquire::http::Proxy "DIRECT";\n'
            f'APT::Update::Post-Invoke {{ "touch {tmp_path}/hook-ran"; }};\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(configuration))
        return folder

    @pytest.fixture
    def pin(self, world: World, tmp_path: Path) -> Pin:
        sha256 = archive(tmp_path / ORIG, world.pristine)
        return Pin(commit=COMMIT, version="22.1.8", archives={RELEASE: "0" * 64, ORIG: sha256})

    def test_suite_by_suite_until_one_has_it(
        self,
        world: World,
        site: Site,
        configured: Path,
        pin: Pin,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (configured / "debian.sources").write_text(
            f"# the archive\nTypes: deb\nURIs: {site.url}\n"
            "Suites: stable stable-updates\nComponents: main\nTrusted: yes\n"
        )
        good = (site.folder.parent / ORIG).read_bytes()
        # stable lists it and answers 404, testing is not there, sid has it beside a newer one.
        publish(site.folder, "stable", [("1:22.1.8-1~deb12u1", ORIG, good)], pool="gone")
        (site.folder / "pool/gone" / ORIG).unlink()
        newer = ("1:22.1.9-1", "llvm-toolchain-22_22.1.9.orig.tar.xz", b"newer")
        publish(site.folder, "sid", [newer, ("1:22.1.8-2", ORIG, good)])
        tree = world.obtain(pin)
        assert tree.origin == f"archive {ORIG}"
        world.assert_whole(tree)
        said = capsys.readouterr().out
        assert "stable: listed, but not to be had: " in said
        assert "404" in said
        assert "stable-updates: " in said
        assert "testing: " in said
        assert "sid: llvm-toolchain-22 1:22.1.8-2" in said
        assert [path.name for path in (world.store.root / "archives").iterdir()] == [ORIG]
        assert not (tree.path.parent / "apt").exists()
        assert not (site.folder.parent / "hook-ran").exists()

    def test_one_line_sources(
        self, world: World, site: Site, configured: Path, pin: Pin, tmp_path: Path
    ) -> None:
        (configured.parent / "sources.list").write_text(
            "# deb http://127.0.0.1:9/ commented main\n"
            f"deb [arch=amd64 trusted=yes] {site.url} stable main # x\n"
        )
        publish(site.folder, "stable", [("1:22.1.8-1", ORIG, (tmp_path / ORIG).read_bytes())])
        world.assert_whole(world.obtain(pin))

    def test_a_file_of_that_name_with_another_sha256_is_not_downloaded(
        self, world: World, site: Site, configured: Path, pin: Pin
    ) -> None:
        (configured / "x.list").write_text(f"deb [trusted=yes] {site.url} stable main\n")
        publish(site.folder, "stable", [("1:22.1.8-1", ORIG, b"another")])
        message = world.one_line(pin)
        assert f"{ORIG}: no suite that apt knows has it (stable, testing, sid, devel)" in message
        assert not (world.store.root / "archives").exists()

    def test_a_file_that_is_not_what_the_index_says_is_not_used(
        self, world: World, site: Site, configured: Path, pin: Pin, tmp_path: Path
    ) -> None:
        (configured / "x.list").write_text(f"deb [trusted=yes] {site.url} stable main\n")
        publish(site.folder, "stable", [("1:22.1.8-1", ORIG, (tmp_path / ORIG).read_bytes())])
        (site.folder / "pool/stable" / ORIG).write_bytes(b"x" * (tmp_path / ORIG).stat().st_size)
        assert "no suite that apt knows has it" in world.one_line(pin)
        assert not (world.store.root / "archives").exists()

    def test_unsigned_archives_are_not_trusted(
        self, world: World, site: Site, configured: Path, pin: Pin, tmp_path: Path
    ) -> None:
        (configured / "x.list").write_text(f"deb {site.url} stable main\n")
        publish(site.folder, "stable", [("1:22.1.8-1", ORIG, (tmp_path / ORIG).read_bytes())])
        assert "no suite that apt knows has it" in world.one_line(pin)

    def test_a_site_out_of_reach_is_asked_once(
        self, world: World, configured: Path, pin: Pin, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        (configured / "x.list").write_text(f"deb [trusted=yes] http://127.0.0.1:{port}/ stable main\n")
        message = world.one_line(pin)
        assert f"out of reach: 127.0.0.1:{port}" in message
        assert capsys.readouterr().out.count("out of reach") == 1

    def test_no_sources_at_all(self, world: World, configured: Path, pin: Pin) -> None:
        assert configured.is_dir()
        assert "none is configured" in world.one_line(pin)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked is no part of a test's output."""


def publish(site: Path, suite: str, packages: list[tuple[str, str, bytes]], pool: str | None = None) -> None:
    """Make a suite with source packages: version, name of the upstream archive, its bytes."""
    pool = pool or suite
    (site / "pool" / pool).mkdir(parents=True, exist_ok=True)
    index = ""
    for version, name, data in packages:
        dsc = f"llvm-toolchain-22_{version.partition(':')[2]}.dsc"
        files = {dsc: b"Format: 3.0 (quilt)\n", name: data}
        for each, raw in files.items():
            (site / "pool" / pool / each).write_bytes(raw)
        index += (
            f"Package: llvm-toolchain-22\nBinary: mlir-22\nVersion: {version}\nArchitecture: any\n"
            f"Maintainer: T <t@example.org>\nFormat: 3.0 (quilt)\nDirectory: pool/{pool}\n"
            f"Files:\n{sums(hashlib.md5, files)}Checksums-Sha256:\n{sums(hashlib.sha256, files)}\n"
        )
    folder = site / "dists" / suite
    (folder / "main/source").mkdir(parents=True)
    (folder / "main/source/Sources").write_text(index)
    listed = sums(hashlib.sha256, {"main/source/Sources": index.encode()})
    (folder / "Release").write_text(
        f"Origin: test\nSuite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: amd64\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S UTC', time.gmtime())}\nSHA256:\n{listed}"
    )


def sums(algorithm: object, files: dict[str, bytes]) -> str:
    assert callable(algorithm)
    return "".join(f" {algorithm(raw).hexdigest()} {len(raw)} {name}\n" for name, raw in files.items())
