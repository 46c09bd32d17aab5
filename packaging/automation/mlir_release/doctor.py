"""What this machine can build, found out in seconds, and what to do about each thing missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mlir_release import interpreters, launcher, lines, log, pin, sysroot, toolchain
from mlir_release.errors import UserError
from mlir_release.findings import Finding, State, checked
from mlir_release.git import Repository
from mlir_release.run import run
from mlir_release.sdk import AUTO, ProviderName, build, read_choice, wheel_file
from mlir_release.sdk.cost import compile_hours
from mlir_release.sdk.download import Index
from mlir_release.sdk.system import System
from mlir_release.source.tree import REMOTE
from mlir_release.store import MANIFEST, Store, ensure_room, ensure_writable, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlir_release.options import Options
    from mlir_release.run import Completed

# In bytes: the source tree, a build tree and their boxes; a handful of wheels; an estimate of two compilers.
_STORE_ROOM = 3_000_000_000
_WHEELHOUSE_ROOM = 500_000_000
_MEMORY = 2_000_000_000

# In seconds: what a connection, and what a whole answer may take.
_CONNECTION_LIMIT = 3
_ANSWER_LIMIT = 8.0


def examine(options: Options, root: Path) -> list[Finding]:
    """Look at everything that a build needs; nothing is installed.

    Args:
        options: those of the builds that are asked about.
        root: this project's folder, where the pin is.
    """
    with ThreadPoolExecutor(max_workers=len(_EXAMINERS)) as pool:
        found = pool.map(lambda examiner: list(examiner(options, root)), _EXAMINERS)
        return [finding for findings in found for finding in findings]


def preflight(options: Options) -> None:
    """The cheap checks that come before a build.

    Raises:
        UserError: the first thing that would stop it later: a folder that cannot be
            written to, too little room on a disk, too little memory.
    """
    for check in (_check_store, _check_wheelhouse, _check_memory):
        check(options)


def _check_store(options: Options) -> str:
    store = Store.open(options.cache)
    used = size_of(store.root)
    # What is in it already needs no room again.
    ensure_room(store.root, max(_STORE_ROOM - used, _WHEELHOUSE_ROOM), "a build")
    return f"{store.root}, {_gigabytes(used)} used, {_gigabytes(shutil.disk_usage(store.root).free)} free"


def _check_wheelhouse(options: Options) -> str:
    ensure_writable(options.wheelhouse)
    ensure_room(options.wheelhouse, _WHEELHOUSE_ROOM, "a set of wheels")
    return f"{options.wheelhouse}, {_gigabytes(shutil.disk_usage(options.wheelhouse).free)} free"


def _check_memory(_: Options) -> str:
    free = psutil.virtual_memory().available + psutil.swap_memory().free
    if free < _MEMORY:
        raise UserError(
            f"{_gigabytes(free)} of memory are free, and compiling needs {_gigabytes(_MEMORY)}:"
            " end other programs, or add swap space"
        )
    return f"{_gigabytes(free)} free of {_gigabytes(psutil.virtual_memory().total)}"


def _machine(_: Options, __: Path) -> Iterator[Finding]:
    libc = " ".join(platform.libc_ver()).strip()
    text = f"{platform.system()} {platform.machine()}{libc and f', {libc}'}, {os.cpu_count()} cores"
    yield Finding(topic="machine", state=State.OK, text=text)


def _pin(_: Options, root: Path) -> Iterator[Finding]:
    yield checked("pin", lambda: f"LLVM {_version(root)}, {pin.read(root / pin.FILE_NAME).commit[:9]}")


def _interpreters(_: Options, root: Path) -> Iterator[Finding]:
    search = interpreters.search()

    def described(version: str) -> str:
        best = search.best(version)
        return f"{best.version}, {best.path} ({best.found_in})"

    for series in lines.served(root):
        yield checked(f"python {series.name}", partial(described, series.name))


def _compiler(options: Options, root: Path) -> Iterator[Finding]:
    def described() -> str:
        major = int(_version(root).partition(".")[0])
        cc, cxx = options.cc or os.environ.get("CC"), options.cxx or os.environ.get("CXX")
        tree = sysroot.obtain(options.sysroot, Store.open(options.cache)) if options.sysroot else None
        found = toolchain.find(llvm_major=major, cc=cc, cxx=cxx, sysroot=tree)
        return f"{found.name}, {found.cxx}, linker {found.linker or 'of the compiler'}"

    yield checked("compiler", described)


def _sdk(options: Options, root: Path) -> Iterator[Finding]:
    def described() -> str:
        choice = read_choice(options.sdk or AUTO)
        version = _version(root)
        if choice.provider is ProviderName.BUILD:
            return f"LLVM {version} is to be compiled, in {compile_hours()}, if it has not been"
        if isinstance(choice.wheel, Path):
            return f"{wheel_file.read(choice.wheel).path.name}, a wheel for this machine"
        if choice.wheel:
            return f"version {choice.wheel} is to be taken from {Index(url=options.index)}"
        return System(prefix=choice.prefix).installed(version).description

    yield checked("sdk", described)
    yield checked("compiled sdk", lambda: _compiled(options))


def _compiled(options: Options) -> str:
    """What the store has of SDKs that were compiled."""
    folder = Store.open(options.cache).root / build.KIND
    boxes = [box.parent for box in sorted(folder.glob(f"*/{MANIFEST}"))]
    return ", ".join(map(str, boxes)) or f"none; `nox -s sdk` makes one in {compile_hours()}"


def _version(root: Path) -> str:
    """The LLVM version of the pin, which compilers and SDKs are judged by."""
    version = pin.read(root / pin.FILE_NAME).version
    if version is None:
        raise UserError(f"not looked at, because {pin.FILE_NAME} does not say its LLVM version")
    return version


def _folders_and_memory(options: Options, _: Path) -> Iterator[Finding]:
    yield checked("store", lambda: _check_store(options))
    yield checked("wheelhouse", lambda: _check_wheelhouse(options))
    yield checked("memory", lambda: _check_memory(options))


def _compiler_cache(options: Options, root: Path) -> Iterator[Finding]:
    def described() -> str:
        found = launcher.find(options.launcher, root)
        if found is None and options.launcher:
            return "none, as --launcher says"
        missing = f"neither {' nor '.join(launcher.KNOWN)} is on PATH; no build needs one"
        return str(found.program) if found else missing

    yield checked("compiler cache", described)


def _github(_: Options, root: Path) -> Iterator[Finding]:
    # By git itself, because that is what fetches: with its proxies, certificates and rewritten addresses.
    question = ("ls-remote", "--exit-code", REMOTE, "HEAD")
    ask = partial(Repository(root).attempt, *question, timeout=_CONNECTION_LIMIT)
    advice = "not fatal: builds then take an archive of the source, or --llvm-project"
    yield _answering("github", ask, advice, limit=_CONNECTION_LIMIT)


def _package_index(_: Options, __: Path) -> Iterator[Finding]:
    if importlib.util.find_spec("pip") is None:
        text = f"not checked: {sys.executable} has no pip"
        yield Finding(topic="package index", state=State.WARNING, text=text)
        return
    # pip knows which indexes are configured, and nanobind is what every build asks them for.
    command = [sys.executable, "-m", "pip", "index", "versions", "nanobind", "--disable-pip-version-check"]
    command += ["--retries", "0", "--timeout", str(_CONNECTION_LIMIT)]
    advice = "not fatal while pip has what it needs in its cache; see `pip config debug`"
    ask = partial(run, command, check=False, quiet=True, timeout=_ANSWER_LIMIT)
    yield _answering("package index", ask, advice, limit=_ANSWER_LIMIT)


def _answering(topic: str, ask: Callable[[], Completed], advice: str, *, limit: float) -> Finding:
    """Whether a question over the network is answered in time."""
    try:
        answer = ask()
    except UserError as error:
        return Finding(topic=topic, state=State.WARNING, text=str(error), advice=advice)
    if answer.status == 0 and not answer.late:
        text = f"reachable, answered in {log.duration(answer.seconds)}"
        return Finding(topic=topic, state=State.OK, text=text)
    last = next(
        (line.strip() for line in reversed((answer.output + answer.errors).splitlines()) if line.strip()),
        None,
    )
    text = f"not reachable: {last or 'no reason given'}"
    if answer.late:
        text = f"no answer within {log.duration(limit)}"
    return Finding(topic=topic, state=State.WARNING, text=text, advice=advice)


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"


_EXAMINERS: tuple[Callable[[Options, Path], Iterator[Finding]], ...] = (
    _machine,
    _pin,
    _interpreters,
    _compiler,
    _sdk,
    _folders_and_memory,
    _compiler_cache,
    _github,
    _package_index,
)
