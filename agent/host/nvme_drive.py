"""One NVMe namespace as identified through its own node, and the check that the node still leads to it."""

from dataclasses import dataclass

from agent.errors import IdentityChanged
from agent.host.nvme_ask import ask_controller, ask_namespace, ask_namespace_ids
from agent.host.nvme_structures import NvmeController, NvmeNamespace
from agent.host.nvme_topology import NvmePlace, find_place
from agent.host.sysfs import Roots, node_of
from agent.host.unused import refuse_if_used


@dataclass(frozen=True)
class NvmeDrive:
    """What was read; `others` names the subsystem's other namespaces, those that are attached to nothing included."""

    node: str
    roots: Roots
    place: NvmePlace
    controller: NvmeController
    namespace: NvmeNamespace
    others: tuple[str, ...]

    def still_there(self) -> NvmePlace:
        """Where the node leads now, by the kernel's word alone; raises MediaVanished, IdentityChanged."""
        place = find_place(self.roots, self.node)
        if (place.serial, place.nsid) != (self.place.serial, self.place.nsid):
            raise IdentityChanged(f"{self.node} leads to another drive now.", "List the drives again.")
        return place

    def answering(self) -> NvmePlace:
        """The same, and both nodes answer for this very drive: the kernel asked once, when it found the controller.

        Raises also ToolMissing, ToolFailed.
        """
        place = self.still_there()
        for node in (self.node, place.controller):
            if not ask_controller(node).same_drive(self.controller):
                raise IdentityChanged(f"{node} answers for another drive.", "List the drives again.")
        return place

    def ready(self, *, with_others: bool) -> NvmePlace:
        """Ask the controller that will be given the command who it is, and the kernel who uses what it erases.

        Raises MediaVanished, IdentityChanged, MediaBusy, ToolMissing, ToolFailed.
        """
        place = self.answering()
        siblings = tuple(name for name, _ in place.others) if with_others else ()
        refuse_if_used(self.roots, (place.name, *siblings))
        return place


def identify_nvme(node: str, roots: Roots) -> NvmeDrive:
    """Identify a namespace through its node; raises MediaVanished, IdentityChanged, ToolMissing, ToolFailed."""
    place = find_place(roots, node)
    controller = ask_controller(node)
    if controller.serial != place.serial:
        raise IdentityChanged(f"{node} answers for another drive than the kernel lists.", "List the drives again.")
    return NvmeDrive(
        node=node,
        roots=roots,
        place=place,
        controller=controller,
        namespace=ask_namespace(node, place.nsid),
        others=_others(node, place, controller),
    )


def _others(node: str, place: NvmePlace, controller: NvmeController) -> tuple[str, ...]:
    """The nodes of the other namespaces, then the numbers of those without one."""
    listed: tuple[int, ...] = ()
    # Identifiers go up to NN: where it is 1 there is nothing to ask, and drives before revision 1.1 know no list.
    if controller.namespaces_most != 1:
        listed = ask_namespace_ids(node, unattached=controller.manages_namespaces)
    seen = {place.nsid, *(nsid for _, nsid in place.others)}
    nodes = tuple(node_of(name) for name, _ in place.others)
    return (*nodes, *(f"namespace {nsid} (no node)" for nsid in listed if nsid not in seen))
