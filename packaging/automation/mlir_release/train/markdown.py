"""Text from outside in GitHub's Markdown, where it must stay text.

Names with @, numbers with # and GH-, and HTML would otherwise notify people, link to issues of this
project, or change the page (https://github.github.com/gfm/, and GitHub's own references on top of it).
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 200
_URL = re.compile(r"(https?://[^\s<>()`\"]*[^\s<>()`\".,;:!?'])")
_MARK = re.compile(r"[\\`*_{}\[\]<>&|~^!]")
# People, issues, formulas, addresses of mail and of the web that are not URLs above.
_REFERENCE = re.compile(r"[@#$]|\bGH-(?=\d)|www(?=\.)|:(?=//)", re.IGNORECASE)
# A space of no width: it parts these from what follows, and is not seen.
_APART = "\u200b"


def printable(text: str) -> str:
    """Text in one line, without what would steer a terminal or turn the direction of writing."""
    kept = (sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join("".join(kept).split())


def code(text: str) -> str:
    """Text as a code span: nothing in it is a mark, a reference or HTML. Long text is cut."""
    shown = printable(text) or "-"
    if len(shown) > _LONGEST:
        shown = shown[: _LONGEST - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """Text that reads as it is written; of marks only URLs do something, as links."""
    parts = _URL.split(printable(text))
    # With a group in the pattern, every second part is a URL. In links, too, &lt; is a sign.
    shown = (
        _escaped(it) if index % 2 == 0 else f"<{it.replace('&', '&amp;')}>" for index, it in enumerate(parts)
    )
    return "".join(shown)


def _escaped(text: str) -> str:
    marked = _MARK.sub(lambda found: f"\\{found[0]}", text)
    return _REFERENCE.sub(lambda found: f"{found[0]}{_APART}", marked)
