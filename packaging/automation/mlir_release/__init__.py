"""The code behind the nox sessions: pin, source, SDK, bindings, repair, tests.

One room per step; none imports nox, and none runs inside a target interpreter.
"""

import sys
from pathlib import Path

# What the packages' build files share, and some of it with us.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common"))
