// The evidence of a drive's own erase: whether it shows that the erase was done.

const MOST_SEEN = 64;
const LEAST_MARKERS = 2000n;
const LEAST_SHARE = 20n;

function outcomeOfFirmware(drive) {
  // What was tried last has to have done it; an overwrite after it would have spoilt what it shows.
  const last = drive.attempts.at(-1);
  const { capacity_bytes: capacity, logical_sector_bytes: sector } = drive.identity;
  const shown =
    last !== undefined &&
    last.technique === drive.technique &&
    drive.passes.length === 0 &&
    drive.verification === null &&
    drive.state === "sanitized" &&
    capacity > 0n &&
    drive.bus !== "USB" &&
    isCompleted(last) &&
    areMarkersGone(last, capacity, sector) &&
    isReadBack(last, capacity) &&
    mayBePurge(drive, last);
  // What can't be confirmed is followed by nothing.
  const earlier = drive.attempts.slice(0, -1).every((tried) => ["nothing running", "done"].includes(tried.outcome));
  return shown && earlier ? "sanitized" : "failed";
}

function isCompleted(tried) {
  const { seen, status_after: after } = tried;
  if (tried.outcome !== "done" || after.state !== "completed" || !isAttributable(tried)) return false;
  if (tried.tools.length === 0 || seen.length === 0) return false;
  return seen.length >= MOST_SEEN || sameStatus(seen.at(-1), after);
}

/** Seen running since, or the drive says other words than before: it may have completed an erase years ago. */
function isAttributable(tried) {
  const { status_before: before, status_after: after } = tried;
  const seenRunning = tried.seen.some((status) => status.state === "running");
  return before.state !== "running" && (seenRunning || before.state !== "completed" || !sameWords(before.raw, after.raw));
}

function sameWords(one, other) {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}

function sameStatus(one, other) {
  return (
    one.state === other.state && one.progress_permille === other.progress_permille && sameWords(one.raw, other.raw)
  );
}

function areMarkersGone(tried, capacity, sector) {
  const check = tried.markers;
  if (check === null || sector <= 0n || !werePlanted(check, sector, capacity)) return false;
  if (LEAVES_ANYTHING.includes(tried.technique) && check.bytes_total * LEAST_SHARE < capacity) return false;
  return check.first_unchanged.length === 0 && check.unreadable === 0n && check.changed === check.planted;
}

function werePlanted(check, sector, capacity) {
  const whole = check.planted * sector === check.bytes_total && check.bytes_total <= capacity;
  // Two places in each of a thousand sections; a small medium is covered by a twentieth of it.
  const few = LEAST_MARKERS * sector;
  const share = capacity / LEAST_SHARE;
  const enough = check.bytes_total >= (few < share ? few : share);
  return check.planted > 0n && check.confirmed === check.planted && whole && enough;
}

function isReadBack(tried, capacity) {
  const check = tried.read_back;
  if (check === null) return LEAVES_ANYTHING.includes(tried.technique);
  const covers =
    check.kind === "full"
      ? check.bytes_expected === capacity
      : check.bytes_expected <= capacity && capacity <= check.bytes_expected * LEAST_SHARE;
  return (
    check.refused_sectors === 0n &&
    check.unreadable_sectors === 0n &&
    areErasedValues(check) &&
    covers &&
    check.bytes_expected === check.bytes_read &&
    check.bytes_read === check.bytes_accepted
  );
}

/** Every value is one of an erased medium ("00: 512"), once, and they add up; nothing is located that was not counted. */
function areErasedValues(check) {
  const found = new Map();
  for (const value of check.values) {
    const match = /^(00|ff): ([0-9]{1,20})$/.exec(value);
    if (match === null || found.has(match[1])) return false;
    found.set(match[1], BigInt(match[2]));
  }
  const sum = [...found.values()].reduce((total, each) => total + each, 0n);
  return sum === check.bytes_accepted && check.first_refused.length === 0 && check.first_unreadable.length === 0;
}

/** Purge by erasing or overwriting is claimed only where all of it was read back. */
function mayBePurge(drive, tried) {
  return drive.level_reached !== "purge" || tried.read_back === null || tried.read_back.kind === "full";
}
