"""The guest's own program: makes a drive by shell commands, runs `ardoise` on it, says how it ended, switches off.

It runs as the guest's first process, on the image's Python; nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.lab.attach import attach

LAB = Path("/lab")
STICK = Path("/stick")
EVIDENCE = STICK / "evidence"
_POWER_OFF = 0x4321FEDC
# Looking often costs the guest's one processor: only for a moment that is still to come.
_LOOK_SECONDS = 0.001
_WAIT_SECONDS = 0.05


def main() -> None:
    """Do the case; what goes wrong here is the result's problem, never silence."""
    case = json.loads((LAB / "case.json").read_text())
    result: dict[str, Any] = {"runs": [], "problem": ""}
    try:
        mount_stick(case["stick_delay_ms"])
        attach(case["remotes"])
        shell(case["before"], case)
        for number in range(case["runs"]):
            result["runs"].append(carry_out(case, with_moment=number == 0))
        shell(case["after"], case)
        save_stick()
    except BaseException:  # noqa: BLE001 - the first process: it tells the host, then switches off
        result["problem"] = traceback.format_exc()
    written = LAB / "result.new"
    written.write_text(json.dumps(result))
    written.rename(LAB / "result.json")
    os.sync()
    ctypes.CDLL(None).reboot(_POWER_OFF)


def mount_stick(delay_ms: int) -> None:
    """The stick with the image's own options; made at the first start."""
    kind = subprocess.run(
        ["blkid", "-o", "value", "-s", "TYPE", "/dev/ubda"], capture_output=True, text=True, check=False
    )
    if kind.stdout.strip() != "vfat":
        subprocess.run(["mkfs.vfat", "-F", "32", "/dev/ubda"], check=True, capture_output=True)
    subprocess.run(["fsck.fat", "-a", "-w", "/dev/ubda"], check=False, capture_output=True)
    device = "/dev/ubda"
    if delay_ms:
        size = int(Path("/sys/block/ubda/size").read_text())
        table = f"0 {size} delay {device} 0 0 {device} 0 {delay_ms}"
        subprocess.run(["dmsetup", "create", "stick", "--table", table], check=True)
        device = "/dev/mapper/stick"
    options = "rw,sync,nodev,nosuid,noexec,umask=0077,utf8=1,errors=remount-ro"
    subprocess.run(["mount", "-t", "vfat", "-o", options, device, str(STICK)], check=True)
    EVIDENCE.mkdir(exist_ok=True)


def save_stick() -> None:
    """Leave the evidence where the host can read it."""
    shutil.rmtree(LAB / "evidence", ignore_errors=True)
    shutil.copytree(EVIDENCE, LAB / "evidence")
    subprocess.run(["umount", str(STICK)], check=True)


def shell(commands: list[str], case: dict[str, Any], **more: str) -> None:
    """Run shell commands that must succeed; they know NODE."""
    for command in commands:
        environment = {**os.environ, "NODE": case["node"], **more}
        done = subprocess.run(["sh", "-ec", command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command!r} ended with {done.returncode}: {done.stderr}")


def carry_out(case: dict[str, Any], *, with_moment: bool) -> dict[str, Any]:
    """One run of the program, to its end."""
    out, err = LAB / "out", LAB / "err"
    begun = time.monotonic()
    with out.open("w") as told, err.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", case["module"], *case["argv"]],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=said,
        )
        assert process.stdin is not None
        process.stdin.write(case["typed"].encode())
        process.stdin.close()
        met, peak = follow(process, case, with_moment=with_moment)
    return {
        "code": process.returncode,
        "out": out.read_text(errors="replace"),
        "err": err.read_text(errors="replace"),
        "met": met,
        "peak_bytes": peak,
        "seconds": time.monotonic() - begun,
    }


def follow(process: subprocess.Popen[bytes], case: dict[str, Any], *, with_moment: bool) -> tuple[bool, int]:
    """Wait for the end and do at its moment what the case wants; whether the moment came, and the peak of memory in bytes."""
    moment = case["moment"] if with_moment else None
    met, peak, looked = False, 0, 0.0
    counter = Path("/sys/block") / Path(case["node"]).name / "stat"
    before = count(counter, moment) if moment else 0
    while process.poll() is None:
        if moment and not met and count(counter, moment) - before >= moment["sectors"]:
            met = True
            act(moment, process, case)
        if time.monotonic() - looked > 0.2:
            looked, peak = time.monotonic(), max(peak, peak_bytes(process.pid))
        time.sleep(_LOOK_SECONDS if moment and not met else _WAIT_SECONDS)
    return met, peak


def count(counter: Path, moment: dict[str, Any]) -> int:
    """Sectors that went over the drive (Documentation/block/stat.rst); a drive that is gone has moved none."""
    try:
        fields = counter.read_text().split()
    except OSError:
        return 0
    return sum(int(fields[{"read": 2, "written": 6}[way]]) for way in moment["counted"])


def peak_bytes(pid: int) -> int:
    """VmHWM of a process."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def act(moment: dict[str, Any], process: subprocess.Popen[bytes], case: dict[str, Any]) -> None:
    """Do what a moment brings."""
    if moment["paused"]:
        process.send_signal(signal.SIGSTOP)
    if moment["then"] == "freeze":
        # The program asks for nothing more; what the drive had flushed by now is in its log within moments.
        wait_for_log()
    if moment["then"] == "announce at the journal":
        wait_for_journal()
    if moment["then"] in {"freeze", "announce", "announce at the journal"}:
        (LAB / "announced").write_text("")
        while True:
            time.sleep(60)
    shell([moment["then"]], case, PID=str(process.pid))
    process.send_signal(signal.SIGCONT)


def wait_for_journal() -> None:
    """Until the stick has taken one write more: of the several that an entry needs, the others are still to come."""
    counter = Path("/sys/block/ubda/stat")
    before = counter.read_text().split()[4]
    while counter.read_text().split()[4] == before:
        time.sleep(_LOOK_SECONDS)


def wait_for_log() -> None:
    """Until dm-log-writes has written all that was flushed."""
    last, since = "", time.monotonic()
    while time.monotonic() - since < 0.3:
        said = subprocess.run(["dmsetup", "status", "logged"], capture_output=True, text=True, check=True).stdout
        if said != last:
            last, since = said, time.monotonic()
        time.sleep(0.02)


if __name__ == "__main__":
    main()
