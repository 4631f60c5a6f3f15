"""One pass over every addressable byte, or over the rest of them."""

from agent.engine.blocks import Block, BlockQueue, Report
from agent.engine.buffers import AlignedBuffer
from agent.engine.crew import Crew, Pace
from agent.engine.stream import Stream
from agent.engine.transfer import Transfer


def write_pass(
    size: int, stream: Stream, *, offset: int = 0, name: str, pace: Pace, transfer: Transfer, report: Report
) -> None:
    """Write every byte from `offset` to `size`; `report` is told how far it is, the sectors refused included.

    What was accepted and refused is in `transfer`, whole even where MediaVanished, MediaError or a stop ends the pass.
    """
    queue = BlockQueue([(offset, size - offset)], pace.ladder[0].block_bytes)

    def write(block: Block, room: AlignedBuffer) -> None:
        transfer.block(block.offset, stream.block(block.offset, block.length, room))

    Crew(name, queue, write, pace).run(lambda: report(queue, lambda: transfer.errors.sectors))
