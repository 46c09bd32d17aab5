"""Import mlir.ir; print the seconds and, as JSON, which installed packages came along.

With ``--without NAME`` that package is as good as not installed.
"""

import json
import sys
import sysconfig
import time

if sys.argv[1:2] == ["--without"]:
    sys.modules[sys.argv[2]] = None  # type: ignore[assignment]
before = set(sys.modules)
start = time.perf_counter()
from mlir import ir  # noqa: E402

seconds = time.perf_counter() - start
site = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
files = {name: getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before}
installed = sorted({name.partition(".")[0] for name, file in files.items() if file and file.startswith(site)})
with ir.Context():
    assert "return" in str(ir.Module.parse("func.func @nothing() { return }"))
print(json.dumps({"seconds": seconds, "installed": installed}))
