"""The defects that would let a medium be called sanitized wrongly, each as a change of one place, with the tests that must fail."""

from __future__ import annotations

from dataclasses import dataclass

ENGINE = ("tests/unit/engine",)
OWN = ("tests/unit/engine/test_firmware_erase.py", "tests/unit/engine/test_plans_page.py")
KEYS = ("tests/unit/certificate/test_pki_chain.py", "tests/unit/test_token.py")
LOTS = ("tests/unit/statements",)
LIES = ("tests/unit/certificate/test_lies.py",)
PAUSES = ("tests/unit/engine/test_pause.py", "tests/unit/engine/test_heat.py")


@dataclass(frozen=True)
class Defect:
    """`old` stands in the file exactly once."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ENGINE

    @property
    def needs_root(self) -> bool:
        """Whether only tests on loop devices can see it."""
        return "root" in self.tests


DEFECTS = (
    Defect(
        "pki: any fingerprint enrols",
        "agent/certificate/enrolment.py",
        "    if not hmac.compare_digest(heard.encode(), expected.encode()):\n",
        "    if False:\n",
        KEYS,
    ),
    Defect(
        "pki: a request needs no key of its own",
        "agent/certificate/enrolment.py",
        " or not request.is_signature_valid:\n",
        ":\n",
        KEYS,
    ),
    Defect(
        "pki: a stolen key is revoked under one certificate only",
        "agent/pki_cli/authority.py",
        """    if reason != "key-compromise" or "key_sha256" not in station:\n""",
        "    if True:\n",
        KEYS,
    ),
    Defect(
        "pki: a backup is not read back",
        "agent/pki_cli/backup.py",
        "        _check(target, root, words)\n",
        "",
        KEYS,
    ),
    Defect(
        "pki: a stick takes a certificate of another root",
        "agent/pki_cli/enrol.py",
        "    if present.exists() and present.read_bytes() != root_pem:\n",
        "    if False:\n",
        KEYS,
    ),
    Defect(
        "pki: the doubt's beginning is left out of the CRL",
        "agent/certificate/pki.py",
        "    if revoked.invalid_since is not None:\n",
        "    if False:\n",
        KEYS,
    ),
    Defect(
        "pki: a token's signature keeps the upper S",
        "agent/certificate/cades.py",
        "    return encode_dss_signature(r, min(s, P256_ORDER - s))\n",
        "    return encode_dss_signature(r, s)\n",
        KEYS,
    ),
    Defect(
        "pki: a token's library may lie anywhere",
        "agent/host/token.py",
        "    if not path.is_absolute() or not any(path.is_relative_to(folder) for folder in _LIBRARY_FOLDERS):\n",
        "    if False:\n",
        KEYS,
    ),
    Defect(
        "pki: a crash may write a core file",
        "agent/core_policy.py",
        "    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n",
        "",
        ("tests/e2e/test_secrets.py",),
    ),
    Defect(
        "the comparison finds nothing", "agent/engine/verification.py", "        if wrong:\n", "        if False:\n"
    ),
    Defect(
        "only the first bytes of a random block are compared",
        "agent/engine/stream.py",
        "if got.equals(_NOTHING, 0, min(_ZERO_SHIFT, length)) and got.repeats(_ZERO_SHIFT, length):",
        "if got.equals(_NOTHING, 0, min(_ZERO_SHIFT, length)):",
    ),
    Defect(
        "only a pattern's repetition is compared, not its beginning",
        "agent/engine/stream.py",
        "if got.equals(expected, 0, min(self._shift, length)) and got.repeats(self._shift, length):",
        "if got.repeats(self._shift, length):",
    ),
    Defect(
        "what a read left untouched passes for the pattern",
        "agent/engine/stream.py",
        "        into.poison(length)\n",
        "        pass\n",
    ),
    Defect(
        "the last block is not written",
        "agent/engine/overwrite.py",
        "BlockQueue([(offset, size - offset)]",
        "BlockQueue([(offset, size - offset - min(size - offset, 4096))]",
    ),
    Defect(
        "the last block is not read back",
        "agent/engine/verification.py",
        "BlockQueue(regions,",
        "BlockQueue(tuple(regions[:-1]),",
    ),
    Defect(
        "a block is handed out without its end",
        "agent/engine/blocks.py",
        "block = Block(offset, count, self._claimed)",
        "block = Block(offset, max(512, count - 512), self._claimed)",
    ),
    Defect(
        "an error of the medium is swallowed",
        "agent/engine/transfer.py",
        "            except OSError as error:\n                return done, error\n",
        "            except OSError:\n                return len(view), None\n",
    ),
    Defect(
        "a short count stands for the whole block",
        "agent/engine/transfer.py",
        "            done += whole\n",
        "            done = len(view)\n",
    ),
    Defect(
        "part of a sector counts as moved",
        "agent/engine/transfer.py",
        "whole = count - count % self._sector if 0 < count <= len(view) - done else 0",
        "whole = count if 0 < count <= len(view) - done else 0",
    ),
    Defect(
        "a sector that was refused is not listed",
        "agent/engine/transfer.py",
        "        self.errors.add(offset // self._sector, length // self._sector, describe(error))\n",
        "",
    ),
    Defect(
        "what a worker met is forgotten",
        "agent/engine/crew.py",
        "                self._failure = self._failure or error\n",
        "",
    ),
    Defect(
        "a phase is over when its workers are, whatever is left",
        "agent/engine/crew.py",
        "            done = self._failure is not None or self._queue.done_bytes == self._queue.total_bytes\n",
        "            done = self._started > 0\n",
    ),
    Defect(
        "the drive's cache is not flushed before the read-back",
        "agent/engine/job.py",
        "            self._flush(medium, number)\n",
        "",
    ),
    Defect(
        "the page cache is written to and read from",
        "agent/host/media.py",
        "os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC",
        "os.O_RDWR | os.O_EXCL | os.O_CLOEXEC",
        ("tests/root/test_loop_devices.py", "-m", "root"),
    ),
    Defect(
        "another medium at the end is not noticed",
        "agent/engine/job.py",
        "            check_identity(self.plan.drive, self._identity_at_end, medium)\n",
        "",
    ),
    Defect(
        "a paused worker goes on",
        "agent/engine/gate.py",
        "        while not self._free.wait(_LOOK_SECONDS):\n",
        "        while False:\n",
        PAUSES,
    ),
    Defect(
        "a paused job hears no cancel",
        "agent/engine/gate.py",
        "            check()\n",
        "            pass\n",
        PAUSES,
    ),
    Defect(
        "the time of a pause counts against the drive",
        "agent/engine/gate.py",
        "                self._left_out += self._monotonic() - self._stood_at\n",
        "                self._left_out += 0\n",
        PAUSES,
    ),
    Defect(
        "what is too hot goes on",
        "agent/engine/heat.py",
        "        if heat is not None and heat.celsius >= heat.limit_celsius:\n",
        "        if False:\n",
        PAUSES,
    ),
    Defect(
        "a line of the journal is believed without its digest",
        "agent/engine/journal.py",
        '    if again != line + b"\\n":\n',
        "    if False:\n",
    ),
    Defect(
        "a journal that is played again is trusted: the medium is not asked",
        "agent/engine/carry_over.py",
        "    return not comparison.sectors and reading.moved == region[1]\n",
        "    return True\n",
    ),
    Defect(
        "what was carried over is not read back in full",
        "agent/engine/planning.py",
        "whole = resumption is not None or any(",
        "whole = any(",
    ),
    Defect(
        "a mark is made before the drive has what it says",
        "agent/engine/job.py",
        "            self._flush(to_flush, number)\n        self._last_mark",
        "            pass\n        self._last_mark",
    ),
    Defect(
        "a pass with errors counts as whole after an interruption",
        "agent/engine/resumption.py",
        "if done.number != number or done.error_count or done.bytes_written != size:",
        "if done.number != number:",
    ),
    Defect(
        "keys that are not the journal's are taken",
        "agent/engine/resumption.py",
        "commitment(keys.get(number)) != key",
        "False",
    ),
    Defect(
        "a drive begun anew is gone on with by its older journal",
        "agent/workflow/resuming.py",
        "    return tuple(r for r in found if not _retired_path(journals, record_id, r.job_id).exists())\n",
        "    return found\n",
        ("tests/unit/workflow/test_resuming.py",),
    ),
    Defect(
        "the drive's status word is ignored",
        "agent/engine/firmware_erase.py",
        "        if status.state is CommandState.DONE or status.state is CommandState.FAILED:\n            return\n",
        "        self._after = replace(status, state=CommandState.DONE)\n        return\n",
        OWN,
    ),
    Defect(
        "any sanitize status that is not zero is a completed one",
        "agent/host/nvme_structures.py",
        "        state = _STATES.get(code, CommandState.UNKNOWN)\n",
        "        state = CommandState.DONE if code else CommandState.NEVER\n",
        ("tests/unit/host",),
    ),
    Defect(
        "the read-back after an erase is skipped",
        "agent/model/firmware_evidence.py",
        "return _markers(result, capacity_bytes, sector_bytes) or _read_back(result, capacity_bytes)",
        "return _markers(result, capacity_bytes, sector_bytes)",
        OWN,
    ),
    Defect(
        "the drive is not asked until it has ended",
        "agent/engine/firmware_erase.py",
        "            if status.state is not CommandState.RUNNING:\n                self._judge_status(status)\n                return\n",
        "            self._after = replace(status, state=CommandState.DONE)\n            return\n",
        OWN,
    ),
    Defect(
        "a completion of years ago is taken for this one",
        "agent/model/firmware.py",
        "    return before.state is not CommandState.RUNNING and (\n",
        "    return True or (\n",
        OWN,
    ),
    Defect(
        "markers are not looked at",
        "agent/model/firmware_evidence.py",
        "return _markers(result, capacity_bytes, sector_bytes) or _read_back(result, capacity_bytes)",
        "return _read_back(result, capacity_bytes)",
        OWN,
    ),
    Defect(
        "markers need not have been stored",
        "agent/engine/markers.py",
        "    if comparison.sectors or reading.errors.sectors or reading.moved != total:\n",
        "    if False:\n",
        OWN,
    ),
    Defect(
        "an erase that cannot be confirmed is followed by the next technique",
        "agent/engine/ladder.py",
        "            if result.outcome is CommandOutcome.UNCONFIRMED:\n",
        "            if False:\n",
        OWN,
    ),
    Defect(
        "a changed key is Purge for every model",
        "agent/model/levels.py",
        "return _PURGE if (technique, purge_source) in PURGE_SOURCES else _CLEAR",
        "return _PURGE",
        OWN,
    ),
    Defect(
        "the drive that comes back after its erase is not looked at",
        "agent/engine/firmware_erase.py",
        "            check_identity(self._drive, seen, medium)\n            self._ask.opened(",
        "            self._ask.opened(",
        OWN,
    ),
    Defect(
        "a twin without a serial number of its own is taken for the drive that it replaced",
        "agent/engine/firmware_erase.py",
        "            check_attachment(self._drive, self._sequence, medium)\n",
        "",
        OWN,
    ),
    Defect(
        "what the markers changed in a status makes an old completion a new one",
        "agent/engine/firmware_erase.py",
        "        self._ask_before(command)\n        self._announce(command)\n",
        "        self._announce(command)\n",
        OWN,
    ),
    Defect(
        "blocks are read of a drive at its own erase",
        "agent/host/discover.py",
        " and not takes_no_reads(roots, name, reading)\n",
        "\n",
        ("tests/unit/host/test_discover.py",),
    ),
    Defect(
        "a command that can't be stopped begins on any battery",
        "agent/engine/firmware_erase.py",
        "        if power.verdict is PowerVerdict.REFUSED:\n",
        "        if False:\n",
        ("tests/unit/engine/test_power_policy.py",),
    ),
    Defect(
        "a sleep is judged by the exit code of rtcwake",
        "agent/host/suspend.py",
        "        gained = measured() - before\n",
        "        gained = seconds if tool.code == 0 else 0\n",
        ("tests/unit/host/test_suspend.py",),
    ),
    Defect(
        "an area that is hidden after the erase does not matter",
        "agent/model/preparation.py",
        "    if after is not None and after.state is HiddenAreaState.PRESENT:\n",
        "    if False:\n",
        ("tests/unit/engine/test_hidden_check.py",),
    ),
    Defect(
        "a drive that hid sectors before need not show that it no longer does",
        "agent/model/preparation.py",
        "    if hid and (after is None or after.state is not HiddenAreaState.NONE_FOUND):\n",
        "    if False:\n",
        ("tests/unit/engine/test_hidden_check.py",),
    ),
    Defect(
        "hidden areas are given back on whatever drive is at the node now",
        "agent/host/node_lock.py",
        "        if not (is_same_drive(now, planned) if self._changed else now.same_medium(planned)):\n",
        "        if False:\n",
        ("tests/unit/host/test_before_erase.py",),
    ),
    Defect(
        "a lot takes Clear for the Purge that it asks for",
        "agent/model/lot_rules.py",
        "        return medium.outcome is Outcome.SANITIZED and medium.level_reached.rank >= self.policy.level_required.rank\n",
        "        return medium.outcome is Outcome.SANITIZED\n",
        LOTS,
    ),
    Defect(
        "where two records can't be put in order, the better one decides",
        "agent/model/lot_order.py",
        "    return max(sorted(last or candidates",
        "    return min(sorted(last or candidates",
        LOTS,
    ),
    Defect(
        "a drilled disk counts as destroyed",
        "agent/model/destruction.py",
        "        return DestructionResult.DAMAGED if self in damages else DestructionResult.DESTROY\n",
        "        return DestructionResult.DESTROY\n",
        LOTS,
    ),
    Defect(
        "a machine that never came is not missing",
        "agent/model/lot_rules.py",
        "    exceptions += [_of_announced(machine) for machine in missing]\n",
        "",
        LOTS,
    ),
    Defect(
        "what is not valid in a lot's folder is passed over",
        "agent/lot_cli.py",
        "    _refuse(contents.problems)\n",
        "",
        LOTS,
    ),
    Defect(
        "who erased a machine may accept its result",
        "agent/accept_cli.py",
        "    if args.validator.lower() == record.operator.id.lower() and not args.operator_may_accept:\n",
        "    if False:\n",
        LOTS,
    ),
    Defect(
        "a lot's headline is believed as it was signed",
        "agent/certificate/statement_content.py",
        "    if lot.headline is not supported.headline:\n",
        "    if False:\n",
        LOTS,
    ),
    Defect(
        "a lot's exceptions are believed as they were signed",
        "agent/certificate/statement_content.py",
        "    if lot.exceptions != supported.exceptions:\n",
        "    if False:\n",
        LOTS,
    ),
    Defect(
        "a code's signature is not looked at",
        "agent/certificate/qr.py",
        "        _check_signature(leaf, signature, _to_be_signed(protected, payload))\n",
        "        pass\n",
        LOTS,
    ),
    Defect(
        "the page of a statement may say anything",
        "agent/certificate/verify_statement.py",
        "        missing = missing_words(extract_text(pdf), statement_words(statement, data))\n",
        "        missing: list[str] = []\n",
        LOTS,
    ),
    Defect(
        "a cell of a lot's table may be a formula",
        "agent/workflow/lot_csv.py",
        "[safe_cell(value) for value in _row(lot, entry, medium)]",
        "_row(lot, entry, medium)",
        LOTS,
    ),
    Defect(
        "a pass set's name needs no passes of it",
        "agent/model/coherence.py",
        "    if _SETS.get(drive.pass_set) != tuple(done.spec for done in drive.passes):\n",
        "    if False:\n",
        LIES,
    ),
    Defect(
        "a technique is taken on any bus",
        "agent/model/coherence.py",
        "    if buses is not None and drive.bus not in buses:\n",
        "    if False:\n",
        LIES,
    ),
    Defect(
        "less than the policy asks is enough",
        "agent/model/coherence.py",
        "        if not agree:\n",
        "        if False:\n",
        LIES,
    ),
    Defect(
        "a headline need not be seen",
        "agent/certificate/visible.py",
        "    if all(_is_seen(grey, letter, rim) for letter in word):\n",
        "    if True:\n",
        ("tests/unit/certificate/test_visible.py",),
    ),
    Defect(
        "two records may have one number",
        "agent/certificate/sequence.py",
        "        if len(same) > 1:\n",
        "        if False:\n",
        ("tests/unit/certificate/test_verify_many.py",),
    ),
)
