"""The level that a technique reaches on a kind of medium; where sources disagree, the lower (DESIGN D2).

Sources: IEEE 2883-2022 as Seagate's openSeaChest labels its erases, NIST SP 800-88r1 Appendix A (trust.md A2, A4).
"""

from agent.model.drive import MediaType
from agent.model.sanitization import Method, Technique

_T, _NONE, _CLEAR, _PURGE = Technique, Method.NONE, Method.CLEAR, Method.PURGE

# On magnetic disks, on flash.
_LEVELS: dict[Technique, tuple[Method, Method]] = {
    _T.OVERWRITE: (_CLEAR, _CLEAR),
    _T.ATA_SANITIZE_OVERWRITE: (_PURGE, _PURGE),
    _T.ATA_SANITIZE_BLOCK_ERASE: (_NONE, _PURGE),
    # NIST r1: Purge on disks, on flash only Clear, for what becomes of spare cells varies.
    _T.ATA_SECURITY_ERASE_ENHANCED: (_PURGE, _CLEAR),
    _T.ATA_SECURITY_ERASE: (_CLEAR, _CLEAR),
    _T.NVME_SANITIZE_BLOCK_ERASE: (_NONE, _PURGE),
    _T.NVME_SANITIZE_OVERWRITE: (_PURGE, _PURGE),
    # NIST r1 says Purge, IEEE 2883 Clear.
    _T.NVME_FORMAT_USER_DATA_ERASE: (_CLEAR, _CLEAR),
    _T.SCSI_SANITIZE_BLOCK_ERASE: (_NONE, _PURGE),
    _T.SCSI_SANITIZE_OVERWRITE: (_PURGE, _PURGE),
    _T.MMC_SANITIZE: (_NONE, _PURGE),
    _T.MMC_SECURE_ERASE: (_NONE, _PURGE),
}

KEY_CHANGES = frozenset(
    {
        _T.ATA_SANITIZE_CRYPTO_SCRAMBLE,
        _T.NVME_SANITIZE_CRYPTO_ERASE,
        _T.NVME_FORMAT_CRYPTO_ERASE,
        _T.SCSI_SANITIZE_CRYPTO_ERASE,
        _T.OPAL_PSID_REVERT,
    }
)
"""Techniques that only change a key: Purge for models listed with a source, Clear for all others."""

PURGE_SOURCES: frozenset[tuple[Technique, str]] = frozenset()
"""The sources by which a changed key alone is Purge for a model; a record that names any other claims Clear at most."""

LEAVES_ANYTHING = KEY_CHANGES | {_T.ATA_SECURITY_ERASE_ENHANCED}
"""After these the medium may hold noise or a pattern of its maker: that all markers differ is all that can be asked."""

WHOLE_DRIVE = frozenset({_T.NVME_SANITIZE_BLOCK_ERASE, _T.NVME_SANITIZE_OVERWRITE, _T.NVME_SANITIZE_CRYPTO_ERASE})
"""Techniques that erase every namespace, those too that no node leads to (NVMe 2.0, 8.21: the sanitize is of the subsystem)."""


def level_of(technique: Technique, media_type: MediaType, *, purge_source: str = "") -> Method:
    """The level reached on this kind of medium; of an unknown kind the lower of both, on a virtual disk only an overwrite's."""
    if media_type is MediaType.VIRTUAL:
        return _CLEAR if technique is Technique.OVERWRITE else _NONE
    if technique in KEY_CHANGES:
        return _PURGE if (technique, purge_source) in PURGE_SOURCES else _CLEAR
    magnetic, flash = _LEVELS[technique]
    if media_type is MediaType.HARD_DISK:
        return magnetic
    return flash if media_type.is_flash else min(magnetic, flash, key=lambda level: level.rank)
