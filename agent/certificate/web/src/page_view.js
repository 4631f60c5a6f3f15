// The strings of a certificate's page in the order of drawing, computed from the record as page_view.py does for the template.

const DONE = ["sanitized", "sanitized with exceptions"];
const MOST_TEXT = 160;

/** What the page shows; of what only steers the template, nothing. */
function pageView(record, digest, language, provisional) {
  const words = new PageWords(language);
  const kind = documentKind(record);
  return {
    provisional: provisional ? [words.say("provisional"), words.say("provisional note")] : [],
    organisation: shown(record.issuer.organisation, 120),
    title: words.term("DocumentKind", kind),
    headline: words.term("Headline", record.headline),
    headline_note: headlineNote(record, words),
    statement: statementWords(record, words),
    day: record.time.clock_plausible ? words.day(record.time.issued_at) : "",
    notices: noticesOf(record, kind, words),
    machine: { heading: words.say("machine"), facts: machineFacts(record, words) },
    media: mediaOverview(record, words),
    looked_at: record.drives.length > 0 ? {} : { heading: words.say("looked for"), places: record.host.looked_at.map((place) => shown(place)) },
    issued: { heading: words.say("issued by"), facts: issuedFacts(record, words) },
    verify: howToVerify(kind, digest, words, provisional),
    pages: record.drives.map((drive, at) => mediumView(record, drive, at + 1, words)),
  };
}

/** The attempt that a medium's outcome rests on; null where an overwrite came last or nothing was tried. */
function ownErase(drive) {
  return drive.technique === "overwrite" ? null : (drive.attempts.at(-1) ?? null);
}

function headlineNote(record, words) {
  if (record.specimen) return words.say("specimen note");
  if (record.environment === "live-image") return "";
  return words.say("not live", { where: words.term("Environment", record.environment) });
}

function statementWords(record, words) {
  const total = record.drives.length;
  const done = record.drives.filter((drive) => drive.outcome === "sanitized").length;
  if (record.headline === "NO MEDIUM FOUND") return words.say("none found");
  if (record.headline === "SANITIZED" && total === 1) {
    return words.say("only one", { checked: words.say(`${howChecked(record)} one`) });
  }
  if (record.headline === "SANITIZED") return words.say("all", { total, checked: words.say(`${howChecked(record)} all`) });
  return words.say(total === done ? "not all reached" : "some", { done, total });
}

/** After a change of the key there is nothing to read back, only markers to look for. */
function howChecked(record) {
  const own = record.drives.map(ownErase).filter((tried) => tried !== null);
  return own.some((tried) => tried.read_back === null) ? "markers" : "read back";
}

function noticesOf(record, kind, words) {
  const notices = [cautionWords(kind, words), hiddenAreasWords(record, words)];
  if (record.ended !== "completed") notices.push(words.say("session caution", { how: words.term("SessionEnd", record.ended) }));
  if (!record.time.clock_plausible) notices.push(words.say("clock caution"));
  for (const controller of record.host.controllers) {
    if (!controller.raid_mode && controller.driver !== "") continue;
    const what = shown(controller.description, 80);
    notices.push(words.say(controller.raid_mode ? "raid controller" : "bare controller", { what }));
  }
  return notices;
}

function cautionWords(kind, words) {
  if (kind === "record") return words.say("record caution");
  return kind === "certificate" ? "" : words.say("partial caution", { word: words.quoted(words.term("Outcome", "sanitized")) });
}

/** What stands beside the headline where nobody asked sanitized media for hidden areas. */
function hiddenAreasWords(record, words) {
  const unasked = record.drives.filter((drive) => DONE.includes(drive.outcome) && drive.hidden_areas.state === "not examined");
  if (unasked.length === 0) return "";
  return unasked.length === 1 ? words.say("hidden caution one") : words.say("hidden caution", { count: unasked.length });
}

function machineFacts(record, words) {
  const { host, stated } = record;
  const unknown = words.say("not stated");
  const memory = generalNumberOfGibibytes(host.memory_bytes);
  const facts = [
    [words.say("manufacturer"), shown(host.manufacturer) || unknown],
    [words.say("model"), shown(`${host.model} ${host.version}`) || unknown],
    [words.say("serial"), shown(host.serial) || unknown],
    [words.say("property number"), shown(stated.property_number || host.asset_tag) || unknown],
    [words.say("processor"), shown(host.processor) || unknown],
    [words.say("memory"), memory === "" ? unknown : words.number(memory)],
  ];
  for (const key of ["lot", "site", "source", "classification"]) {
    if (stated[key] !== "") facts.push([words.say(key), shown(stated[key])]);
  }
  if (stated.destination !== null) facts.push([words.say("destination"), words.term("Destination", stated.destination)]);
  return facts;
}

function generalNumberOfGibibytes(bytes) {
  return bytes > 0n ? `${generalNumber(nearestDouble(bytes, 1n << 30n), 3)} GiB` : "";
}

function mediaOverview(record, words) {
  if (record.drives.length === 0) return {};
  const head = ["number", "model", "serial", "capacity", "technique", "levels", "read back", "outcome"];
  return {
    heading: words.say("media"),
    head: head.map((key) => words.say(key)),
    rows: record.drives.map((drive, at) => mediumRow(drive, at + 1, words)),
  };
}

function mediumRow(drive, number, words) {
  const { identity } = drive;
  const unknown = words.say("not stated");
  return [
    String(number),
    shown(identity.model) || unknown,
    shown(identity.serial) || unknown,
    words.capacity(identity.capacity_bytes),
    drive.technique === null ? "\u2013" : words.term("Technique", drive.technique),
    `${words.term("Method", drive.level_reached)} / ${words.term("Method", drive.level_required)}`,
    coverageOf(drive, words),
    words.term("Outcome", drive.outcome),
  ];
}

function issuedFacts(record, words) {
  const { time, tool, stated } = record;
  const programs = [`${tool.name} ${tool.version}`, `Python ${tool.python}`, `Linux ${tool.kernel}`, ...tool.helpers];
  const facts = [
    [words.say("station"), `${shown(record.issuer.station)}, ${shown(record.issuer.organisation)}`],
    [words.say("operator"), listed([record.operator.id, stated.operator_title, stated.contact])],
  ];
  if (stated.validator !== "") {
    const who = listed([stated.validator, stated.validator_title]);
    facts.push([words.say("validator"), words.say("validator claimed", { who })]);
  }
  const claims = words.say("clock claims", { source: shown(time.clock_source) });
  const remark = time.clock_remark === "" ? "" : `; ${words.phrase(shown(time.clock_remark, 120))}`;
  return [
    ...facts,
    [words.say("begun"), words.moment(time.started_at)],
    [words.say("ended"), `${words.moment(time.issued_at)}, ${claims}${remark}`],
    [words.say("environment"), whereMade(record, words)],
    [words.say("tools"), programs.map((program) => shown(program)).join(", ")],
    [words.say("record"), words.say("record number", { id: record.record_id, number: record.station_link.sequence })],
  ];
}

function listed(parts) {
  return parts.filter((part) => part !== "").map((part) => shown(part)).join(", ");
}

function whereMade(record, words) {
  const where = words.term("Environment", record.environment);
  if (record.environment !== "live-image") return where;
  return `${where}, ${words.say("image", { digest: shown(record.tool.image_sha256) })}`;
}

function howToVerify(kind, digest, words, provisional) {
  const name = `${kind === "record" ? "record" : "certificate"}${provisional ? "" : ".final"}.pdf`;
  const stamped = "openssl ts -verify -data record.json.p7s -in record.json.p7s.tsr -CAfile root.pem";
  return {
    heading: words.say("verify"),
    text: words.say(provisional ? "verify text" : "verify final text"),
    commands: [
      `pdfdetach -saveall ${name} && sha256sum record.json`,
      ...(provisional ? [] : [stamped]),
      "openssl cms -verify -cades -binary -inform DER -in record.json.p7s -content record.json \\",
      "    -CAfile root.pem -purpose any -out /dev/null",
      `ardoise verify ${name} --trust root.pem${provisional ? "" : " --log log.vkey --require-proof logged"}`,
    ],
    digest: [words.say("digest"), digest],
  };
}
