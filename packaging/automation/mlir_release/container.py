"""The same session once more, inside a container: how releases are built on Linux.

What it sees there is in ``container_site``. Nox comes from an environment that is made once per image, with a
Python of the image.
"""

from __future__ import annotations

import argparse
import configparser
import importlib.resources
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import engine as engines
from mlir_release import log
from mlir_release.container_site import Site
from mlir_release.errors import ReleaseError, UserError
from mlir_release.sdk.choice import Choice
from mlir_release.sdk.choice import read as read_choice
from mlir_release.store import Store, ensure_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.options import Options
    from mlir_release.run import Completed

# The policy of PEP 600 that releases are built for, as cibuildwheel's list of images calls it.
_POLICY = "manylinux_2_28"
_ARCHITECTURES = {"arm64": "aarch64"}
# What nox says when a session ends with an error, and around that.
_ABORTED = re.compile(r"^nox > Session \S+ aborted: (.+?)(?: \(took [^()]*\))?\.?$", re.MULTILINE)
_MISTAKE = 2


class ContainerFailed(ReleaseError):
    """A session failed inside a container; it has said why."""


def image_for(name: str, policy: str = _POLICY) -> str:
    """The image that ``--container`` names: itself or, as for cibuildwheel, by its policy of PEP 600 or 656.

    Those are manylinux's, as this cibuildwheel pins them.

    Args:
        name: that of an image or of a policy; empty for the image of ``policy``.
        policy: the default one.

    Raises:
        UserError: there is no image of the policy for this machine.
    """
    pinned = _pinned(name or policy) or name
    if not pinned:
        raise UserError(f"there is no {policy} image for {_machine()}; name one with --container IMAGE")
    return pinned


def rerun(session: str, words: Sequence[str], options: Options, root: Path) -> None:
    """Run a session inside a container; its output is passed on as it comes.

    Args:
        session: nox's name of it.
        words: its options as they were typed.
        options: the same, parsed; ``container`` names the image and is empty for the default one.
        root: this project's folder.

    Raises:
        UserError: there is no engine that works, or no such image, or one that does not
            serve; or what the session itself ended with, when that was a mistake.
        ToolFailed: the environment of nox could not be made.
        ContainerFailed: the session failed.
    """
    _refuse(session, options)
    site = find_site(options, root)
    nox = (site.python(), "-m", "nox", "-f", root / "noxfile.py")
    said = said_inside(words, options, site.store)
    with log.stage(f"{session} in {site.image}, with {site.engine.name}"):
        done = site.contain([*nox, "-s", session, "--", *said])
    _conclude(done, site.image)


def find_site(options: Options, root: Path, *, wanted_by: str = "--container", policy: str = _POLICY) -> Site:
    """An engine that works, and an image that is there, fetched now if it was not.

    Args:
        options: ``container`` names the image or its policy; None and empty are the default one's.
        root: this project's folder.
        wanted_by: what it is for, as the message of a refusal begins.
        policy: whose image is the default one.

    Raises:
        UserError: there is no engine that works, or no such image.
    """
    engine = engines.find(wanted_by)
    store = Store.open(options.cache)
    image = image_for(options.container or "", policy)
    identity = engine.identify(image, store.log_file("container-image"))
    ensure_writable(options.wheelhouse)
    return Site(
        engine=engine,
        image=image,
        identity=identity,
        root=root,
        store=store,
        wheelhouse=options.wheelhouse,
        visible=tuple(_to_see(path) for path in _places(options, store).values()),
    )


def said_inside(words: Sequence[str], options: Options, store: Store) -> list[str]:
    """The options of a session as they are said inside: without ``--container``, with absolute paths."""
    places = _places(options, store)
    return [*_without_container(words), *(f"{name}={path}" for name, path in places.items())]


def _places(options: Options, store: Store) -> dict[str, Path]:
    """The files and folders that options name, and those that are the default of one."""
    return _paths(options) | {"--cache": store.root, "--wheelhouse": options.wheelhouse}


def _refuse(session: str, options: Options) -> None:
    """Raise ``UserError`` for what no container can do."""
    if sys.platform == "win32":
        raise UserError("--container is for Linux and macOS; on Windows, call it in WSL")
    if options.sysroot:
        raise UserError("--sysroot and --container are two ways to one end; give one of them")
    if session == "bench":
        raise UserError(
            "bench writes into this checkout, which containers get read-only; leave out --container"
        )


def _paths(options: Options) -> dict[str, Path]:
    """The options that name a file or a folder, as absolute paths: links and ~ mean nothing inside."""
    given = {f"--{name.replace('_', '-')}": value for name, value in vars(options).items()}
    paths = {name: value for name, value in given.items() if isinstance(value, Path)}
    sdk = _sdk_place(options.sdk)
    return paths | ({"--sdk": sdk} if sdk else {})


def _sdk_place(said: str | None) -> Path | None:
    """The file or folder that ``--sdk`` names, where it does and there is one."""
    choice = read_choice(said) if said else Choice()
    place = choice.wheel if isinstance(choice.wheel, Path) else choice.prefix
    try:
        absolute = place and place.expanduser().resolve()
    except (OSError, RuntimeError):  # links in a circle, no such home: the session inside says so
        return None
    return absolute if absolute and absolute.exists() else None


def _to_see(path: Path) -> Path:
    """What has to be visible for a path to be of use: of a wheel its folder, with those that it needs."""
    return path.parent if path.suffix == ".whl" and path.is_file() else path


def _pinned(policy: str) -> str | None:
    pinned = configparser.ConfigParser(inline_comment_prefixes=("#",))
    resources = importlib.resources.files("cibuildwheel") / "resources"
    pinned.read_string((resources / "pinned_docker_images.cfg").read_text(encoding="utf-8"))
    return pinned.get(_machine(), policy, fallback=None)


def _machine() -> str:
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _conclude(done: Completed, image: str) -> None:
    """End as the session inside has ended."""
    if done.status in engines.FAILED:
        raise UserError(f"{image} could not be started ({engines.last_line(done)}); name another image")
    mistakes = _ABORTED.findall(done.output)
    if done.status == _MISTAKE and mistakes:
        raise UserError(mistakes[-1])
    if done.status:
        raise ContainerFailed(
            f"the session failed inside {image} with status {done.status}; it says why above"
        )


def _without_container(words: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--container", nargs="?")
    return parser.parse_known_args(list(words))[1]
