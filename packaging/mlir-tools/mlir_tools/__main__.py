"""``python -m mlir_tools NAME ...`` starts a program; without a name, lists them."""

from __future__ import annotations

import os
import sys

from mlir_tools import UnknownTool, _find, tools


def main(arguments: list[str]) -> int:
    """Become the program that the first argument names, with the others.

    Returns:
        Its exit status, where a process cannot become another one (Windows); 0 after the list; 2 for
        a name that is none, 127 for a program that is not there or does not start.
    """
    try:
        if arguments:
            return _start([_find(arguments[0]), *arguments[1:]])
        print("\n".join(tools()))
    except UnknownTool as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, ModuleNotFoundError) as error:  # the latter where the package was only copied
        print(error, file=sys.stderr)
        return 127
    return 0


def _start(command: list[str]) -> int:
    if sys.platform != "win32":
        os.execv(command[0], command)  # noqa: S606 -- no shell is the point
    import signal  # noqa: PLC0415 -- as in the package, nothing that need not be
    import subprocess  # noqa: PLC0415

    # Windows sends Ctrl-C to both: what is to be done then is the program's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = subprocess.run(command, check=False).returncode
    # A crash is a number of 32 bits (0xC0000005), which sys.exit takes with its sign only.
    return status - (1 << 32) if status >= 1 << 31 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
