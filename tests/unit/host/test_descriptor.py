"""A descriptor's number is not given to another file while a thread is still in a call with it."""

import errno
import os
import threading

import pytest

from agent.host.descriptor import Descriptor


def opened(path):
    return Descriptor(os.open(path, os.O_RDWR | os.O_CREAT))


def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_closed_at_once_where_nobody_uses_it(tmp_path):
    held = opened(tmp_path / "a")
    number = held.number
    held.close()
    held.close()
    assert held.number == -1
    assert not is_open(number)
    with pytest.raises(OSError) as error, held.use():
        pass
    assert error.value.errno == errno.EBADF


def test_the_last_user_closes_it_and_nobody_new_begins(tmp_path):
    held = opened(tmp_path / "a")
    number, inside, leave = held.number, threading.Event(), threading.Event()

    def hang():
        with held.use() as used:
            inside.set()
            assert leave.wait(10)
            os.pwrite(used, b"late", 0)

    thread = threading.Thread(target=hang)
    thread.start()
    assert inside.wait(10)
    held.close()
    other = os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    assert other != number
    with pytest.raises(OSError), held.use():
        pass
    leave.set()
    thread.join(10)
    assert not is_open(number)
    assert (tmp_path / "a").read_bytes() == b"late"
    assert (tmp_path / "b").read_bytes() == b""
    os.close(other)
