// The page of one medium (medium_view.py, before_view.py, problem_view.py): all that the record holds of it.

const MOST_STEPS = 6;
const MOST_RANGES = 12;

function mediumView(record, drive, number, words) {
  const { host } = record;
  const unknown = words.say("not stated");
  const machine = shown(`${host.manufacturer} ${host.model}`) || unknown;
  const done = DONE.includes(drive.outcome);
  const lines = problemLines(drive, words);
  const before = stepFacts(drive, words);
  const plan = drive.plan_reasons.map((text) => words.phrase(shown(text, MOST_TEXT)));
  return {
    number: words.say("medium of", { number, total: record.drives.length }),
    model: shown(drive.identity.model) || unknown,
    serial: [words.say("serial"), shown(drive.identity.serial) || unknown],
    outcome: words.term("Outcome", drive.outcome),
    caution: done ? "" : words.say("medium caution"),
    belongs: words.say("belongs to", { id: record.record_id, machine, serial: shown(host.serial) || unknown }),
    problems: lines.length > 0 ? { heading: words.say("problems"), lines } : {},
    result: { heading: words.say("result"), facts: resultFacts(drive, words) },
    medium: { heading: words.say("medium"), facts: mediumFacts(drive, words) },
    before: before.length > 0 ? { heading: words.say("before"), facts: before } : {},
    hidden: { heading: words.say("hidden"), facts: hiddenFacts(drive, words) },
    passes: passTable(drive, words),
    own_erase: drive.attempts.length > 0 ? { heading: words.say("own erase"), attempts: attemptViews(drive, words) } : {},
    health: healthTable(drive, words),
    plan: plan.length > 0 ? { heading: words.say("plan"), lines: plan } : {},
  };
}

/** How much of the medium was shown to be erased. */
function coverageOf(drive, words) {
  const size = drive.identity.capacity_bytes;
  const own = ownErase(drive);
  return own === null ? words.percent(drive.verification?.bytes_matching ?? 0n, size) : ownCoverage(own, size, words);
}

function resultFacts(drive, words) {
  const { verification: check, identity } = drive;
  const own = ownErase(drive);
  const level = words.term("Method", drive.level_reached);
  const again = [drive.identity_at_open, drive.identity_at_end];
  const same = again.every((each) => each !== null && isSameMedium(each, identity));
  const left = drive.not_covered.map((text) => words.phrase(shown(text, MOST_TEXT))).join("; ");
  const facts = [
    [words.say("level reached"), drive.level_reached === "none" ? level : words.say("nist", { level })],
    [words.say("level required"), words.term("Method", drive.level_required)],
    [words.say("technique"), techniqueWords(drive, words)],
    [words.say("read back"), words.say("of medium", { percent: coverageOf(drive, words) })],
    [words.say("verification"), own === null ? checkWords(check, words) : ownReadBack(own, identity.capacity_bytes, words)],
  ];
  if (check !== null && check.sample_seed !== "") facts.push([words.say("seed"), shown(check.sample_seed)]);
  facts.push(...whenFacts(drive, words), [words.say("identity"), words.say(same ? "same medium" : "not same medium")]);
  if (drive.resumed_from !== "") {
    facts.push([words.say("resumed"), words.say("resumed words", { id: shown(drive.resumed_from, 40) })]);
  }
  return [...facts, [words.say("not covered"), left || words.say("none")]];
}

function isSameMedium(one, other) {
  return ["model", "serial", "wwn", "capacity_bytes", "logical_sector_bytes"].every((name) => one[name] === other[name]);
}

function whenFacts(drive, words) {
  const facts = [];
  if (drive.started_at !== null) facts.push([words.say("begun"), words.moment(drive.started_at)]);
  if (drive.ended_at !== null) facts.push([words.say("ended"), words.moment(drive.ended_at)]);
  if (drive.duration_ms !== 0n) facts.push([words.say("took"), words.duration(drive.duration_ms)]);
  if (drive.pauses.length > 0) {
    const took = words.duration(drive.pauses.reduce((sum, pause) => sum + pause.duration_ms, 0n));
    const reasons = [...new Set(drive.pauses.map((pause) => words.term("PauseReason", pause.reason)))].join(", ");
    facts.push([words.say("paused"), words.say("paused words", { took, reasons })]);
  }
  if (drive.power_at_start !== null || drive.power_at_end !== null) {
    const [start, end] = [drive.power_at_start, drive.power_at_end].map((reading) => powerWords(reading, words));
    facts.push([words.say("power"), words.say("power words", { start, end })]);
  }
  return facts;
}

function powerWords(reading, words) {
  if (reading === null) return words.say("not stated");
  const source = words.term("PowerSource", reading.source);
  if (reading.charge_percent === null) return source;
  return `${source}, ${words.say("charged", { percent: words.number(`${reading.charge_percent} %`) })}`;
}

function techniqueWords(drive, words) {
  if (drive.technique === null) return words.say("none");
  const technique = words.term("Technique", drive.technique);
  if (drive.technique !== "overwrite") return words.say("by itself", { technique });
  return words.say("pass set", { technique, name: words.quoted(shown(drive.pass_set)) });
}

function checkWords(check, words) {
  if (check === null) return words.say("none");
  const text = words.say("check words", {
    kind: words.term("VerificationKind", check.kind),
    expected: words.bytes(check.bytes_expected),
    read: words.bytes(check.bytes_read),
    same: words.bytes(check.bytes_matching),
    took: words.duration(check.duration_ms),
  });
  return check.direct_io ? text : `${text}, ${words.say("buffered")}`;
}

function mediumFacts(drive, words) {
  const { identity } = drive;
  const unknown = words.say("not stated");
  const kind = [words.named("MediaType", shown(drive.media_type)), words.named("Bus", shown(drive.bus))];
  // Nobody told how fast it turns, or it does not.
  if (drive.rotation_rpm) kind.push(words.say("rotation", { rpm: words.grouped(drive.rotation_rpm) }));
  kind.push(...["soldered", "removable"].filter((key) => drive[key]).map((key) => words.say(key)));
  const bay = drive.bay === "" ? "" : `, ${words.say("bay", { bay: shown(drive.bay) })}`;
  const capacity = { capacity: words.capacity(identity.capacity_bytes), bytes: words.bytes(identity.capacity_bytes) };
  const sectors = { logical: words.bytes(identity.logical_sector_bytes), physical: words.bytes(identity.physical_sector_bytes) };
  return [
    [words.say("kind"), kind.filter((part) => part !== "").join(", ")],
    [words.say("serial"), words.term("SerialSource", identity.serial_source)],
    [words.say("capacity"), words.say("bytes", capacity)],
    [words.say("sectors"), words.say("sector sizes", sectors)],
    [words.say("firmware"), shown(identity.firmware) || unknown],
    [words.say("wwn"), shown(identity.wwn) || unknown],
    [words.say("node"), shown(drive.node) + bay],
    [words.say("condition"), conditionWords(drive, words)],
    [words.say("contents"), drive.signatures_before.map((each) => shown(each, 32)).join(", ") || words.say("none")],
  ];
}

function passTable(drive, words) {
  if (drive.passes.length === 0) return {};
  const head = ["pass", "pattern", "expected", "written", "verified", "errors", "duration"];
  return {
    heading: words.say("passes"),
    head: head.map((key) => words.say(key)),
    rows: drive.passes.map((done) => passRow(done, drive.verification, words)),
    notes: drive.passes.flatMap((done) => {
      const what = `${words.say("pass")} ${done.number}`;
      return passNotes(done, words).map((reason) => words.say("with reason", { what, reason }));
    }),
  };
}

function passRow(done, check, words) {
  const { kind, pattern_hex: hex } = done.spec;
  const random = kind === "random";
  return [
    String(done.number),
    random ? words.say("random", { generator: PAGE_WORDS.generator }) : words.say("repeated", { hex: shown(hex, 32) }),
    words.grouped(done.bytes_expected),
    words.grouped(done.bytes_written),
    check !== null && check.of_pass === done.number ? words.grouped(check.bytes_matching) : "\u2013",
    words.grouped(done.error_count),
    words.duration(done.duration_ms),
  ];
}

function passNotes(done, words) {
  const notes = [];
  if (done.carried_over_bytes !== 0n) notes.push(words.say("carried over", { bytes: words.bytes(done.carried_over_bytes) }));
  if (!done.direct_io) notes.push(words.say("buffered"));
  return notes;
}

/** What was done before the erase, the newest last; how many there were where not all are shown. */
function stepFacts(drive, words) {
  const steps = drive.preparations;
  const count = steps.length - MOST_STEPS;
  const facts = count > 0 ? [["\u2026", words.say("more", { count })]] : [];
  return [...facts, ...steps.slice(Math.max(0, count)).map((step) => [words.moment(step.at), stepWords(step, words)])];
}

function stepWords(step, words) {
  const kind = words.term("PreparationKind", step.kind);
  const outcome = words.term("PreparationOutcome", step.outcome);
  if (step.kind !== "hidden areas given back") return words.say("step plain", { kind, outcome });
  return words.say("step words", { kind, hidden: hiddenSectors(step.hidden_before, words), outcome });
}

function hiddenSectors(areas, words) {
  if (!areSectorsKnown(areas)) return words.say("sectors unknown");
  return words.say("sectors hidden", { count: words.grouped(areas.native_sectors - areas.accessible_sectors) });
}

function areSectorsKnown(areas) {
  return areas !== null && areas.native_sectors !== null && areas.accessible_sectors !== null;
}

function hiddenFacts(drive, words) {
  const after = drive.hidden_areas_after;
  return [
    [words.say("hidden before"), areaWords(drive.hidden_areas, words)],
    [words.say("hidden after"), after === null ? words.say("not asked again") : areaWords(after, words)],
  ];
}

function areaWords(areas, words) {
  const state = words.term("HiddenAreaState", areas.state);
  if (!areSectorsKnown(areas)) return state;
  const [accessible, native] = [areas.accessible_sectors, areas.native_sectors].map((count) => words.grouped(count));
  return words.say("sector counts", { state, accessible, native });
}

/** Exclusions, the reason of the outcome, errors of passes and read-back; each with the first place. */
function problemLines(drive, words) {
  const found = drive.exclusions.map((each) => withDetail(words.term("ExclusionReason", each.reason), shown(each.detail), words));
  if (!DONE.includes(drive.outcome) && drive.reason !== "") found.push(words.phrase(shown(drive.reason, MOST_TEXT)));
  for (const done of drive.passes) if (done.error_count !== 0n) found.push(passProblem(done, words));
  if (drive.verification !== null) found.push(...readBackProblems(drive.verification, words));
  return [...new Set(found)];
}

function withDetail(what, detail, words) {
  return detail === "" ? what : words.say("with detail", { what, detail });
}

function passProblem(done, words) {
  const text = words.say("write errors", { number: done.number, count: words.grouped(done.error_count) });
  const [first] = done.first_errors;
  return first === undefined ? text : `${text}${words.say("first at", { lba: first.lba })} (${shown(first.error)})`;
}

function readBackProblems(check, words) {
  const found = [];
  if (check.mismatched_sectors !== 0n) {
    const [lba] = check.first_mismatches;
    const text = words.say("different", { count: words.grouped(check.mismatched_sectors) });
    found.push(lba === undefined ? text : text + words.say("first sector", { lba }));
  }
  if (check.unreadable_sectors !== 0n) {
    const ranges = check.first_unreadable.slice(0, MOST_RANGES).map((each) => `${each.lba}+${each.sector_count}`);
    found.push(words.say("unreadable", { count: words.grouped(check.unreadable_sectors), ranges: ranges.join(", ") }));
  }
  return found;
}
