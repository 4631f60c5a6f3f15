"""Virtual machines that start from the very ISO, as a stick; no accelerator but TCG, which every host has."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.boot.qmp import Monitor

REPOSITORY = Path(__file__).resolve().parents[2]
PLACE = REPOSITORY / "build" / "boot"
IN_TOOLS = str(REPOSITORY / "image" / "in-tools")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\x0f|\r")
_OVMF = "/usr/share/OVMF"


@dataclass
class Machine:
    """A running virtual machine and its outputs: serial line, report port, screen."""

    name: str
    monitor: Monitor
    process: subprocess.Popen[bytes]
    line: Path
    serial: Path
    report: Path
    started: float
    events: dict[str, float] = field(default_factory=dict)

    def wait_for(self, line: str, seconds: float, *, count: int = 1) -> float:
        """Wait until the desk has reported this line (count times); the seconds since power-on."""
        self.wait_until(lambda: self.reported().count(f"ardoise: {line}") >= count, f"report {line!r}", seconds)
        self.events[line] = time.monotonic() - self.started
        return self.events[line]

    def wait_for_serial(self, words: str, seconds: float) -> float:
        """Wait for words on the serial line; the seconds since power-on."""
        self.wait_until(lambda: words in self.serial_text(), f"serial {words!r}", seconds)
        return time.monotonic() - self.started

    def skip_menu(self) -> None:
        """Press Enter at the boot menu, which waits five seconds of a clock that runs slowly in here."""
        if "ardoise: screen" in self.reported():
            return
        self.wait_for_serial("executed automatically", 240)
        self.send("\r")

    def wait_until(self, happened: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for anything; fails with a picture and the end of both lines."""
        until = time.monotonic() + seconds
        while not happened():
            over = self.process.poll() is not None or "ardoise: ended" in self.reported()
            if time.monotonic() > until or over:
                with contextlib.suppress(OSError, ValueError, RuntimeError):
                    self.picture("failed")
                raise AssertionError(
                    f"{self.name}: no {what}\nreport: {self.reported()}\nserial: {self.serial_text()[-2000:]}"
                )
            time.sleep(0.5)

    def pull(self, drive: str = "stick") -> None:
        """Pull a USB stick out."""
        self.monitor.command("device_del", id=drive)
        time.sleep(5)

    def plug(self, drive: str = "stick", serial: str = "STICK0001") -> None:
        """Plug a USB stick in."""
        self.monitor.command("device_add", driver="usb-storage", bus="usb.0", drive=drive, id=drive, serial=serial)

    def reported(self) -> str:
        """Everything that the desk told the report port."""
        return self.report.read_text(errors="replace") if self.report.exists() else ""

    def serial_text(self) -> str:
        """The serial line without escape sequences."""
        return _ESCAPES.sub("", self.serial.read_text(errors="replace")) if self.serial.exists() else ""

    def send(self, text: str, pause: float = 0.3) -> None:
        """Type on the serial line, at a person's pace."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.line))
            for character in text:
                line.sendall(character.encode())
                time.sleep(pause)

    def picture(self, what: str) -> Path:
        """A screendump in build/boot."""
        return self.monitor.picture(PLACE / f"{self.name}-{what}.png")


def stick_from(iso: Path, name: str) -> Path:
    """A stick with this image on it, larger than the image, as sticks are."""
    PLACE.mkdir(parents=True, exist_ok=True)
    stick = PLACE / f"{name}.stick"
    shutil.copyfile(iso, stick)
    os.truncate(stick, stick.stat().st_size + 32 * 1024 * 1024)
    return stick


def inside(path: Path) -> str:
    """The path of a file of the checkout in the tools chroot."""
    return "/src/" + str(path.relative_to(REPOSITORY))


def firmware_options(kind: str, name: str) -> list[str]:
    """QEMU's options for bios, uefi, secure (Secure Boot enforced with Microsoft's keys) or ia32."""
    if kind == "bios":
        return ["-machine", "q35"]
    if kind == "ia32":
        return [
            "-machine",
            "q35",
            "-drive",
            "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd",
            *_variables("OVMF32_VARS_4M.fd", name),
        ]
    variables = _variables("OVMF_VARS_4M.ms.fd" if kind == "secure" else "OVMF_VARS_4M.fd", name)
    return [
        *("-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"),
        *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={_OVMF}/OVMF_CODE_4M.secboot.fd", *variables),
    ]


def _variables(source: str, name: str) -> list[str]:
    copy = PLACE / f"{name}.vars"
    subprocess.run([IN_TOOLS, "cp", f"{_OVMF}/{source}", inside(copy)], check=True)
    return ["-drive", f"if=pflash,format=raw,unit=1,file={inside(copy)}"]


def _stick_options(stick: Path, write_log: Path | None) -> list[str]:
    if write_log is None:
        return ["-blockdev", f"driver=raw,node-name=stick,file.driver=file,file.filename={inside(stick)}"]
    write_log.write_bytes(b"")
    return [
        *("-blockdev", f"driver=raw,node-name=below,file.driver=file,file.filename={inside(stick)}"),
        *("-blockdev", f"driver=file,node-name=log,filename={inside(write_log)}"),
        *("-blockdev", "driver=blklogwrites,node-name=stick,file=below,log=log,log-sector-size=512"),
    ]


@contextlib.contextmanager
def running(
    name: str,
    stick: Path,
    firmware: str = "bios",
    *extra: str,
    memory_mb: int = 2048,
    write_log: Path | None = None,
) -> Iterator[Machine]:
    """Start a machine from a stick; it ends with the block, as in a power cut. `write_log` takes down all that is written to the stick."""
    PLACE.mkdir(parents=True, exist_ok=True)
    control, line, serial, report = (PLACE / f"{name}.{end}" for end in ("qmp", "line", "serial", "report"))
    for path in (control, line, serial, report):
        path.unlink(missing_ok=True)
    command = [
        *(
            *(IN_TOOLS, "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
            *firmware_options(firmware, name),
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
            "-smp",
            "2",
        ),
        *("-m", str(memory_mb), "-nodefaults", "-display", "none", "-vga", "std", "-no-reboot"),
        *("-qmp", f"unix:{inside(control)},server=on,wait=off", "-serial", "chardev:line"),
        *("-chardev", f"socket,id=line,server=on,wait=off,path={inside(line)},logfile={inside(serial)}"),
        *("-device", "virtio-serial-pci", "-chardev", f"file,id=report,path={inside(report)}"),
        *("-device", "virtserialport,chardev=report,name=org.ardoise.report"),
        *("-device", "qemu-xhci,id=usb", *_stick_options(stick, write_log)),
        *("-device", "usb-storage,bus=usb.0,drive=stick,id=stick,serial=STICK0001,bootindex=0", *extra),
    ]
    log = (PLACE / f"{name}.log").open("wb")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    started = time.monotonic()
    monitor = None
    try:
        monitor = Monitor(control)
        yield Machine(name, monitor, process, line, serial, report, started)
    finally:
        if monitor is not None:
            monitor.quit()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()
