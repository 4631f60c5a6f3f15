"""A medium's cache put on stable storage, without waiting for ever for a medium that hangs in it."""

import threading
from collections.abc import Callable

from agent.engine.crew import TICK_SECONDS, Pace
from agent.engine.transfer import describe
from agent.errors import MediaError


def flush(
    medium_flush: Callable[[], None], number: int, *, name: str, pace: Pace, check: Callable[[], None]
) -> None:
    """Put pass `number` on stable storage; raises MediaError where the medium does not confirm it in time, and what `check` raises.

    A thread that the kernel holds in it is left behind.
    """
    ended, failures = threading.Event(), list[BaseException]()

    def ask() -> None:
        try:
            medium_flush()
        except BaseException as error:  # noqa: BLE001 - raised again below, by whoever waits for it
            failures.append(error)
        finally:
            ended.set()

    began = pace.monotonic()
    threading.Thread(target=ask, name=name, daemon=True).start()
    while not ended.wait(TICK_SECONDS):
        check()
        seconds = pace.monotonic() - began
        if seconds > pace.stall_seconds:
            raise MediaError(f"The medium has not answered for {seconds:.0f} s.")
    for error in failures:
        if not isinstance(error, OSError):
            raise error
        message = f"The medium did not confirm that pass {number} is on stable storage: {describe(error)}."
        raise MediaError(message) from error
