"""The package sources that this machine's apt is configured with (sources.list(5)).

apt's own listing, ``apt-get indextargets``, leaves out every source that was
never updated, which is all of them on a fresh machine: so the files are read.
"""

from __future__ import annotations

import platform
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where newer releases are than the machine's own; the last is Ubuntu's name.
_NEWER = ("stable", "testing", "sid", "devel")
_GENERIC = frozenset({*_NEWER, "oldstable", "unstable"})
# What says whom to trust; all other options are about binary packages.
_KEPT = ("signed-by", "trusted", "allow-insecure", "check-valid-until")
_ONE_LINE = re.compile(r"(?:deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?([^\s\[]+)\s+(\S+)([^#]*)")
_FIELD = re.compile(r"^([A-Za-z][\w-]*):((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class AptSource:
    """One suite on one site; ``options`` as in deb822 sources, values as written there."""

    uri: str
    suite: str
    components: str
    options: tuple[tuple[str, str], ...] = ()

    def stanza(self) -> str:
        """The deb822 entry that makes apt read this suite's source packages."""
        fields = [("Types", "deb-src"), ("URIs", self.uri), ("Suites", self.suite)]
        if self.components:
            fields.append(("Components", self.components))
        return "".join(f"{name}: {value}\n" for name, value in (*fields, *self.options))


def candidates() -> list[AptSource]:
    """Where a source package may be: the machine's own suites, then newer ones on the same sites."""
    own = list(_configured())
    base = _GENERIC | {_codename()}
    newer = [replace(one, suite=suite) for suite in _NEWER for one in own if one.suite in base]
    return list(dict.fromkeys((*own, *newer)))


def parse_one_line(text: str) -> Iterator[AptSource]:
    """The entries of a ``.list`` file."""
    for line in text.splitlines():
        found = _ONE_LINE.match(line.strip())
        if found:
            options = dict(word.partition("=")[::2] for word in (found[1] or "").split())
            yield AptSource(
                uri=found[2], suite=found[3], components=" ".join(found[4].split()), options=_kept(options)
            )


def parse_deb822(text: str) -> Iterator[AptSource]:
    """The entries of a ``.sources`` file."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(stanza)}
        if fields.get("enabled", "yes").lower() in ("no", "false", "0", "off", "without", "disable"):
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                components = " ".join(fields.get("components", "").split())
                yield AptSource(uri=uri, suite=suite, components=components, options=_kept(fields))


def _kept(options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    lowered = {name.strip().lower(): value for name, value in options.items()}
    return tuple((name, lowered[name]) for name in _KEPT if name in lowered)


def _configured() -> Iterator[AptSource]:
    """The entries of all files that apt reads here."""
    main, parts = _places()
    if main.is_file():
        yield from parse_one_line(main.read_text(encoding="utf-8", errors="replace"))
    for path in sorted(parts.iterdir()) if parts.is_dir() else ():
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if path.suffix == ".list":
            yield from parse_one_line(text)
        elif path.suffix == ".sources":
            yield from parse_deb822(text)


def _places() -> tuple[Path, Path]:
    """The main file and the folder of further ones, as apt itself names them."""
    question = ["apt-config", "shell", "MAIN", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]
    answer = run(question, quiet=True).output
    named = dict(word.partition("=")[::2] for word in shlex.split(answer))
    return Path(named.get("MAIN") or "/etc/apt/sources.list"), Path(
        named.get("PARTS") or "/etc/apt/sources.list.d"
    )


def _codename() -> str:
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""
