"""Repair for this machine only: of a wheel that needs newer symbols than any policy of auditwheel's has.

    python -P this_machine.py WHEEL FOLDER

What the newest policy does not leave to the system is grafted, and the name keeps the plain tag of Linux. It
is a program of its own, as auditwheel is: that looks for libraries where ``LD_LIBRARY_PATH`` says, and
changes its working folder.
"""

from __future__ import annotations

import logging
import sys
import zlib
from pathlib import Path

from auditwheel.patcher import ElfPatcher
from auditwheel.repair import repair_wheel
from auditwheel.wheel_abi import analyze_wheel_abi


def main(wheel: Path, folder: Path) -> int:
    """Repair a wheel into a folder; gives the exit status, 2 if something else keeps it from all policies."""
    logging.basicConfig(level=logging.DEBUG)
    found = analyze_wheel_abi(None, None, wheel, frozenset(), disable_isa_ext_check=False, allow_graft=True)
    others = (found.ucs_policy, found.blacklist_policy, found.machine_policy)
    newest, none = found.policies.highest, found.policies.linux
    if found.sym_policy != none or none in others:
        return 2
    repair_wheel(
        found,
        wheel,
        abis=[newest.name],
        lib_sdir=".libs",
        out_dir=folder,
        update_tags=False,
        patcher=ElfPatcher.get_patcher("patchelf", newest.name),
        strip=False,
        zip_compression_level=zlib.Z_DEFAULT_COMPRESSION,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
