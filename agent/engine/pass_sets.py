"""Which pass set a name means; the sets themselves are agent/model/pass_sets.py, for a verifier asks for them too."""

from agent.errors import UsageError
from agent.model.pass_sets import PASS_SETS
from agent.model.sanitization import PassSet


def find_pass_set(name: str) -> PassSet:
    """The pass set of this name; raises UsageError, which lists those that exist."""
    for pass_set in PASS_SETS:
        if pass_set.name == name:
            return pass_set
    known = ", ".join(p.name for p in PASS_SETS)
    raise UsageError(f"There is no pass set {name!r}.", f"Known are: {known}.")
