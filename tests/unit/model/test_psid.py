"""A PSID as people type it, and that nothing but `reveal` shows it."""

import copy
import pickle

import pytest

from agent.errors import Refused
from agent.host.psid_store import PsidStore
from agent.model.psid import Psid, plain_psid
from tests.unit.engine.fakes import make_identity

TYPED = "abcd efgh-2345 6789\tjklm npqr-2345-6789\n"
PLAIN = "ABCDEFGH23456789JKLMNPQR23456789"


def test_blanks_and_hyphens_are_left_out() -> None:
    assert Psid(TYPED).reveal() == plain_psid(TYPED) == PLAIN


@pytest.mark.parametrize("typed", ["", PLAIN[:-1], PLAIN + "A", PLAIN[:-1] + "!", PLAIN[:-1] + "É"])
def test_what_is_no_psid_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        Psid(typed)
    assert not typed or typed not in str(caught.value)


def test_it_shows_in_no_text_and_leaves_no_memory() -> None:
    psid = Psid(PLAIN)
    assert PLAIN not in f"{psid} {psid!r} {[psid]} { ({'a': psid}) }"
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(psid)


def test_it_is_kept_for_one_drive_only() -> None:
    store, mine, other = PsidStore(), make_identity(serial="S-1"), make_identity(serial="S-2")
    store.keep(mine, Psid(PLAIN))
    assert store.of(other) is None
    assert store.of(make_identity(4 << 20, serial="S-1")) is None
    kept = store.of(mine)
    assert kept is not None
    assert kept.reveal() == PLAIN
    assert PLAIN not in repr(store)
    store.keep(mine, Psid("B" * 32))
    assert store.of(mine).reveal() == "B" * 32  # type: ignore[union-attr]
    store.keep(mine, None)
    assert store.of(mine) is None
