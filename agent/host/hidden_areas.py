"""Whether an ATA drive hides sectors: HPA and AMA by `hdparm -N`, DCO by `hdparm --dco-identify`.

hdparm ends with 0 when the command was aborted and answers nonsense for disks that are not ATA, so nothing is believed
without valid IDENTIFY data, and `none found` needs a positive answer for each feature that the drive says it has.
"""

import re

from agent.errors import ToolFailed, ToolMissing
from agent.host.run import run
from agent.host.scsi import AtaIdentify
from agent.model.drive import Bus, HiddenAreas, HiddenAreaState

_TIMEOUT_SECONDS = 20.0
_MAX_SECTORS = re.compile(
    r"^ max sectors   = (\d+)/(\d+), (?:HPA is (enabled|disabled)|ACCESSIBLE MAX ADDRESS (enabled|disabled))\s*$",
    re.MULTILINE,
)
_REAL_MAX = re.compile(r"^\tReal max sectors: (\d+)\s*$", re.MULTILINE)
_LOST_SENSE = "bad/missing sense data"

NOT_EXAMINED = HiddenAreas(HiddenAreaState.NOT_EXAMINED)
NOT_APPLICABLE = HiddenAreas(HiddenAreaState.NOT_APPLICABLE)


def read_hidden_areas(node: str, bus: Bus, ata: AtaIdentify | None, sectors: int) -> HiddenAreas:
    """What is known of hidden areas; NOT_EXAMINED where hdparm is absent, fails, or says something that does not add up."""
    if ata is None:
        # A disk on an ATA bus or behind a bridge may be ATA and hide sectors: only its own IDENTIFY data would tell.
        return NOT_EXAMINED if bus in {Bus.SATA, Bus.PATA, Bus.USB} else NOT_APPLICABLE
    if not (ata.hpa_supported or ata.ama_supported or ata.dco_supported):
        return HiddenAreas(HiddenAreaState.NONE_FOUND, accessible_sectors=sectors)
    try:
        native = sectors
        if ata.hpa_supported or ata.ama_supported:
            native = _native(_ask("-N", node), sectors)
        real = _real(_ask("--dco-identify", node)) if ata.dco_supported else native
    except (ToolMissing, ToolFailed, _NotBelievedError):
        return NOT_EXAMINED
    return judge(sectors, native, real)


def native_sectors(node: str, sectors: int) -> int | None:
    """How many sectors the drive has below any DCO, by `hdparm -N`; None where it fails or says something that does not add up."""
    try:
        return _native(_ask("-N", node), sectors)
    except (ToolMissing, ToolFailed, _NotBelievedError):
        return None


def judge(accessible: int, native: int, real: int) -> HiddenAreas:
    """Present when the drive has more sectors than it shows; a drive that claims fewer is not believed."""
    if native < accessible or real < native:
        return NOT_EXAMINED
    state = HiddenAreaState.PRESENT if real > accessible else HiddenAreaState.NONE_FOUND
    return HiddenAreas(state, accessible, real)


class _NotBelievedError(ValueError):
    """hdparm's text contradicts itself or the kernel."""


def _ask(option: str, node: str) -> str:
    done = run(("hdparm", option, node), timeout=_TIMEOUT_SECONDS)
    text = (done.stdout + done.stderr).decode("ascii", "replace")
    if _LOST_SENSE in text:
        raise _NotBelievedError(text)
    return text


def _native(text: str, sectors: int) -> int:
    match = _MAX_SECTORS.search(text)
    if match is None:
        raise _NotBelievedError(text)
    accessible, native = int(match[1]), int(match[2])
    enabled = "enabled" in {match[3], match[4]}
    if accessible != sectors or enabled != (native > accessible):
        raise _NotBelievedError(text)
    return native


def _real(text: str) -> int:
    match = _REAL_MAX.search(text)
    if match is None:
        raise _NotBelievedError(text)
    return int(match[1])
