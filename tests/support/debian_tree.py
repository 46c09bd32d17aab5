"""A small system of another Debian release, from the archive that this machine's apt is configured with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlir_release.run import run
from mlir_release.source import apt_sources

if TYPE_CHECKING:
    from pathlib import Path

_FOLDERS = ("etc/preferences.d", "etc/apt.conf.d", "etc/trusted.gpg.d", "etc/sources.list.d")
_STATE = ("state/lists/partial", "cache/archives/partial")


def unpack(suite: str, packages: list[str], folder: Path) -> Path:
    """Unpack packages of a release and all that they depend on, in seconds; nothing of them is run.

    Returns the root of the tree, ``folder/tree``; nothing of this machine's own system is changed.
    """
    apt = folder / "apt"
    for name in (*_FOLDERS, *_STATE):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()
    known = apt_sources.candidates()
    sources = [replace(one, suite=suite) for one in known if one.suite == "stable"]
    # Where this machine's own release is asked for, what came to it later belongs to it.
    sources += [one for one in known if one.suite.startswith(f"{suite}-")]
    stanzas = [one.stanza().replace("deb-src", "deb") for one in sources]
    (apt / "etc/sources.list.d/suite.sources").write_text("\n".join(stanzas))
    places = {"Etc": "etc", "State": "state", "State::status": "status", "Cache": "cache"}
    options = [f"-oDir::{name}={apt / place}" for name, place in places.items()]
    options += ["-oAPT::Sandbox::User=", "-oAPT::Install-Recommends=0", "-oAcquire::Languages=none"]
    run(["apt-get", *options, "update"], quiet=True)
    run(["apt-get", *options, "--yes", "--download-only", "install", *packages], quiet=True)
    tree = folder / "tree"
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", package, tree], quiet=True)
    return tree
