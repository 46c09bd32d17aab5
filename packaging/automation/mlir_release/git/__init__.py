"""Git, as the other rooms use it: the real program, on real repositories."""

from mlir_release.git.program import OutOfReach, reason, said
from mlir_release.git.remote import Rejected, Remote, Update, peeled
from mlir_release.git.repository import Repository

__all__ = [
    "OutOfReach",
    "Rejected",
    "Remote",
    "Repository",
    "Update",
    "peeled",
    "reason",
    "said",
]
