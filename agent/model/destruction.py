"""A medium that was destroyed, or only damaged (NIST SP 800-88r2 3.1.3: Destroy)."""

from dataclasses import dataclass
from enum import StrEnum

from agent.model.statement import Statement

DESTRUCTION_SCHEMA = "ardoise-destruction/1"


class DestructionTechnique(StrEnum):
    """How a medium was destroyed; the first five are the techniques of Destroy (NIST SP 800-88r1 2.5, table 5-1)."""

    SHRED = "shred"
    DISINTEGRATE = "disintegrate"
    PULVERIZE = "pulverize"
    MELT = "melt"
    INCINERATE = "incinerate"
    DRILL = "drill"
    CUT = "cut"
    BEND = "bend"

    @property
    def reaches(self) -> "DestructionResult":
        """What may be claimed for it: a hole, a cut or a bend leaves parts that a laboratory can read."""
        damages = {DestructionTechnique.DRILL, DestructionTechnique.CUT, DestructionTechnique.BEND}
        return DestructionResult.DAMAGED if self in damages else DestructionResult.DESTROY


class DestructionResult(StrEnum):
    """The method reached: Destroy, or less than that."""

    DESTROY = "destroy"
    DAMAGED = "damaged only"


@dataclass(frozen=True)
class DestroyedMedium:
    """Which medium; `capacity_bytes` is None where only a label was read, `record_sha256` names the record of its failure."""

    model: str
    serial: str
    wwn: str
    capacity_bytes: int | None
    media_type: str
    machine_model: str
    machine_serial: str
    record_sha256: str


@dataclass(frozen=True)
class DestructionRecord(Statement):
    """How, by whom, before which witness, when and where; persons as opaque ids, `destroyed_on` an ISO date."""

    medium: DestroyedMedium
    technique: DestructionTechnique
    result: DestructionResult
    particle_mm: int | None
    tool: str
    destroyed_on: str
    place: str
    operator: str
    witness: str
    reason: str
    photo_sha256: tuple[str, ...]
