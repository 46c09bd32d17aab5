"""Git, as the other rooms use it: the real program, on real repositories."""

from mlir_release.git.program import PATIENCE, OutOfReach, environment, reason, said, settings
from mlir_release.git.remote import Rejected, Remote, Update, peeled
from mlir_release.git.repository import Repository

__all__ = [
    "PATIENCE",
    "OutOfReach",
    "Rejected",
    "Remote",
    "Repository",
    "Update",
    "environment",
    "peeled",
    "reason",
    "said",
    "settings",
]
