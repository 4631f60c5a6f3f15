"""The power source as the kernel tells it (Documentation/ABI/testing/sysfs-class-power)."""

from pathlib import Path

from agent.host.sysfs import Roots, entry_names, read_int, read_text
from agent.model.power import PowerReading, PowerSource

_MAINS_TYPES = frozenset({"Mains", "USB", "Wireless"})


def power_supplies(roots: Roots) -> list[Path]:
    """The folders of all power supplies."""
    folder = roots.sys / "class/power_supply"
    return [folder / name for name in entry_names(folder)]


def own_batteries(supplies: list[Path]) -> list[Path]:
    """The machine's own batteries; those of mice and keyboards have the scope Device."""
    found = [s for s in supplies if read_text(s / "type") == "Battery" and read_text(s / "scope") != "Device"]
    return [s for s in found if read_text(s / "present") != "0"]


def on_mains(supplies: list[Path]) -> bool | None:
    """Whether a mains adapter feeds the machine; where none is told of, whether a battery discharges; None if neither is told."""
    adapters = [s for s in supplies if read_text(s / "type") in _MAINS_TYPES and read_text(s / "scope") != "Device"]
    states = [state for state in (read_int(s / "online") for s in adapters) if state is not None]
    if states:
        return any(states)
    # A battery that is full or "not charging" may be so on mains only; one that says nothing of the kind tells nothing.
    told = {read_text(s / "status") for s in own_batteries(supplies)}
    if "Discharging" in told:
        return False
    return True if told & {"Charging", "Full"} else None


def read_power(roots: Roots) -> PowerReading:
    """Source, charge and time left at this moment; what is not told stays unknown."""
    supplies = power_supplies(roots)
    batteries = own_batteries(supplies)
    if not batteries:
        return PowerReading(PowerSource.NO_BATTERY)
    mains = on_mains(supplies)
    source = PowerSource.UNKNOWN if mains is None else PowerSource.MAINS if mains else PowerSource.BATTERY
    left = _minutes(batteries) if source is PowerSource.BATTERY else None
    return PowerReading(source, _charge(batteries), left)


def _charge(batteries: list[Path]) -> int | None:
    """Of several batteries that of the larger stock counts more; where a stock is not told, the emptiest one."""
    stocks = [(_amount(b, "now"), _amount(b, "full")) for b in batteries]
    known = [(now, full) for now, full in stocks if now is not None and full]
    if len(known) == len(batteries):
        return min(100, round(100 * sum(now for now, _full in known) / sum(full for _now, full in known)))
    told = [percent for percent in (read_int(b / "capacity") for b in batteries) if percent is not None]
    sound = [percent for percent in told if 0 <= percent <= 100]
    return min(sound) if len(sound) == len(batteries) else None


def _minutes(batteries: list[Path]) -> int | None:
    """Energy left over power drawn now, of all batteries together: most laptops empty them one after the other."""
    energy = [_amount(b, "now") for b in batteries]
    drawn = [_drawn(b) for b in batteries]
    if None in energy or not any(drawn):
        return None
    return int(60 * sum(e for e in energy if e is not None) / sum(d for d in drawn if d is not None))


def _amount(supply: Path, which: str) -> float | None:
    """Energy in Wh; of firmware that counts charge, charge times the voltage that the battery was designed for."""
    energy = read_int(supply / f"energy_{which}")
    if energy is not None and energy >= 0:
        return energy / 1e6
    charge, volts = read_int(supply / f"charge_{which}"), _volts(supply)
    return charge * volts / 1e6 if charge is not None and charge >= 0 and volts else None


def _drawn(supply: Path) -> float | None:
    """Power in W; some firmware gives it a sign."""
    power = read_int(supply / "power_now")
    if power is not None:
        return abs(power) / 1e6
    current, volts = read_int(supply / "current_now"), _volts(supply)
    return abs(current) * volts / 1e6 if current is not None and volts else None


def _volts(supply: Path) -> float | None:
    told = read_int(supply / "voltage_min_design") or read_int(supply / "voltage_now")
    return told / 1e6 if told and told > 0 else None
