// The texts that a statement's page must show (statement_text.py), in the statement's own language.

const DIGEST_SHOWN = 16;

/** A text of a statement's page with its values. */
function sayStated(language, key, values = {}) {
  return filled(ownEntry(STATEMENTS.words, key)[PAGE_WORDS.languages.indexOf(language)], values);
}

/** What belongs together is looked for as one text, so that a word that stands elsewhere on the page does not count. */
function textsOfStatement(kind, statement, digest) {
  const { language } = statement;
  const stated = (key) => sayStated(language, key);
  const specimen = statement.specimen ? [stated("specimen note"), stated("specimen")] : ["", ""];
  const words = [
    `${stated(`${kind.name} title`)}${subtitleOf(kind, statement)}${headlineOf(kind, statement)}${specimen[0]}`,
    statement.statement_id, digest, shown(statement.issuer.organisation), shown(statement.issuer.station), specimen[1],
    ...OWN_WORDS[kind.name](statement, stated),
  ];
  return words.filter((word) => word !== "");
}

function subtitleOf(kind, statement) {
  return kind.name === "destruction" ? "" : `${sayStated(statement.language, "lot")} ${shown(statement.lot, 80)}`;
}

function headlineOf(kind, statement) {
  const { language } = statement;
  if (kind.name === "intake") return sayStated(language, "intake headline");
  if (kind.name === "destruction") return sayStated(language, statement.result === "destroy" ? "destroy" : "damaged");
  if (statement.headline === "ACCOUNTED FOR") return sayStated(language, statement.headline);
  return new PageWords(language).named("Headline", statement.headline);
}

const OWN_WORDS = {
  lot: lotWords,
  intake: (receipt) => [
    ...receipt.machines.map((machine) => `${shown(machine.asset_tag)}${shown(machine.serial)}`),
    shown(receipt.lot), receipt.received_on, groupedCount(receipt.machines.length),
  ],
  destruction: ({ medium, operator, witness, destroyed_on: day, technique }, stated) => [
    shown(medium.model), shown(medium.serial), shown(medium.machine_serial), medium.record_sha256,
    shown(operator), shown(witness), day, stated(technique),
  ],
};

function groupedCount(count) {
  return inGroups(BigInt(count), NARROW);
}

function lotWords(lot, stated) {
  const { totals, language } = lot;
  const words = new PageWords(language);
  const counted = {
    machines: totals.machines, "machines sanitized": totals.machines_sanitized,
    "machines incomplete": totals.machines_incomplete, "media sanitized": totals.media_sanitized,
    "media open": totals.media_open, accepted: totals.accepted,
  };
  return [
    shown(lot.lot),
    ...Object.entries(counted).map(([key, count]) => `${stated(key)}${groupedCount(count)}`),
    ...lot.exceptions.map((found) => exceptionWords(found, words, stated)),
    ...lot.entries.flatMap((entry) => entryWords(entry, words, language)),
  ];
}

function exceptionWords(found, words, stated) {
  const machine = shown(found.machine_model) || stated("not stated");
  const ofMachine = found.medium_model === "" && found.medium_serial === "";
  const outcome = ofMachine ? "" : ` (${words.named("Outcome", found.outcome)})`;
  return `${stated(found.kind)}${outcome}${machine}${shown(found.machine_serial)}${shown(found.asset_tag)}`;
}

function entryWords(entry, words, language) {
  const media = entry.media.map((medium) => {
    const name = shown(medium.serial) || shown(medium.model) || sayStated(language, "not stated");
    const level = medium.level_reached === "none" ? "" : `, ${words.term("Method", medium.level_reached)}`;
    return `${name}${words.term("Outcome", medium.outcome)}${level}`;
  });
  const decided = `${decisionWords(entry.acceptance, language)}${entry.record_sha256.slice(0, DIGEST_SHOWN)}`;
  return [`${shown(entry.serial)}${shown(entry.asset_tag)}`, ...media, `${words.term("Headline", entry.headline)}${decided}`];
}

function decisionWords(decision, language) {
  if (decision === null) return sayStated(language, "not accepted yet");
  const key = decision.decision === "accept" ? "accepted by" : "rejected by";
  return sayStated(language, key, { who: shown(decision.validator, 32) });
}
