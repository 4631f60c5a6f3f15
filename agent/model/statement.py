"""What every signed statement begins with: lots, intake receipts, destruction records, acceptances."""

from dataclasses import dataclass
from datetime import datetime

from agent.model.language import Language
from agent.model.record import Issuer


@dataclass(frozen=True)
class Statement:
    """The head of a statement; `specimen` where it was signed under a throw-away TEST root.

    `issued_at` is what the station's clock claims. `salt` (128 bits) keeps a digest from being guessed.
    """

    schema: str
    statement_id: str
    salt: str
    issuer: Issuer
    specimen: bool
    language: Language
    issued_at: datetime
