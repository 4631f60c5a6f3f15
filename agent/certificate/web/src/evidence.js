// What a record's own numbers support: outcomes and headline derived again; every gap means less than sanitized.

const SANITIZED_OUTCOMES = ["sanitized", "sanitized with exceptions"];
const ENDED_OTHERWISE = new Map([
  ["refused", "refused"],
  ["interrupted", "interrupted"],
  ["unknown", "unknown"],
  ["failed", "failed"],
  ["ready", "not selected"],
]);

function mediumOutcome(drive) {
  if (ENDED_OTHERWISE.has(drive.state)) return ENDED_OTHERWISE.get(drive.state);
  if (!SANITIZED_OUTCOMES.includes(drive.state)) return "interrupted";
  if (!levelIsReached(drive) || !isOneMedium(drive) || !isCoherent(drive)) return "failed";
  if (drive.technique !== "overwrite") return outcomeOfFirmware(drive);
  const outcome = isWrittenInFull(drive) ? outcomeOfReadBack(drive) : "failed";
  // Where the job itself ended with exceptions, evidence without any is not the whole of it.
  return drive.state === "sanitized with exceptions" && outcome === "sanitized" ? "failed" : outcome;
}

function machineHeadline(record) {
  const hidden = record.host.controllers.some((each) => each.driver === "" || each.raid_mode);
  const completed = record.ended === "completed";
  if (record.drives.length === 0 && !hidden && completed) return "NO MEDIUM FOUND";
  if (hidden || record.drives.length === 0 || !completed) return "INCOMPLETE";
  return record.drives.every((drive) => mediumOutcome(drive) === "sanitized") ? "SANITIZED" : "INCOMPLETE";
}

/** certificate, partial certificate or record: what the page may call itself. */
function documentKind(record) {
  if (record.headline === "SANITIZED") return "certificate";
  const some = record.drives.some((drive) => drive.outcome === "sanitized");
  return some && record.ended !== "interrupted" ? "partial certificate" : "record";
}

function levelIsReached(drive) {
  return (
    drive.technique !== null &&
    drive.level_reached !== "none" &&
    rankOf(drive.level_reached) <= rankOf(highestLevel(drive.technique, drive.media_type)) &&
    rankOf(drive.level_reached) >= rankOf(drive.level_required) &&
    drive.hidden_areas.state !== "present" &&
    drive.exclusions.length === 0 &&
    !hidesSomething(drive)
  );
}

function hidesSomething(drive) {
  const after = drive.hidden_areas_after;
  if (after !== null && after.state === "present") return true;
  const hid = drive.preparations.some((step) => step.kind === "hidden areas given back");
  return hid && (after === null || after.state !== "none found");
}

function isOneMedium(drive) {
  const same = (one, other) =>
    ["model", "serial", "wwn", "capacity_bytes", "logical_sector_bytes"].every((name) => one[name] === other[name]);
  return [drive.identity_at_open, drive.identity_at_end].every((seen) => seen !== null && same(seen, drive.identity));
}

function isWrittenInFull(drive) {
  const size = drive.identity.capacity_bytes;
  return (
    size > 0n &&
    drive.passes.length > 0 &&
    drive.passes.every(
      (pass, at) =>
        pass.number === BigInt(at + 1) &&
        pass.bytes_expected === size &&
        pass.bytes_written === size &&
        pass.error_count === 0n,
    )
  );
}

function outcomeOfReadBack(drive) {
  const check = drive.verification;
  const size = drive.identity.capacity_bytes;
  if (check === null || check.of_pass !== BigInt(drive.passes.length) || check.mismatched_sectors !== 0n) return "failed";
  const unreadable = check.unreadable_sectors * drive.identity.logical_sector_bytes;
  const sound =
    coversEnough(check, size) &&
    mayCarryOver(drive, check) &&
    check.bytes_read === check.bytes_matching &&
    check.bytes_read + unreadable === check.bytes_expected &&
    check.bytes_read > 0n &&
    unreadable * 100n <= check.bytes_expected;
  if (!sound) return "failed";
  if (check.unreadable_sectors === 0n) return "sanitized";
  const listed = check.first_unreadable.reduce((sum, each) => sum + each.sector_count, 0n);
  return listed === check.unreadable_sectors ? "sanitized with exceptions" : "failed";
}

/** The whole medium, or as a sample 5 % of it at least (IEEE 2883, Clear). */
function coversEnough(check, size) {
  if (check.kind === "full") return check.bytes_expected === size;
  return check.bytes_expected <= size && size <= check.bytes_expected * 20n;
}

/** What another session wrote is believed only where every byte of it was read back. */
function mayCarryOver(drive, check) {
  const carried = drive.passes.some((pass) => pass.carried_over_bytes !== 0n);
  const sound = drive.passes.every(
    (pass) => 0n <= pass.carried_over_bytes && pass.carried_over_bytes <= pass.bytes_written,
  );
  return sound && carried === (drive.resumed_from !== "") && (!carried || check.kind === "full");
}

/** Outcomes, levels and headline as the evidence supports them. */
function checkEvidence(record) {
  record.drives.forEach((drive, at) => {
    const supported = mediumOutcome(drive);
    const params = { number: at + 1, claimed: drive.outcome, supported, level: drive.level_reached };
    if (drive.outcome !== supported) refuse("contradiction", "evidence-outcome", params);
    if ((drive.level_reached !== "none") !== SANITIZED_OUTCOMES.includes(supported)) {
      refuse("contradiction", "evidence-level", params);
    }
  });
  if (!isOneSession(record)) refuse("contradiction", "evidence-session");
  const supported = machineHeadline(record);
  if (record.headline !== supported) {
    refuse("contradiction", "evidence-headline", { claimed: record.headline, supported });
  }
}

/** The record names the very certificate that signed it. */
function checkIssuer(record, chain) {
  const { organisation, station, certificate_sha256: digest } = record.issuer;
  const leaf = chain.leaf;
  if (organisation !== leaf.organisation || station !== leaf.commonName || digest !== leaf.sha256) {
    refuse("contradiction", "issuer-other");
  }
}

/** Simulated runs are specimens, and specimens belong under a TEST root. */
function checkSpecimen(record, chain) {
  if (record.specimen !== (record.environment === "simulated")) refuse("contradiction", "specimen-contradiction");
  if (record.specimen && !chain.testRoot) refuse("specimen", "specimen-real-root");
}

/** What is true and valid, and yet must be said. */
function contentRemarks(record, chain) {
  const remarks = [];
  if (chain.testRoot) remarks.push(["remark-test-root", {}]);
  if (record.environment !== "live-image") remarks.push(["remark-environment", { environment: record.environment }]);
  if (!record.time.clock_plausible) remarks.push(["remark-clock", { moment: minuteOf(record.time.issued_at) }]);
  const hidden = record.drives.filter(
    (drive) => SANITIZED_OUTCOMES.includes(drive.outcome) && drive.hidden_areas.state === "not examined",
  );
  if (hidden.length > 0) remarks.push(["remark-hidden", { count: hidden.length }]);
  return remarks;
}
