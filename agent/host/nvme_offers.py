"""Which techniques an NVMe drive offers, and what each of them does not reach; from what it said, without asking anything."""

from agent.host.nvme_drive import NvmeDrive
from agent.host.nvme_structures import BLOCK_ERASE, CRYPTO_ERASE, OVERWRITE, SanitizeLog
from agent.model.firmware import TechniqueOffer
from agent.model.sanitization import Technique

SANITIZE_ACTIONS = {
    Technique.NVME_SANITIZE_BLOCK_ERASE: BLOCK_ERASE,
    Technique.NVME_SANITIZE_OVERWRITE: OVERWRITE,
    Technique.NVME_SANITIZE_CRYPTO_ERASE: CRYPTO_ERASE,
}
# Secure Erase Settings of Format NVM.
FORMAT_SETTINGS = {
    Technique.NVME_FORMAT_USER_DATA_ERASE: 1,
    Technique.NVME_FORMAT_CRYPTO_ERASE: 2,
}
_ERASED_OR_UNMAPPED = ("00", "ff")


def keeps_blocks(drive: NvmeDrive, action: int) -> bool:
    """Whether a sanitize is to leave the blocks allocated, so that the read-back reads the medium and not an empty map.

    Only an overwrite, and only where the drive says that nothing else is changed afterwards: an erased or re-keyed block
    that is still mapped may answer with a read error (NVMe Base 2.0, No-Deallocate Modifies Media After Sanitize), and a
    drive that inhibits it may refuse the whole command.
    """
    return action == OVERWRITE and drive.controller.leaves_what_it_overwrote


def sanitize_offers(drive: NvmeDrive, log: SanitizeLog) -> tuple[TechniqueOffer, ...]:
    """The Sanitize actions of SANICAP, the drive's own order of preference left aside: block erase, overwrite, crypto erase."""
    by_action = {action: technique for technique, action in SANITIZE_ACTIONS.items()}
    return tuple(_sanitize(drive, log, action, by_action[action]) for action in drive.controller.sanitize_actions)


def _sanitize(drive: NvmeDrive, log: SanitizeLog, action: int, technique: Technique) -> TechniqueOffer:
    keeps = keeps_blocks(drive, action)
    remarks = [] if keeps else ["deallocates: what is read back afterwards comes from the map, not from the medium"]
    return TechniqueOffer(
        technique=technique,
        minutes=log.minutes(action, deallocate=not keeps),
        erased_hex=_erased(action, keeps=keeps),
        remarks=(*remarks, *_not_reached(drive)),
    )


def _erased(action: int, *, keeps: bool) -> tuple[str, ...]:
    if action == CRYPTO_ERASE:
        return ()
    return ("00",) if keeps else _ERASED_OR_UNMAPPED


def format_offers(drive: NvmeDrive) -> tuple[TechniqueOffer, ...]:
    """Format NVM with a secure erase, cryptographic only where FNA says so: QEMU answers "success" without it (drives.md 4)."""
    controller = drive.controller
    if not controller.supports_format:
        return ()
    remarks = (*_format_reach(drive), *_not_reached(drive))
    may_change_key = "the drive may change its key where it would have to erase (NVMe allows it)"
    user_data = TechniqueOffer(
        Technique.NVME_FORMAT_USER_DATA_ERASE,
        erased_hex=_ERASED_OR_UNMAPPED,
        remarks=(may_change_key, *remarks),
    )
    if not controller.formats_crypto:
        return (user_data,)
    return (user_data, TechniqueOffer(Technique.NVME_FORMAT_CRYPTO_ERASE, remarks=remarks))


def _format_reach(drive: NvmeDrive) -> tuple[str, ...]:
    found = []
    if drive.others and not drive.controller.erases_all:
        found.append(f"reaches this namespace alone, not {', '.join(drive.others)}")
    if drive.controller.capacity_unallocated:
        found.append(f"does not reach {drive.controller.capacity_unallocated} bytes that belong to no namespace")
    return tuple(found)


def _not_reached(drive: NvmeDrive) -> tuple[str, ...]:
    return ("does not reach the replay protected memory block",) if drive.controller.rpmb_units else ()


def also_hit(drive: NvmeDrive) -> tuple[str, ...]:
    """The other namespaces that a technique of this drive erases too: all of them by Sanitize, or by a format of all."""
    controller = drive.controller
    hits = bool(controller.sanitize_actions) or (controller.supports_format and controller.erases_all)
    return drive.others if hits else ()
