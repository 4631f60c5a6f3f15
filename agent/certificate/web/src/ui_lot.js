// A lot beside the certificates that were given at the same time: which of its records are here and valid, and which are not.

const MOST_UNPROVEN = 20;

/** Notes for each lot what the records given with it prove; a lot that says something else of one is refused. */
function compareLots(results) {
  const reports = results.map(({ report }) => report);
  if (!reports.some((report) => report.steps.some((step) => step.name === "evidence"))) return;
  const valid = reports.filter((report) => report.valid && report.record !== null && !report.mismatch);
  const records = new Map(valid.map((report) => [report.digest, report.record]));
  for (const report of reports) {
    if (!report.valid || report.statement?.kind.name !== "lot") continue;
    const { entries } = report.statement.statement;
    const [here, unproven] = [true, false].map((wanted) => entries.filter((entry) => records.has(entry.record_sha256) === wanted));
    report.together = { matched: here.length, total: entries.length, unproven };
    if (!here.every((entry) => saysTheSame(entry, records.get(entry.record_sha256)))) report.mismatch = "mismatch-lot";
  }
}

/** Whether an entry of a lot says of its record what the record says. */
function saysTheSame(entry, record) {
  const { media, ...facts } = factsOf(record);
  const holds = (said, known) => Object.entries(known).every(([name, value]) => said[name] === value);
  return holds(entry, facts) && entry.media.length === media.length && media.every((known, at) => holds(entry.media[at], known));
}

/** What a lot says of a record, as the program takes it from the record (agent/workflow/lot_entries.py). */
function factsOf({ record_id, issuer, station_link: link, time, operator, headline, host, ended, drives }) {
  const hidden = host.controllers.some((controller) => controller.driver === "" || controller.raid_mode);
  return {
    record_id,
    station: issuer.station,
    sequence: link.sequence,
    issued_at: time.issued_at,
    clock_plausible: time.clock_plausible,
    operator: operator.id,
    headline,
    whole: !hidden && ended === "completed",
    manufacturer: host.manufacturer,
    model: host.model,
    serial: host.serial,
    asset_tag: host.asset_tag,
    media: drives.map(({ identity, media_type, outcome, level_reached }) => ({
      model: identity.model,
      // A bridge says its own number for whatever disk is plugged in.
      serial: identity.serial_source === "bridge" ? "" : identity.serial,
      wwn: identity.wwn,
      capacity_bytes: identity.capacity_bytes,
      media_type,
      outcome,
      level_reached,
    })),
  };
}

function isPartlyUnproven(report) {
  return (report.together?.unproven.length ?? 0) > 0;
}

function togetherParts({ together }) {
  if (together === undefined) return [element("p", { text: say("lot-alone") })];
  const parts = [
    element("h4", { text: say("lot-together") }),
    element("p", { text: say("lot-matched", { count: together.matched, total: together.total }) }),
  ];
  if (together.unproven.length === 0) return parts;
  const names = together.unproven.slice(0, MOST_UNPROVEN).map((entry) => {
    const known = [entry.serial, entry.asset_tag].map(oneLine).filter(Boolean);
    return [...known, `SHA-256 ${entry.record_sha256}`].join(" · ");
  });
  const more = together.unproven.length - names.length;
  if (more > 0) names.push(say("more-exceptions", { count: more }));
  return [...parts, element("p", { text: say("lot-unproven") }), list(names)];
}
