// What can't be true together in a record that claims a sanitized medium. Wall-clock times are never weighed.

const FASTEST_BYTES_PER_MS = 128_000_000n;
const GRACE_MS = 1000n;
const SEED = /^[0-9a-f]{32,}$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;

// The buses on which a drive takes a technique, by how its name begins; an overwrite goes everywhere.
const TECHNIQUE_BUSES = new Map([
  ["ata ", ["SATA", "PATA"]],
  ["nvme", ["NVMe"]],
  ["scsi", ["SAS", "SCSI"]],
  ["mmc ", ["MMC"]],
  ["opal", ["SATA", "NVMe"]],
]);
const TAKES_NOTHING = ["locked by a password", "locked by Opal", "a sanitize is running"];
const WHOLE_DRIVE = ["nvme sanitize block erase", "nvme sanitize overwrite", "nvme sanitize crypto erase"];

/** Whether this medium's evidence can be that of a sanitized one. */
function isCoherent(drive) {
  return (
    hasGeometry(drive) &&
    hidesNothing(drive) &&
    isReachable(drive) &&
    fitsTechnique(drive) &&
    fitsPasses(drive) &&
    fitsReadBack(drive) &&
    tookItsTime(drive) &&
    drive.preparations.every((step) =>
      ["model", "serial", "wwn"].every((name) => step.identity[name] === drive.identity[name]),
    )
  );
}

/** Whether the parts of a record can belong to one session. */
function isOneSession(record) {
  const nodes = new Set(record.drives.map((drive) => drive.node));
  const { sequence, previous_record_sha256: previous } = record.station_link;
  const first = sequence === 1n;
  return (
    nodes.size === record.drives.length &&
    sequence >= 1n &&
    first === (previous === "") &&
    (first || SHA256_HEX.test(previous)) &&
    record.drives.every((drive) => fitsPolicy(record, drive))
  );
}

function readBacks(attempts) {
  return attempts.map((tried) => tried.read_back).filter((check) => check !== null);
}

function checksOf(drive, attempts) {
  return [...(drive.verification === null ? [] : [drive.verification]), ...readBacks(attempts)];
}

function fitsPolicy(record, drive) {
  const { policy } = record;
  if (drive.level_required !== policy.required) return false;
  if (drive.level_reached === "none") return true;
  const sampled = checksOf(drive, drive.attempts.slice(-1)).some((check) => check.kind === "sampled");
  const pastCache = [...drive.passes, ...checksOf(drive, drive.attempts)].every((each) => each.direct_io);
  return (
    ["auto", drive.technique].includes(policy.technique) &&
    drive.pass_set === policy.pass_set &&
    (policy.verification === "sampled" || !sampled) &&
    drive.resumed_from !== record.record_id &&
    (record.environment === "simulated" || pastCache)
  );
}

function hasGeometry(drive) {
  const { capacity_bytes: size, logical_sector_bytes: sector } = drive.identity;
  const sound = size > 0n && sector > 0n && sector % 512n === 0n && size % sector === 0n;
  return sound && rankOf(drive.level_reached) <= rankOf(drive.level_planned);
}

function hidesNothing(drive) {
  const shownSectors = drive.identity.capacity_bytes / drive.identity.logical_sector_bytes;
  for (const areas of [drive.hidden_areas, drive.hidden_areas_after]) {
    if (areas === null) continue;
    const counts = [areas.accessible_sectors, areas.native_sectors];
    if (counts.some((count) => count !== null && count !== shownSectors)) return false;
  }
  return drive.hidden_areas.state !== "not applicable" || !["SATA", "PATA"].includes(drive.bus);
}

/** Whether the drive, as it was found, took anything, and has no part that only an erase of the whole drive reaches. */
function isReachable(drive) {
  const reading = drive.firmware_before;
  if (reading === null) return true;
  if (reading.obstacles.some((found) => TAKES_NOTHING.includes(found.obstacle))) return false;
  return reading.unreached.length === 0 || WHOLE_DRIVE.includes(drive.technique);
}

function fitsTechnique(drive) {
  const { technique, bus, media_type: medium } = drive;
  if (technique === null) return false;
  const buses = TECHNIQUE_BUSES.get(technique.slice(0, 4));
  if (buses !== undefined && !buses.includes(bus)) return false;
  if (medium === "magnetic hard disk drive" && ["NVMe", "MMC"].includes(bus)) return false;
  if (medium === "solid-state drive" && drive.rotation_rpm !== null && drive.rotation_rpm !== 0n) return false;
  const unclear = (tried) => tried.outcome === "started but not confirmable" || tried.technique === "overwrite";
  return technique !== "overwrite" || !drive.attempts.some(unclear);
}

function fitsPasses(drive) {
  if (drive.technique !== "overwrite") return drive.resumed_from === "";
  if (!isPassSet(drive.pass_set, drive.passes)) return false;
  for (const pass of drive.passes) {
    const committed = SHA256_HEX.test(pass.key_sha256);
    if (committed !== (pass.spec.kind === "random") || (!committed && pass.key_sha256 !== "")) return false;
    if (pass.first_errors.length > 0) return false;
  }
  const begun = drive.passes.findIndex((pass) => pass.carried_over_bytes !== pass.bytes_written);
  return begun < 0 || drive.passes.slice(begun + 1).every((pass) => pass.carried_over_bytes === 0n);
}

function fitsReadBack(drive) {
  const seeded = checksOf(drive, drive.attempts.slice(-1)).every(
    ({ kind, sample_seed: seed }) => (kind === "sampled") === (seed !== "") && (seed === "" || SEED.test(seed)),
  );
  const check = drive.verification;
  if (!seeded || check === null) return seeded;
  const counts = [check.bytes_expected, check.bytes_read, check.bytes_matching, check.unreadable_sectors];
  const sector = drive.identity.logical_sector_bytes;
  if (counts.some((count) => count < 0n) || check.bytes_expected % sector !== 0n) return false;
  if (check.first_mismatches.length > 0) return false;
  return areListed(check.first_unreadable, check.unreadable_sectors, drive.identity.capacity_bytes / sector);
}

/** Whether the ranges lie on the medium, in order, none twice, and not more than were counted. */
function areListed(ranges, total, sectors) {
  let end = 0n;
  let count = 0n;
  for (const each of ranges) {
    if (each.sector_count <= 0n || each.lba < end) return false;
    end = each.lba + each.sector_count;
    count += each.sector_count;
  }
  return end <= sectors && count <= total;
}

function tookItsTime(drive) {
  const timed = drive.passes.map((pass) => [pass.bytes_written - pass.carried_over_bytes, pass.duration_ms]);
  timed.push(...checksOf(drive, drive.attempts).map((check) => [check.bytes_read, check.duration_ms]));
  if (timed.some(([moved, took]) => took < 0n || moved > (took + GRACE_MS) * FASTEST_BYTES_PER_MS)) return false;
  if ([drive, ...drive.attempts, ...drive.pauses].some((each) => each.duration_ms < 0n)) return false;
  // What was carried over took its time in another session.
  let own = drive.verification === null ? 0n : drive.verification.duration_ms;
  for (const pass of drive.passes) if (pass.carried_over_bytes === 0n) own += pass.duration_ms;
  return own <= drive.duration_ms + GRACE_MS;
}
