"""Web servers on loopback with an index of ours and somebody else's, and installers that use them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uv import find_uv_bin

from index_samples import OTHERS, OURS, PROJECT, bindings, day, digest, wheel_name, write_set
from loopback import Server, Serving
from mlir_release.publishing.index import session
from mlir_release.publishing.page import commands
from mlir_release.run import run
from wheels import SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlir_release.publishing.manifest import Manifest
    from mlir_release.run import Completed

NUMPY = SmallWheel(name="numpy", version="2.1.0", files={"numpy.py": b""}, facts=None)
_WHO = f"""\
import importlib.metadata, importlib.util
if importlib.util.find_spec("who"):
    import who
    print(who.WHO, importlib.metadata.version("{PROJECT}"))
"""
_SETTINGS = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV")


class StaticServer(Serving):
    """What GitHub Pages is: a folder on the web. ``asked`` is the paths that were asked for, in order."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.asked: list[str] = []
        self._server = Server(("127.0.0.1", 0), partial(_Handler, self))

    @property
    def names(self) -> list[str]:
        """The last parts of the paths that were asked for; a folder's has a slash at its end."""
        return [f"{path.rstrip('/').rpartition('/')[2]}{'/' * path.endswith('/')}" for path in self.asked]


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, server: StaticServer, *args: Any) -> None:
        self._static = server
        super().__init__(*args, directory=str(server.folder))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        pass

    def do_GET(self) -> None:
        self._static.asked.append(self.path)
        super().do_GET()


@dataclass(frozen=True, kw_only=True)
class World:
    """Our index at ``ours``, with release sets below its ``download``; the usual one at ``public``."""

    ours: StaticServer
    public: StaticServer
    root: Path
    cache: Path

    @property
    def sets(self) -> Path:
        return self.ours.folder / "download"

    @property
    def simple(self) -> str:
        """The URL that installers are given."""
        return f"{self.ours.url}/index/simple/"

    @property
    def usual(self) -> str:
        """The URL of the usual index."""
        return f"{self.public.url}/simple/"

    def release(self, version: str, *wheels: SmallWheel, requires_python: str | None = ">=3.9") -> Manifest:
        """Make a release set, of the given wheels in that version."""
        return write_set(self.sets, version, wheels, requires_python=requires_python)

    def snapshots(self, count: int, *needs: str) -> None:
        """Make an index of snapshots of the bindings, for every Python and system."""
        for number in range(count):
            self.release(day(number), bindings(OURS, *needs), *OTHERS)
        self.make()

    def make(self, *more: str) -> None:
        """Run the session."""
        places = ["--from", str(self.sets), "--output", str(self.ours.folder / "index")]
        base = ["--base-url", f"{self.ours.url}/download", "--url", f"{self.ours.url}/index"]
        session.run([*places, *base, "--cache", str(self.cache), *more], self.root)

    def yank(self, tag: str, reason: str) -> None:
        text = f'[tool.mlir-release]\nyanked = {{ "{tag}" = "{reason}" }}\n'
        (self.root / "pyproject.toml").write_text(text)

    def link(self, name: str) -> str:
        """The URL of a file of ours, with its hash, as it is in the index."""
        page = (self.ours.folder / "index" / "flat.html").read_text()
        (found,) = re.findall(rf'href="(\S+/{re.escape(name)}#sha256=\w+)"', page)
        return str(found)

    def offer(self, *wheels: SmallWheel) -> None:
        """Put wheels on the usual index."""
        for wheel in wheels:
            folder = self.public.folder / "simple" / wheel.name
            path = wheel.write(folder)
            with (folder / "index.html").open("a") as page:
                page.write(f'<a href="{path.name}#sha256={digest(path.read_bytes())}">{path.name}</a>\n')

    def squat(self, version: str = day(0)) -> None:
        """Release something that needs NumPy; the usual index has that, and packages with the names of ours.

        One has a high version; the other one the given one, and a build number, which pip prefers to none.
        """
        self.snapshots(1, "numpy<=2.1.2,>=1.19.5")
        self.offer(NUMPY, replace(NUMPY, version="2.2.0"))
        self.offer(replace(bindings("py3-none-any", says="theirs"), version="9999"))
        self.offer(replace(bindings(f"9999-{OURS}", says="theirs"), version=version))

    def documented(self, tool: str, package: str, number: int, *, foreign: bool) -> str:
        """The line that the page for people shows, for the snapshot of a day."""
        made = commands.of(self.simple, package, day(number), foreign=foreign)
        (found,) = (it.line for it in made if it.tool == tool)
        return found


@contextmanager
def make_world(folder: Path) -> Iterator[World]:
    """The servers, and nothing on them yet."""
    root = folder / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    with (
        StaticServer(folder / "ours") as ours,
        StaticServer(folder / "public") as public,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("GITHUB_REPOSITORY", "owner/name")
        yield World(ours=ours, public=public, root=root, cache=folder / "cache")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One of the Python that tests run on; ``own`` is what ``packages`` holds from the beginning."""

    folder: Path
    packages: Path
    own: frozenset[str]

    @classmethod
    def create(cls, folder: Path) -> Environment:
        run([sys.executable, "-m", "virtualenv", "--quiet", "--no-download", folder])
        (packages,) = folder.glob("lib/python*/site-packages")
        return cls(folder=folder, packages=packages, own=frozenset(it.name for it in packages.iterdir()))

    def empty(self) -> None:
        """Take out what was installed; that takes no time, and making another environment does."""
        for path in self.packages.iterdir():
            if path.name not in self.own:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@dataclass(frozen=True, kw_only=True)
class Client:
    """The installers in an environment; they have no settings of this machine."""

    folder: Path
    world: World

    def __call__(self, command: str | Sequence[str], *, check: bool = True, **env: str) -> Completed:
        """Run a command in the environment; what the servers were asked before is forgotten."""
        words = shlex.split(command) if isinstance(command, str) else list(command)
        for server in (self.world.ours, self.world.public):
            server.asked.clear()
        settings = self._environment | env
        words[0] = shutil.which(words[0], path=settings["PATH"]) or words[0]
        return run(words, env=dict.fromkeys(os.environ) | settings, check=check)

    def paste(self, line: str, *, check: bool = True) -> Completed:
        """Run a line that is for a shell, in one."""
        return self(["sh", "-c", line], check=check)

    def ask(self, code: str) -> str:
        """What a program in the environment prints."""
        return run([self.folder / "bin" / "python", "-c", code], quiet=True).output.strip()

    def version(self, name: str) -> str:
        """The version of a package that is installed."""
        return self.ask(f"import importlib.metadata as m; print(m.version({name!r}))")

    @property
    def who(self) -> str:
        """Who made the bindings that are installed, and their version; empty without any."""
        return self.ask(_WHO)

    @property
    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_SETTINGS) and not name.lower().endswith("_proxy")
        }
        programs = [str(self.folder / "bin"), str(Path(find_uv_bin()).parent), os.environ["PATH"]]
        cache = self.world.cache
        return kept | {
            "PATH": os.pathsep.join(programs),
            "VIRTUAL_ENV": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.world.usual,
            "PIP_CACHE_DIR": str(cache / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_NO_CONFIG": "1",
            "UV_DEFAULT_INDEX": self.world.usual,
            "UV_CACHE_DIR": str(cache / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
        }


def three(number: int) -> list[str]:
    """What is fetched of the bindings of a day: the page, and the metadata and the file of one wheel."""
    return [f"{PROJECT}/", f"{wheel_name(number)}.metadata", wheel_name(number)]
