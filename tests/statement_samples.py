"""Statements for tests and pictures: constructed lots with everything that a lot can hold."""

import hashlib
from dataclasses import replace

from agent.certificate.record import encode_record
from agent.model.acceptance import Decision
from agent.model.destruction import (
    DESTRUCTION_SCHEMA,
    DestroyedMedium,
    DestructionRecord,
    DestructionTechnique,
)
from agent.model.intake import INTAKE_SCHEMA, IntakeMachine, IntakeReceipt
from agent.model.language import Language
from agent.model.lot import (
    LOT_SCHEMA,
    Lot,
    LotAcceptance,
    LotDestruction,
    LotEntry,
    LotIntake,
    LotPolicy,
)
from agent.model.lot_rules import conclude
from agent.model.record import Record
from agent.model.sanitization import Method
from agent.workflow.lot_entries import entry_of
from tests.samples import AT, Pki, sample_record

POLICY = LotPolicy(Method.CLEAR, acceptance_required=True, acceptor_may_be_operator=False)


def head(pki: Pki, language: Language = Language.ENGLISH, number: int = 1) -> dict:
    """What every statement begins with, always the same for the same number."""
    return {
        "statement_id": f"019aa{number:03x}-5e00-7abc-8def-0123456789cd",
        "salt": hashlib.sha256(f"statement {number}".encode()).hexdigest()[:32],
        "issuer": pki.station.issuer,
        "specimen": pki.station.is_test,
        "language": language,
        "issued_at": AT,
    }


def intake(pki: Pki, language: Language = Language.ENGLISH) -> IntakeReceipt:
    """Four machines, with accents and a long name."""
    machines = (
        IntakeMachine("CD35-00412", "PF1ABCDE", "laptop", "LENOVO", "ThinkPad T480s", "good", ""),
        IntakeMachine("CD35-00413", "S3VER042", "server", "Dell Inc.", "PowerEdge R730xd", "rack rails missing", ""),
        IntakeMachine("CD35-00499", "NEVER-SEEN", "tablet", "Microsoft Corporation", "Surface Pro 7", "", "sans chargeur"),
        IntakeMachine("", "5CG" + "9" * 40, "laptop", "Hewlett-Packard Entwicklungsgesellschaft", "EliteBook 840 G5 Healthcare Edition", "Gehäuse außen zerkratzt, Akku aufgebläht", ""),
    )  # fmt: skip
    return IntakeReceipt(
        schema=INTAKE_SCHEMA,
        **head(pki, language, 2),
        lot="2026-0042 Hôpital de Brest",
        donor_reference="don-2026-117",
        source="Centre hospitalier, bâtiment Ouest",
        place="Brest, quai n° 3",
        handed_over_by="p-0311",
        received_by="op-7f3a",
        received_on="2026-11-20",
        remark="2 palettes, 3 Ladegeräte",
        machines=machines,
    )


def destruction(
    pki: Pki,
    language: Language = Language.ENGLISH,
    technique: DestructionTechnique = DestructionTechnique.SHRED,
    record_sha256: str = "ab" * 32,
    serial: str = "ZA1DEAD8",
) -> DestructionRecord:
    """The failed disk of the server."""
    return DestructionRecord(
        schema=DESTRUCTION_SCHEMA,
        **head(pki, language, 3),
        medium=DestroyedMedium(
            "ST4000NM0035-1V4107", serial, "", 4_000_787_030_016, "magnetic hard disk drive", "PowerEdge R730xd", "S3VER042", record_sha256,
        ),
        technique=technique,
        result=technique.reaches,
        particle_mm=6 if technique is DestructionTechnique.SHRED else None,
        tool="Schredder Élan 6",
        destroyed_on="2026-11-21",
        place="Genève, atelier",
        operator="op-7f3a",
        witness="op-c0de",
        reason="write error at LBA 3907018584",
        photo_sha256=("cd" * 32,),
    )  # fmt: skip


def entry(record: Record, **changes: object) -> LotEntry:
    """The entry of a record, without files."""
    digest = hashlib.sha256(encode_record(record)).hexdigest()
    made = entry_of(record, digest, "certificate.pdf", hashlib.sha256(digest.encode()).hexdigest(), "signed")
    return replace(made, **changes)  # type: ignore[arg-type]


def accepted(made: LotEntry, validator: str = "val-12", decision: Decision = Decision.ACCEPT) -> LotEntry:
    """The entry with a decision."""
    return replace(made, acceptance=LotAcceptance("ef" * 32, validator, decision, AT))


def destroyed(done: DestructionRecord) -> LotDestruction:
    """A destruction record as a lot lists it."""
    medium = done.medium
    return LotDestruction(
        "01" * 32, medium.model, medium.serial, medium.machine_serial, medium.record_sha256, done.technique, done.result
    )  # fmt: skip


def make_lot(
    pki: Pki,
    entries: tuple[LotEntry, ...],
    *,
    destructions: tuple[LotDestruction, ...] = (),
    receipt: IntakeReceipt | None = None,
    policy: LotPolicy = POLICY,
    language: Language = Language.ENGLISH,
) -> Lot:
    """A lot that its entries support."""
    announced = None if receipt is None else LotIntake("23" * 32, receipt.machines)
    found = conclude(entries, destructions, announced, policy)
    return Lot(
        schema=LOT_SCHEMA,
        **head(pki, language, 4),
        lot="2026-0042 Hôpital de Brest",
        donor_reference="don-2026-117",
        policy=policy,
        headline=found.headline,
        totals=found.totals,
        exceptions=found.exceptions,
        entries=entries,
        destructions=destructions,
        intake=announced,
    )


def full_lot(pki: Pki, language: Language = Language.ENGLISH) -> Lot:
    """A lot with every kind of exception that its pictures need."""
    records = [
        _at_home(sample_record(kind, issuer=pki.station.issuer, number=number, sequence=number), number)
        for number, kind in enumerate(("laptop", "tablet", "server", "many", "no-drive", "hostile", "excluded"), 1)
    ]
    entries = [entry(record) for record in records]
    made = tuple(accepted(e, "op-7f3a" if n == 2 else "val-12") if n != 3 else e for n, e in enumerate(entries))
    return make_lot(
        pki, made, destructions=(destroyed(destruction(pki)),), receipt=intake(pki, language), language=language
    )


def _at_home(record: Record, number: int) -> Record:
    """The record with a machine of its own, the first and the third as the receipt announced them."""
    serial = {1: "PF1ABCDE", 3: "S3VER042"}.get(number, f"5CG{number:07d}")
    return replace(record, host=replace(record.host, serial=serial, asset_tag=f"CD35-{411 + number:05d}"))


def many_records(pki: Pki, count: int) -> list[Record]:
    """So many laptops, all different."""
    first = sample_record("laptop", issuer=pki.station.issuer)
    drive = first.drives[0]
    made = []
    for number in range(count):
        identity = replace(drive.identity, serial=f"S3TNNX0K{number:06d}")
        own = replace(drive, identity=identity, identity_at_open=identity, identity_at_end=identity)
        made.append(
            replace(
                first,
                record_id=f"019aa{number % 4096:03x}-5e00-7abc-8def-{number:012x}",
                salt=f"{number:032x}",
                station_link=replace(
                    first.station_link, sequence=number + 1, previous_record_sha256="ab" * 32 if number else ""
                ),
                host=replace(first.host, serial=f"PF{number:06d}", asset_tag=f"CD35-{number:05d}"),
                drives=(own,),
            )
        )
    return made
