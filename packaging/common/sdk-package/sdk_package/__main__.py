"""Lay out what the SDK's wheels carry of an installed LLVM and MLIR.

Makes the folders ``llvm_sdk`` and ``mlir_sdk``, as they will be beside each other in site-packages:
CMake packages that name only what is there, static libraries, programs, object files. Headers are
not put there. What is left out and why is written beside them (``left-out.json``), as are the
programs that the prefix lacks or that need its shared libraries (``compiled-programs.txt``).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from sdk_package import layout
from sdk_package.cmake_file import UnknownForm
from sdk_package.files import Binutils


def main() -> int:
    """Read the command line; errors are one line and status 2."""
    parser = argparse.ArgumentParser(prog="sdk_package", description=__doc__)
    parser.add_argument("--llvm", type=Path, required=True, metavar="DIR", help="folder of LLVMConfig.cmake")
    parser.add_argument("--mlir", type=Path, required=True, metavar="DIR", help="folder of MLIRConfig.cmake")
    parser.add_argument("--ship", choices=["llvm", "mlir"], required=True, help="what the wheel is of")
    parser.add_argument("--ar", required=True)
    parser.add_argument("--strip", required=True)
    parser.add_argument("--readelf")
    parser.add_argument(
        "--for-others", action="store_true", help="refuse what names a library of this machine"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    binutils = Binutils(options.ar, options.strip, options.readelf or None)
    shutil.rmtree(options.output, ignore_errors=True)
    try:
        layout.lay_out(
            {"llvm": options.llvm, "mlir": options.mlir},
            binutils,
            options.ship,
            options.output,
            for_others=options.for_others,
        )
    except (UnknownForm, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
