"""What only people know of a session, as they stated it (NIST SP 800-88r2 4.6 and Appendix C); empty where nobody did."""

from dataclasses import dataclass, field
from enum import StrEnum

from agent.model.json_form import LEFT_OUT


class Destination(StrEnum):
    """Where a medium goes (NIST SP 800-88r1 Appendix G, "media destination")."""

    INTERNAL_REUSE = "internal reuse"
    EXTERNAL_REUSE = "external reuse"
    RECYCLING = "recycling"
    MANUFACTURER = "manufacturer"
    OTHER = "other"


@dataclass(frozen=True)
class Stated:
    """Facts about machine and session that no device tells; no person's name, no donor's name.

    `source` is an opaque reference of the donation ("media source"), `classification` the category of the data before
    (optional in NIST SP 800-88r2 4.6), `property_number` the organisation's own, `contact` and the titles those of an
    office or a role. `validator` is the opaque id of who is to accept the result; an acceptance is signed apart.
    """

    lot: str = field(default="", metadata=LEFT_OUT)
    site: str = field(default="", metadata=LEFT_OUT)
    source: str = field(default="", metadata=LEFT_OUT)
    classification: str = field(default="", metadata=LEFT_OUT)
    property_number: str = field(default="", metadata=LEFT_OUT)
    destination: Destination | None = field(default=None, metadata=LEFT_OUT)
    contact: str = field(default="", metadata=LEFT_OUT)
    operator_title: str = field(default="", metadata=LEFT_OUT)
    validator: str = field(default="", metadata=LEFT_OUT)
    validator_title: str = field(default="", metadata=LEFT_OUT)


NOTHING_STATED = Stated()
