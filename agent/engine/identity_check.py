"""Whether an open medium is the one that was planned."""

from agent.errors import IdentityChanged, MediaVanished
from agent.host.machine import Medium
from agent.model.drive import Drive, Identity


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
