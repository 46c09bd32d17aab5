"""Which variables of the user's environment a program of a build or a test gets: an allow-list.

CMAKE_ARGS, CPATH, PIP_TARGET, PYTEST_ADDOPTS and hundreds of others would change what is built, or which
tests run. What a toolchain needs besides, it names itself (``Toolchain.variables``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Files of certificates, for those whose network has its own.
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
# The file of GitHub's page of a run, which sessions add to.
SUMMARY = "GITHUB_STEP_SUMMARY"
# What of those the content of results depends on: content keys have it.
_IN_KEYS = ("SOURCE_DATE_EPOCH",)
# What a session reads, the way to the network, and compiler caches: holds on another machine, too.
_PASSED_ON = (
    rf"CC|CXX|CI|GITHUB_ACTIONS|{SUMMARY}|{'|'.join((*CERTIFICATES, *_IN_KEYS))}|PIP_(EXTRA_)?INDEX_URL"
    r"|PIP_(DEFAULT_TIMEOUT|PROXY|RETRIES|TRUSTED_HOST)|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy"
    r"|SCCACHE_(DIR|CACHE_SIZE)"
)
# What says where things are on this machine, and in which language and place it is.
_HERE = (
    r"PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_\w+|DEVELOPER_DIR"
    r"|SSL_CERT_DIR|CURL_CA_BUNDLE|PIP_(CACHE_DIR|CLIENT_CERT|CONFIG_FILE|FIND_LINKS|KEYRING_PROVIDER|NO_INDEX)"
    r"|CCACHE_(BASEDIR|CONFIGPATH|DIR|DISABLE|MAXSIZE|REMOTE_STORAGE)|(SCCACHE|AWS)_\w+"
    r"|ACTIONS_(CACHE_\w+|RESULTS_URL|RUNTIME_TOKEN)"
)
_WINDOWS = (
    r"ALLUSERSPROFILE|APPDATA|(COMMON)?PROGRAM(FILES(\(X86\))?|W6432)|COMSPEC|HOMEDRIVE|HOMEPATH|LOCALAPPDATA"
    r"|NUMBER_OF_PROCESSORS|OS|PATHEXT|PROCESSOR_\w+|PROGRAMDATA|SYSTEMDRIVE|SYSTEMROOT|USERNAME|USERPROFILE"
    r"|WINDIR"
)
PASSED_ON = re.compile(_PASSED_ON)
_ALLOWED = re.compile(f"{_PASSED_ON}|{_HERE}|{_WINDOWS}")


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """Those variables of an environment that programs of builds and tests get."""
    return {name: value for name, value in environ.items() if _ALLOWED.fullmatch(name)}


def in_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Those of them that content keys must have."""
    return {name: environ[name] for name in _IN_KEYS if name in environ}
