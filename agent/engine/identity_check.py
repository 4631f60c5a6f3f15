"""Whether an open medium is the one that was planned."""

from agent.errors import IdentityChanged, MediaVanished
from agent.host.machine import Medium
from agent.model.drive import Drive, Identity, is_placeholder


def check_identity(planned: Drive, seen: Identity, medium: Medium) -> None:
    """Raise MediaVanished where the medium has shrunk, IdentityChanged where it is another one."""
    identity = planned.identity
    if medium.capacity_bytes < identity.capacity_bytes:
        raise MediaVanished(
            f"The medium has shrunk from {identity.capacity_bytes} to {medium.capacity_bytes} bytes since it was planned."
        )
    if (
        medium.capacity_bytes != identity.capacity_bytes
        or not seen.same_medium(identity)
        or medium.logical_sector_bytes != identity.logical_sector_bytes
    ):
        raise IdentityChanged(f"The medium at {planned.node} is not the one that was planned.")


def check_attachment(planned: Drive, sequence: int | None, medium: Medium) -> None:
    """Raise IdentityChanged where a disk was found anew since its markers were planted, and nothing tells it from its like.

    Without a serial number and a world-wide name of its own another drive of the model would pass: it never held a marker, so
    that all of them would count as changed. `sequence` is that of the medium on which they were planted.
    """
    identity = planned.identity
    weak = is_placeholder(identity.serial) or not identity.wwn
    if weak and medium.sequence != sequence:
        raise IdentityChanged(
            f"The medium at {planned.node} was found anew meanwhile, and has no serial number and name that tell it from others."
        )
