"""An SDK from a package index: a real one, on loopback."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from mlir_release.errors import UserError
from mlir_release.sdk.download import Index
from mlir_release.sdk.wheel import Wheel
from mlir_release.store import Store
from wheels import COMMIT, LLVM, VERSION, sdk_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.sdk import Sdk


@dataclass(frozen=True)
class Server:
    """A package index, its folder of files, and a store."""

    url: str
    files: Path
    store: Store

    def provider(self, version: str = VERSION, url: str | None = None) -> Wheel:
        index = Index(url=url or self.url)
        return Wheel(choice=Version(version), index=index, commit=COMMIT, patches=())

    def obtain(self, version: str = VERSION) -> Sdk:
        return self.provider(version).obtain(version=LLVM, store=self.store)

    def refusal(self, provider: Wheel) -> str:
        with pytest.raises(UserError) as caught:
            provider.obtain(version=LLVM, store=self.store)
        assert len(str(caught.value).splitlines()) == 1
        assert not list(self.store.root.glob("downloads/*"))
        return str(caught.value)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An index that has an SDK in two wheels, and its tools."""
    files = tmp_path / "files"
    for wheel in sdk_wheels(tmp_path):
        wheel.write(files)
    port = free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--disable-fallback", files], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/simple/"
    wait_for(url)
    yield Server(url, files, Store.open(tmp_path / "store"))
    process.terminate()
    process.wait()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


def test_a_version_and_what_belongs_to_it(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    found = server.obtain()
    assert (found.library_dir / "cmake/llvm/LLVMConfig.cmake").is_file()
    said = capsys.readouterr().out
    assert f"downloading mlir-sdk {VERSION} from {server.url}" in said
    assert f"downloading llvm-sdk {VERSION} from {server.url}" in said
    assert "mlir-tools" not in said
    # A version does not change: it is fetched once.
    shutil.rmtree(server.files)
    server.files.mkdir()
    assert server.obtain() == found


def test_the_tools_are_fetched_when_tests_need_them(server: Server) -> None:
    server.obtain()
    assert (server.provider().tools(version=LLVM, store=server.store) / "mlir-opt").is_file()


def test_a_version_that_it_has_not(server: Server) -> None:
    assert server.refusal(server.provider("22.1.9")) == (
        f"{server.url} has no wheel of mlir-sdk 22.1.9 for this machine (only {VERSION}); name a version that"
        " it has, a file, or another --index"
    )


def test_a_wheel_for_another_machine(server: Server) -> None:
    for path in server.files.glob("mlir_sdk*"):
        path.rename(path.with_name(path.name.replace("-any", "-win32")))
    line = server.refusal(server.provider())
    assert f"has no wheel of mlir-sdk {VERSION} for this machine (no version)" in line


def test_an_index_that_is_named_is_the_only_one(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same version from elsewhere must not be taken: it may be anybody's.
    elsewhere = tmp_path / "elsewhere"
    shutil.move(server.files, elsewhere)
    server.files.mkdir()
    (tmp_path / "pip.conf").write_text(f"[global]\nfind-links = {elsewhere}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(elsewhere))
    assert "has no wheel of mlir-sdk" in server.refusal(server.provider())


def test_the_index_that_pip_is_configured_with(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    provider = dataclasses.replace(server.provider(), index=Index(url=None))
    assert provider.obtain(version=LLVM, store=server.store).prefix.is_dir()


def test_an_index_that_does_not_answer(server: Server) -> None:
    url = f"http://127.0.0.1:{free_port()}/simple/"
    line = server.refusal(server.provider(url=url))
    assert line.startswith(f"{url} does not answer (")
    assert "Connection refused" in line


def test_what_an_index_sends_is_checked(server: Server) -> None:
    (path,) = server.files.glob("mlir_sdk*")
    path.write_bytes(path.read_bytes()[:-50])
    line = server.refusal(server.provider())
    assert line.startswith(f"what {server.url} sends as mlir-sdk {VERSION} is not a whole wheel; ")


def test_a_password_is_not_printed(server: Server) -> None:
    url = server.url.replace("://", "://somebody:secret@")
    line = server.refusal(server.provider("1.0", url=url))
    assert server.url in line
    assert "secret" not in line
