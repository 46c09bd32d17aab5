"""Obtaining the source tree: the one way in which the other rooms come to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.source import archive, originals
from mlir_release.source import checkout as checkouts
from mlir_release.source.fetch import fetch
from mlir_release.source.layout import (
    PARTS,
    Unavailable,
    read_version,
    require_parts,
    same_release,
)
from mlir_release.source.originals import KIND, TREE
from mlir_release.source.patches import apply, load_all, select
from mlir_release.store import content_key, ensure_room, remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mlir_release.pin import Pin
    from mlir_release.source.patches import Patch
    from mlir_release.store import Box, Store

REMOTE = "https://github.com/llvm/llvm-project.git"

# In a source box, beside the tree: how it was come by.
_ORIGIN = "origin"

# Bytes. On disk the parts of 22.1.8 take 340 MB; git's own data comes on top while it fetches.
_ROOM = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """A source tree that can be built.

    ``path`` is the root of llvm-project; ``commit`` its 40 digits, None for a
    checkout that is not git's; ``version`` what the tree says (``22.1.8``,
    ``23.0.0git``); ``origin`` is ``checkout``, ``git`` or ``archive NAME``;
    ``patches`` those applied; ``key`` differs whenever the content may.
    """

    path: Path
    commit: str | None
    version: str
    origin: str
    patches: tuple[Patch, ...]
    key: str


def obtain(
    pin: Pin,
    *,
    patches: Path,
    store: Store,
    checkout: Path | None = None,
    parts: Sequence[str] = PARTS,
    remote: str = REMOTE,
) -> SourceTree:
    """The source tree for a pin, with this project's patches for its version.

    Args:
        pin: what to obtain.
        patches: the folder of patches.
        store: keeps the tree; also where archives are looked for.
        checkout: a local llvm-project that is taken instead. It is never written
            to: if patches apply, the parts are copied into the store first.
        parts: paths below the root of llvm-project that are needed.
        remote: URL of the repository that is fetched from.

    Raises:
        UserError: there is no way to the source, or a patch does not apply, or
            the tree is not what it should be.
    """
    known = load_all(patches)
    if checkout is not None:
        return _from_checkout(pin, known, store, checkout.resolve(), parts)
    return _from_pin(pin, known, store, parts, remote)


def pristine(pin: Pin, paths: Sequence[str], *, store: Store, into: Path, remote: str = REMOTE) -> None:
    """Put files of the pinned commit into a folder, as upstream has them.

    Args:
        pin: which commit, and archives of it.
        paths: below the root of llvm-project, or patterns as in .gitignore; those that upstream has not are
            left out.
        store: serves them from a tree of that commit; if none can, they are obtained, and kept there.
        into: the folder that they go to.
        remote: URL of the repository that is fetched from.

    Raises:
        UserError: there is no way to the source.
    """
    if originals.copy(store, pin.commit, paths, into):
        return
    log.say(f"   no tree in the store has these files of {pin.commit[:9]} unpatched: they are obtained anew")

    def make(work: Path) -> None:
        (work / _ORIGIN).write_text(_bring(pin, store, work, paths, remote), encoding="utf-8")

    store.obtain(KIND, _identity({"commit": pin.commit}, paths, ()), make)
    found = originals.copy(store, pin.commit, paths, into)
    assert found


def _from_pin(
    pin: Pin, known: Sequence[Patch], store: Store, parts: Sequence[str], remote: str
) -> SourceTree:
    # A bare pin does not say the version: then any change of any patch makes a new box.
    chosen = select(known, pin.version) if pin.version else tuple(known)

    def make(work: Path) -> None:
        ensure_room(work, _ROOM, "the source tree")
        origin = _bring(pin, store, work, parts, remote)
        _finish(work, pin, chosen, parts, origin)

    box = store.obtain(KIND, _identity({"commit": pin.commit}, parts, chosen), make)
    return _boxed(box, pin.commit, chosen)


def _from_checkout(
    pin: Pin, known: Sequence[Patch], store: Store, folder: Path, parts: Sequence[str]
) -> SourceTree:
    checkouts.check(folder, parts)
    version = read_version(folder)
    if pin.version and not same_release(version, pin.version):
        log.say(f"   {folder} is LLVM {version}, the pin is {pin.version}: the checkout is taken, as asked")
    state = checkouts.state(folder, parts)
    chosen = select(known, version)
    identity = _identity({"checkout": state.identity}, parts, chosen)
    if chosen:
        box = store.obtain(KIND, identity, lambda work: _copied(folder, parts, chosen, state, work))
        return _boxed(box, state.commit, chosen)
    log.say(f"   source {version}: {folder}, in place")
    return SourceTree(
        path=folder,
        commit=state.commit,
        version=version,
        origin="checkout",
        patches=(),
        key=content_key(identity),
    )


def _identity(content: dict[str, Any], parts: Sequence[str], chosen: Sequence[Patch]) -> dict[str, Any]:
    """All that a tree is made from, for its content key."""
    return {
        **content,
        "parts": sorted(parts),
        "patches": [[patch.name, patch.sha256] for patch in chosen],
    }


def _boxed(box: Box, commit: str | None, chosen: Sequence[Patch]) -> SourceTree:
    """The tree in a finished box."""
    tree = box.path / TREE
    version = read_version(tree)
    origin = (box.path / _ORIGIN).read_text(encoding="utf-8")
    log.say(f"   source {version} from {origin}: {tree}{', reused' if box.reused else ''}")
    return SourceTree(
        path=tree,
        commit=commit,
        version=version,
        origin=origin,
        patches=select(chosen, version),
        key=box.path.name,
    )


def _copied(
    folder: Path, parts: Sequence[str], chosen: Sequence[Patch], state: checkouts.State, work: Path
) -> None:
    """Fill a box with a patched copy of a checkout."""
    ensure_room(work, _ROOM, f"the copy of {folder}")
    with log.stage(f"source: copy of {folder}, for patches"):
        checkouts.copy(folder, parts, work / TREE)
    if checkouts.state(folder, parts) != state:
        raise UserError(f"{folder} was changed while it was copied; start again")
    _patch(work, chosen)
    (work / _ORIGIN).write_text("checkout", encoding="utf-8")


def _bring(pin: Pin, store: Store, work: Path, parts: Sequence[str], remote: str) -> str:
    """Put the pinned tree into a folder of work, in the first way that can; returns which."""
    log_file = store.log_file("source")
    try:
        with log.stage(f"source: git fetch of {pin.commit[:9]} from {remote}"):
            fetch(pin.commit, remote, parts, work / TREE)
    except Unavailable as reason:
        log.say(f"   no git fetch: {reason}; going on to a pinned archive")
        failed = [f"git fetch from {remote}: {reason}"]
    else:
        return "git"
    path = archive.find(pin.archives, store) or _download(pin, store, work, log_file, failed)
    with log.stage(f"source: unpack {path.name}, sha256 as pinned"):
        archive.unpack(path, parts, work / TREE)
    return f"archive {path.name}"


def _download(pin: Pin, store: Store, work: Path, log_file: Path, failed: list[str]) -> Path:
    """The first archive that the package manager brings; what did not work joins ``failed``."""
    for name, sha256 in pin.archives.items():
        try:
            return archive.bring(name, sha256, store, work / "apt", log_file)
        except Unavailable as reason:
            failed.append(f"{name}: {reason}")
        finally:
            remove(work / "apt")
    archives = f", or put {' or '.join(pin.archives)} into {archive.folder(store)}" if pin.archives else ""
    raise UserError(
        f"the source of llvm-project {pin.version or pin.commit} is out of reach: {'; '.join(failed)}."
        f" Give a checkout with --llvm-project DIR{archives}"
    )


def _finish(work: Path, pin: Pin, chosen: Sequence[Patch], parts: Sequence[str], origin: str) -> None:
    """Check and patch a tree that was fetched or unpacked; a bad one is not kept."""
    tree = work / TREE
    try:
        require_parts(tree, parts, origin)
        version = read_version(tree)
        if pin.version and not same_release(version, pin.version):
            raise UserError(
                f"{origin} of {pin.commit} is LLVM {version}, the pin says {pin.version}; mend the pin"
            )
        _patch(work, select(chosen, version))
    except UserError:
        remove(work)
        raise
    (work / _ORIGIN).write_text(origin, encoding="utf-8")


def _patch(work: Path, chosen: Sequence[Patch]) -> None:
    originals.keep(work, chosen)
    for patch in chosen:
        apply(patch, work / TREE)
        log.say(f"   {patch.name} applied")
