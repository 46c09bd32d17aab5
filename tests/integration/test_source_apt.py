"""The source tree through apt: a real archive, on loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from llvm_tree import COMMIT, ORIG, RELEASE, World, archive
from mlir_release.pin import Pin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
