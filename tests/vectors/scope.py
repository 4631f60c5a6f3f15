"""What each verifier must say of a vector: `ardoise verify` and verify.html check everything, verify.sh what openssl and poppler can.

The rule: inside its scope a verifier agrees with `ardoise verify`, outside it says "not checked", and never "valid".
"""

from tests.vectors.case import Case

Verdict = dict[str, str | None]

SHELL_STEPS = frozenset(
    {
        "seal form", "seal", "seal chain", "attachments", "signature", "chain", "time stamp", "validity", "revocation",
        "specimen", "log", "same station",
    }
)  # fmt: skip
"""The steps of `ardoise verify` whose failures verify.sh sees too, by the same name."""

SHELL_BLIND: dict[str, str] = {"log-rolled-back": "what the record says of the log is not read"}
"""Vectors that break such a step in a way that openssl and poppler don't see, and why."""

SHELL_ELSEWHERE: dict[str, str] = {"flipped-seal": "seal chain"}
"""Vectors whose defect openssl meets one step later: it signs for the envelope's attributes, not for the certificates beside them."""


def verdicts(case: Case) -> dict[str, Verdict]:
    """The verdict and the failing step, for each verifier."""
    whole: Verdict = {
        "verdict": "valid" if case.failure is None else "invalid",
        "failure": case.failure,
        "step": case.step,
        "degree": case.degree if case.failure is None else None,
    }
    return {"verify": whole, "html": dict(whole), "sh": _shell(case)}


STATEMENT_SHELL_BLIND: dict[str, str] = {
    "destruction-not-marked": "of a record it sees that the machine was simulated; a statement has nothing like that"
}


def statement_verdicts(case: Case) -> dict[str, Verdict]:
    """The same for a statement, which has no degree of proof."""
    whole: Verdict = {
        "verdict": "valid" if case.failure is None else "invalid",
        "failure": case.failure,
        "step": case.step,
    }
    unread: Verdict = {"verdict": "not checked", "step": None}
    seen = case.step is None or (case.step in SHELL_STEPS and case.name not in STATEMENT_SHELL_BLIND)
    shell: Verdict = {"verdict": whole["verdict"], "step": case.step} if seen else unread
    return {"verify": whole, "html": dict(whole), "sh": dict(shell)}


def _shell(case: Case) -> Verdict:
    if case.failure is None:
        return {"verdict": "valid", "step": None}
    if case.step in SHELL_STEPS and case.name not in SHELL_BLIND:
        return {"verdict": "invalid", "step": SHELL_ELSEWHERE.get(case.name, case.step)}
    return {"verdict": "not checked", "step": None}
