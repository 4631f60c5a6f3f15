"""The machine in one line, and what was looked at where it has no drive."""

from textual.content import Content

from agent.model.machine import Battery, MachineInventory
from agent.text import _
from agent.tui.glyphs import fit, screen_text
from agent.workflow.view import Inspection


def machine_line(inventory: MachineInventory, width: int) -> Content:
    """Maker and model, serial, memory, power."""
    name = screen_text(f"{inventory.manufacturer} {inventory.model}".strip(), 50) or _("Machine without a name")
    parts = [f"{_('serial')} {screen_text(inventory.serial, 30)}" if inventory.serial.strip() else ""]
    parts += [
        _("{n} GiB memory").format(n=round(inventory.memory_bytes / 2**30)) if inventory.memory_bytes else "",
        power(inventory.batteries),
    ]
    rest = " · ".join(p for p in parts if p)
    room = max(0, width - len(name) - 3)
    return Content.assemble(
        Content.styled(name, "bold $strong"), Content.styled("   " + fit(rest, room).rstrip(), "$quiet")
    )


def power(batteries: tuple[Battery, ...]) -> str:
    """Mains or battery, in words."""
    if not batteries:
        return _("on mains, no battery")
    first = batteries[0]
    charge = _("battery {n} %").format(n=first.charge_percent) if first.charge_percent is not None else _("battery")
    if first.on_mains is None:
        return charge
    return charge + ", " + (_("on mains") if first.on_mains else _("NOT on mains"))


def looked_at(inspection: Inspection) -> Content:
    """Where a drive was searched for in vain."""
    lines = [
        Content.styled(_("No drive was found in this machine."), "bold $act"),
        Content(""),
        Content.styled(_("What was looked at:"), "$quiet"),
    ]
    lines += [Content(f"  {screen_text(place, 100)}") for place in inspection.inventory.looked_at]
    for controller in inspection.inventory.controllers:
        state = _("RAID mode: drives may be hidden") if controller.raid_mode else ""
        state = state or (
            _("driver {name}").format(name=screen_text(controller.driver))
            if controller.driver
            else _("no driver: drives may be hidden")
        )
        hides = controller.raid_mode or not controller.driver
        line = f"  {screen_text(controller.address)}  {screen_text(controller.description)} · {state}"
        lines.append(Content.styled(line, "bold $act" if hides else ""))
    return Content("\n").join(lines)
