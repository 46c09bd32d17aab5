"""The same session once more, inside a container: how releases are built on Linux.

The container sees this checkout, the store, the wheelhouse and what the options name, each under the path
that it has outside, so that what one session leaves serves the other; all but store and wheelhouse read-only.
Nox comes from an environment that is made once per image, with a Python of the image.
"""

from __future__ import annotations

import argparse
import configparser
import importlib.resources
import os
import platform
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import engine as engines
from mlir_release import log
from mlir_release.errors import ReleaseError, ToolFailed, UserError
from mlir_release.sdk.choice import Choice
from mlir_release.sdk.choice import read as read_choice
from mlir_release.store import Store, content_key, ensure_writable, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.engine import Engine
    from mlir_release.options import Options
    from mlir_release.run import Completed

# The policy of PEP 600 that releases are built for, as cibuildwheel's list of images calls it.
_POLICY = "manylinux_2_28"
_ARCHITECTURES = {"arm64": "aarch64"}
# The file of GitHub's page of a run, which sessions add to.
_SUMMARY = "GITHUB_STEP_SUMMARY"
# Files of certificates, for those whose network has its own.
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
# What a session reads in its environment, and what pip does.
_PASSED_ON = re.compile(
    rf"CC|CXX|CI|GITHUB_ACTIONS|{_SUMMARY}|SOURCE_DATE_EPOCH|PIP_(EXTRA_)?INDEX_URL|{'|'.join(_CERTIFICATES)}"
    r"|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy"
)
_NO_PYTHON = 77
# In a manylinux image the oldest first that can run nox: it has the most wheels.
_MAKE_ENVIRONMENT = (
    "for python in /opt/python/cp3??-cp3??/bin/python python3; do"
    """ if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then"""
    """ "$python" -m venv "$0" && exec "$0/bin/python" -m pip install --disable-pip-version-check "$@"; fi;"""
    f" done; echo 'no Python 3.11 or newer'; exit {_NO_PYTHON}"
)
# What nox says when a session ends with an error, and around that.
_ABORTED = re.compile(r"^nox > Session \S+ aborted: (.+?)(?: \(took [^()]*\))?\.?$", re.MULTILINE)
_MISTAKE = 2


class ContainerFailed(ReleaseError):
    """A session failed inside a container; it has said why."""


@dataclass(frozen=True, kw_only=True)
class _Site:
    """Where a session runs, and what it sees there: this project's folder, and what it writes to."""

    engine: Engine
    image: str
    root: Path
    store: Store
    wheelhouse: Path
    visible: tuple[Path, ...]


def default_image() -> str:
    """The image in which releases are built: the manylinux project's, as this cibuildwheel pins it."""
    pinned = configparser.ConfigParser(inline_comment_prefixes=("#",))
    resources = importlib.resources.files("cibuildwheel") / "resources"
    pinned.read_string((resources / "pinned_docker_images.cfg").read_text(encoding="utf-8"))
    machine = _ARCHITECTURES.get(platform.machine(), platform.machine())
    image = pinned.get(machine, _POLICY, fallback=None)
    if image is None:
        raise UserError(f"there is no {_POLICY} image for {machine}; name one with --container IMAGE")
    return image


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
    engine = engines.find()
    store = Store.open(options.cache)
    image = options.container or default_image()
    identity = engine.identify(image, store.log_file("container-image"))
    ensure_writable(options.wheelhouse)
    chosen = _paths(options) | {"--cache": store.root, "--wheelhouse": options.wheelhouse}
    site = _Site(
        engine=engine,
        image=image,
        root=root,
        store=store,
        wheelhouse=options.wheelhouse,
        visible=tuple(_to_see(path) for path in chosen.values()),
    )
    base = [*_options(site), identity]
    nox = (str(_environment(site, base) / "bin/python"), "-m", "nox", "-f", str(root / "noxfile.py"))
    said = [*_without_container(words), *(f"{name}={path}" for name, path in chosen.items())]
    with log.stage(f"{session} in {image}, with {engine.name}"):
        done = engine.contain([*base, *nox, "-s", session, "--", *said])
    _conclude(done, image)


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


def _options(site: _Site) -> list[str]:
    """The options of every container: who it is, what it sees, what it is told."""
    options = ["--user", f"{os.getuid()}:{os.getgid()}", "--workdir", str(site.root)]
    if site.engine.name == "podman":
        # Fedora's SELinux would keep the container out of the mounted folders.
        options += ["--security-opt", "label=disable"]
        options += ["--userns", "keep-id"] if os.getuid() else []
    writable = [site.store.root, site.wheelhouse, *_named_files(_SUMMARY)]
    for path in dict.fromkeys((site.root, *site.visible, *_named_files(*_CERTIFICATES))):
        if not any(path.is_relative_to(other) for other in writable):
            options += ["--mount", f"type=bind,source={path},target={path},readonly"]
    for path in dict.fromkeys(writable):
        options += ["--mount", f"type=bind,source={path},target={path}"]
    # A user whom the image does not know has no home; pip's cache is in this one.
    home = site.store.root / "container" / "home"
    home.mkdir(parents=True, exist_ok=True)
    told = {"HOME": home, "NOX_SCRIPT_MODE": "none", "PYTHONDONTWRITEBYTECODE": "1"}
    # By their names alone: the values stay out of logs.
    names = sorted(filter(_PASSED_ON.fullmatch, os.environ))
    return [*options, *(f"--env={name}" for name in [*names, *(f"{key}={told[key]}" for key in told)])]


def _named_files(*variables: str) -> list[Path]:
    """The files that variables of the environment name."""
    values = (os.environ.get(name) for name in variables)
    return [Path(value) for value in values if value and Path(value).is_file()]


def _environment(site: _Site, base: Sequence[str]) -> Path:
    """The environment with nox and the automation's dependencies, made now if this image has none yet."""
    table = tomllib.loads((site.root / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = table["dependency-groups"]["automation"]
    key = content_key({"image": base[-1], "requirements": requirements})
    folder = site.store.root / "container" / key
    with site.store.locked("container", key):
        # An environment cannot be renamed into its place: a file says that it is whole.
        if not (folder / "whole").exists():
            remove(folder)
            folder.mkdir(parents=True)
            with log.stage(f"nox in {site.image}"):
                _fill(site, [*base, "sh", "-c", _MAKE_ENVIRONMENT, str(folder), *requirements])
            (folder / "whole").touch()
    return folder


def _fill(site: _Site, words: Sequence[str]) -> None:
    """Run the script that makes an environment."""
    tool_log = site.store.log_file("container-environment")
    done = site.engine.contain(words, tool_log)
    if done.status in (*engines.FAILED, _NO_PYTHON):
        raise UserError(f"{site.image} does not serve ({engines.last_line(done)}); take one of manylinux's")
    if done.status:
        raise ToolFailed(["pip", "install"], done.status, tool_log, done.output.splitlines()[-20:])


def _without_container(words: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--container", nargs="?")
    return parser.parse_known_args(list(words))[1]
