"""One pass over every addressable byte."""

from collections.abc import Callable

from agent.engine.buffers import AlignedBuffer
from agent.engine.stream import BLOCK_BYTES, Stream
from agent.engine.transfer import Transfer


def write_pass(
    size: int,
    stream: Stream,
    buffer: AlignedBuffer,
    *,
    transfer: Transfer,
    report: Callable[[int, int], None],
) -> None:
    """Write `size` bytes from the first to the last; `report` is told the bytes gone over and the sectors refused.

    What was accepted and refused is in `transfer`, whole even where MediaVanished, MediaError or a stop ends the pass.
    """
    for offset in range(0, size, BLOCK_BYTES):
        view = buffer.view[: min(BLOCK_BYTES, size - offset)]
        stream.fill(view, offset)
        transfer.block(offset, view)
        report(offset + len(view), transfer.errors.sectors)
