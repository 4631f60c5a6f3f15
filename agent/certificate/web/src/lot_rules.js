// What a lot's entries support (agent/model/lot_rules.py, lot_order.py): exceptions, totals and headline. A medium counts as
// sanitized where the record that decides says so and reached the lot's level; where two can't be put in order, the worse one does.

/** By code points, as the program sorts; UTF-8 keeps their order. */
function compareTexts(one, other) {
  return compareBytes(utf8.encode(one), utf8.encode(other));
}

function compareLists(one, other, compare) {
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    const found = compare(one[at], other[at]);
    if (found !== 0) return found;
  }
  return one.length - other.length;
}

function compareKeys(one, other) {
  return compareLists(one, other, compareTexts);
}

function folded(text) {
  return text.replace(ENDS, "").toLowerCase();
}

function isPlaceholder(text) {
  return STATEMENTS.placeholders.includes(folded(text)) || new Set(folded(text)).size <= 1;
}

function mediumKey({ model, serial, wwn }) {
  return isPlaceholder(serial) ? null : [folded(model), folded(serial), folded(wwn)];
}

/** A label shows no WWN, so a destruction by hand can't name one. */
function looseKey({ model, serial }) {
  return isPlaceholder(serial) ? null : nameOf([folded(model), folded(serial)]);
}

function machineKey({ manufacturer, model, serial, asset_tag: tag, record_sha256: digest }) {
  if (!isPlaceholder(serial)) return ["serial", folded(manufacturer), folded(model), folded(serial)];
  return isPlaceholder(tag) ? ["record", digest] : ["tag", folded(tag)];
}

/** The keys of a record's media; one without a serial number of its own is only ever itself. */
function keysIn(entry) {
  const keys = entry.media.map(mediumKey);
  const names = keys.map((key) => (key === null ? "" : nameOf(key)));
  const alone = (at) => names.filter((name) => name === names[at]).length === 1;
  return keys.map((key, at) => (key !== null && alone(at) ? key : ["medium", entry.record_sha256, String(at)]));
}

function nameOf(key) {
  return JSON.stringify(key);
}

function pushTo(map, key, value) {
  const name = nameOf(key);
  if (!map.has(name)) map.set(name, { key, values: [] });
  map.get(name).values.push(value);
}

class LotView {
  constructor({ entries, destructions, policy, intake }) {
    Object.assign(this, { entries, policy, intake });
    const groups = new Map();
    this.sights = new Map();
    this.keys = new Map(entries.map((entry) => [entry, keysIn(entry)]));
    for (const entry of entries) {
      pushTo(groups, machineKey(entry), entry);
      entry.media.forEach((medium, at) => pushTo(this.sights, this.keys.get(entry)[at], { entry, medium }));
    }
    this.groups = [...groups.values()].sort((one, other) => compareKeys(one.key, other.key)).map(({ values }) => values);
    this.destroyed = destroyedBy(destructions);
    this.alike = mostAlike(entries);
  }

  isSanitized({ medium }) {
    return medium.outcome === "sanitized" && rankOf(medium.level_reached) >= rankOf(this.policy.level_required);
  }

  sightOf(key) {
    const { values } = this.sights.get(nameOf(key));
    return deciding(values, (sight) => sight.entry, (sight) => [!this.isSanitized(sight)]);
  }

  destructionOf(medium) {
    const key = looseKey(medium);
    const results = key === null ? [] : [...(this.destroyed.get(key)?.values() ?? [])];
    const whole = results.filter((result) => result === "destroy").length;
    if (key !== null && whole >= (this.alike.get(key) ?? 1)) return "destroy";
    return results.includes("damaged only") ? "damaged only" : null;
  }

  stateOf(sight) {
    if (this.destructionOf(sight.medium) === "destroy") return "destroyed";
    return this.isSanitized(sight) ? "sanitized" : "open";
  }
}

function destroyedBy(destructions) {
  const results = new Map();
  for (const done of destructions) {
    const key = looseKey(done);
    if (key === null) continue;
    if (!results.has(key)) results.set(key, new Map());
    results.get(key).set(done.statement_sha256, done.result);
  }
  return results;
}

/** How many media of one machine bear the same model and serial number, the most that any record saw. */
function mostAlike(entries) {
  const most = new Map();
  for (const entry of entries) {
    const keys = entry.media.map(looseKey);
    for (const key of new Set(keys)) {
      if (key !== null) most.set(key, Math.max(most.get(key) ?? 0, keys.filter((each) => each === key).length));
    }
  }
  return most;
}

/** The one that decides: one that no other is known to follow, and of several such ones the worst. */
function deciding(found, entryOf, badness) {
  const last = found.filter((one) => !found.some((other) => follows(entryOf(other), entryOf(one))));
  // Numbers and clocks that contradict each other in a circle leave none: then each may be the last.
  const sorted = [...(last.length > 0 ? last : found)].sort((one, other) =>
    compareTexts(entryOf(one).record_sha256, entryOf(other).record_sha256),
  );
  return sorted.reduce((worst, each) => (compareLists(badness(each), badness(worst), (a, b) => a - b) > 0 ? each : worst));
}

function follows(later, earlier) {
  // Two records with one number are a fork: either may be the later one.
  if (later.station === earlier.station) return later.sequence > earlier.sequence;
  return later.clock_plausible && earlier.clock_plausible && later.issued_at > earlier.issued_at;
}

/** Whether the record saw all of its machine; a headline that its media don't explain says that it did not. */
function isReached(entry) {
  return entry.whole && (entry.headline !== "INCOMPLETE" || entry.media.some((medium) => medium.outcome !== "sanitized"));
}

function acceptanceKind(policy, { acceptance, operator }) {
  if (acceptance === null) return policy.acceptance_required ? "not accepted yet" : null;
  if (acceptance.decision === "reject") return "rejected";
  // One person is one person, however the id is written.
  const self = acceptance.validator.toLowerCase() === operator.toLowerCase();
  return self && !policy.acceptor_may_be_operator ? "accepted by the operator" : null;
}

function latestOf(view, group) {
  const badness = (entry) => {
    const kind = acceptanceKind(view.policy, entry);
    return [!isReached(entry), entry.headline !== "SANITIZED", kind === "rejected", kind !== null];
  };
  return deciding(group, (entry) => entry, badness);
}

function concludeLot(lot) {
  const view = new LotView(lot);
  const machines = view.groups.map((group) => judgeMachine(view, group));
  const { missing, unannounced } = compareWithIntake(view);
  const exceptions = machines.flatMap((machine) => machine.exceptions);
  exceptions.push(...missing.map((machine) => exceptionOf("missing", machine)));
  exceptions.push(...unannounced.map((entry) => ofEntry("not announced", entry)));
  exceptions.sort((one, other) => compareLists(rankOfException(one), rankOfException(other), compareRanks));
  return { headline: lotHeadline(view, exceptions), totals: lotTotals(view, machines, missing.length), exceptions };
}

function rankOfException(found) {
  const kind = STATEMENTS.exceptions.indexOf(found.kind);
  return [kind, found.machine_serial, found.asset_tag, found.medium_serial, found.record_sha256];
}

function compareRanks(one, other) {
  return typeof one === "number" ? one - other : compareTexts(one, other);
}

function judgeMachine(view, group) {
  const latest = latestOf(view, group);
  const exceptions = group.filter((entry) => entry !== latest).map((entry) => ofEntry("replaced by a later record", entry));
  const kind = acceptanceKind(view.policy, latest);
  if (kind !== null) exceptions.push(ofEntry(kind, latest));
  const keys = new Map(group.flatMap((entry) => view.keys.get(entry)).map((key) => [nameOf(key), key]));
  const counts = { sanitized: 0, destroyed: 0, open: 0 };
  for (const key of [...keys.values()].sort(compareKeys)) {
    const sight = view.sightOf(key);
    const state = view.stateOf(sight);
    counts[state] += 1;
    exceptions.push(...ofSight(view, key, sight, state, latest));
  }
  if (!isReached(latest)) exceptions.push(ofEntry("part of the machine not reached", latest));
  else if (keys.size === 0) exceptions.push(ofEntry("no drive found", latest));
  return { status: statusOf(latest, counts), exceptions, accepted: latest.acceptance !== null && kind === null };
}

function ofSight(view, key, sight, state, latest) {
  if (state === "destroyed") return [ofMedium("destroyed", sight)];
  if (state === "sanitized") return [];
  // A medium that another machine's later record decides is told there, once.
  const seen = view.keys.get(latest).some((each) => nameOf(each) === nameOf(key));
  const below = sight.medium.outcome === "sanitized" && !view.isSanitized(sight);
  const kind = below ? "level below the one required" : "not sanitized";
  const found = sight.entry === latest || !seen ? [ofMedium(kind, sight)] : [];
  if (view.destructionOf(sight.medium) === "damaged only") found.push(ofMedium("damaged only", sight));
  return found;
}

function statusOf(latest, counts) {
  if (!isReached(latest) || counts.open > 0) return "incomplete";
  if (counts.destroyed > 0) return "settled";
  return counts.sanitized > 0 ? "sanitized" : "without medium";
}

/** Each record stands for one machine that was announced: by serial numbers first, the property numbers find what is left. */
function compareWithIntake(view) {
  if (view.intake === null) return { missing: [], unannounced: [] };
  const latest = view.groups.map((group) => latestOf(view, group));
  const name = (field) => (each) => (isPlaceholder(each[field]) ? "" : folded(each[field]));
  const [left, rest] = matched(view.intake.machines, latest, name("serial"));
  const [missing, unannounced] = matched(left, rest, name("asset_tag"));
  return { missing, unannounced };
}

function matched(announced, entries, name) {
  const byName = new Map();
  for (const entry of entries) if (name(entry) !== "") byName.set(name(entry), [...(byName.get(name(entry)) ?? []), entry]);
  const missing = announced.filter((machine) => byName.get(name(machine))?.pop() === undefined);
  const left = new Set([...byName.values()].flat());
  return [missing, entries.filter((entry) => name(entry) === "" || left.has(entry))];
}

function lotHeadline(view, exceptions) {
  const kinds = exceptions.map((found) => found.kind);
  if (view.entries.length === 0 || kinds.some((kind) => STATEMENTS.open.includes(kind))) return "INCOMPLETE";
  return kinds.some((kind) => ["destroyed", "no drive found", "not announced"].includes(kind)) ? "ACCOUNTED FOR" : "SANITIZED";
}

function lotTotals(view, machines, missing) {
  const count = (status) => machines.filter((machine) => machine.status === status).length;
  const states = [...view.sights.values()].map(({ key }) => view.stateOf(view.sightOf(key)));
  const media = (state) => states.filter((each) => each === state).length;
  return {
    announced: view.intake === null ? null : view.intake.machines.length,
    machines: machines.length,
    machines_sanitized: count("sanitized"),
    machines_settled: count("settled"),
    machines_incomplete: count("incomplete"),
    machines_without_medium: count("without medium"),
    machines_missing: missing,
    records: view.entries.length,
    media: states.length,
    media_sanitized: media("sanitized"),
    media_destroyed: media("destroyed"),
    media_open: media("open"),
    accepted: machines.filter((machine) => machine.accepted).length,
  };
}

function exceptionOf(kind, machine, medium = { model: "", serial: "", outcome: "" }, digest = "") {
  return {
    kind,
    machine_model: `${machine.manufacturer} ${machine.model}`.replace(ENDS, ""),
    machine_serial: machine.serial,
    asset_tag: machine.asset_tag,
    medium_model: medium.model,
    medium_serial: medium.serial,
    outcome: medium.outcome,
    record_sha256: digest,
  };
}

function ofEntry(kind, entry) {
  return exceptionOf(kind, entry, { model: "", serial: "", outcome: entry.headline }, entry.record_sha256);
}

function ofMedium(kind, { entry, medium }) {
  return exceptionOf(kind, entry, medium, entry.record_sha256);
}
