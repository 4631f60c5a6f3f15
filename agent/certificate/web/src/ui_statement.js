// What the card of a statement says: a lot, an intake receipt, a destruction record, an acceptance.

const MOST_LISTED = 200;

/** Only what leaves nothing open is shown as sound; whatever is open is shown like an incomplete certificate. */
function statementVerdict({ kind, statement }) {
  if (statement.specimen) return "specimen";
  return OPEN_RESULTS.includes(resultOf(kind, statement)) ? "incomplete" : "statement";
}

const OPEN_RESULTS = ["INCOMPLETE", "damaged only", "reject"];

function resultOf(kind, statement) {
  return { lot: statement.headline, intake: "", destruction: statement.result, acceptance: statement.decision }[kind.name];
}

function statementHeading({ kind, statement }) {
  const key = `statement ${kind.name} ${resultOf(kind, statement)}`.trim();
  return [key, `${key}-text`];
}

function statementCard(report) {
  const { kind, statement } = report.statement;
  const rows = [
    ...STATEMENT_ROWS[kind.name](statement),
    [say("signed-by"), `${oneLine(report.chain.leaf.commonName)}, ${oneLine(report.chain.leaf.organisation)}`],
    [say("trusted-by"), oneLine(report.chain.root.commonName)],
    [say("claimed-date"), `${minuteOf(statement.issued_at)} UTC`],
    [stated("document number"), statement.statement_id],
    ["SHA-256", report.digest],
  ];
  const parts = [element("h4", { text: say("statement-says") }), pairs(rows.filter(([, text]) => text !== ""))];
  if (kind.name === "lot" && statement.exceptions.length > 0) parts.push(...exceptionList(statement.exceptions));
  return [...parts, statementProof(report, kind)];
}

/** A word of statements' pages, in the language of this page. */
function stated(key, values = {}) {
  return sayStated(state.language, key, values);
}

const STATEMENT_ROWS = {
  lot: ({ lot, donor_reference: donor, headline, totals }) => [
    [stated("lot"), oneLine(lot)],
    [stated("donor"), oneLine(donor)],
    [say("headline"), headline],
    ...["machines", "machines sanitized", "machines incomplete", "media", "media sanitized", "media open", "accepted"].map((key) => [
      stated(key), String(totals[key.replace(" ", "_")]),
    ]),
  ],
  intake: (receipt) => [
    [stated("lot"), oneLine(receipt.lot)],
    [stated("donor"), oneLine(receipt.donor_reference)],
    [stated("source"), oneLine(receipt.source)],
    [stated("place"), oneLine(receipt.place)],
    [stated("handed over by"), oneLine(receipt.handed_over_by)],
    [stated("received by"), oneLine(receipt.received_by)],
    [stated("received on"), receipt.received_on],
    [stated("number of machines"), String(receipt.machines.length)],
  ],
  destruction: ({ medium, technique, tool, destroyed_on: day, place, operator, witness }) => [
    [stated("model"), oneLine(medium.model)],
    [stated("serial"), oneLine(medium.serial)],
    [stated("technique"), stated(technique)],
    [stated("tool"), oneLine(tool)],
    [stated("date"), day],
    [stated("place"), oneLine(place)],
    [stated("operator"), oneLine(operator)],
    [stated("witness"), oneLine(witness)],
  ],
  acceptance: ({ record_id: id, record_sha256: digest, record_headline: headline, operator, validator, reason }) => [
    [say("record-name"), oneLine(id)],
    ["record.json SHA-256", digest],
    [say("headline"), oneLine(headline)],
    [stated("operator"), oneLine(operator)],
    [say("validator"), oneLine(validator)],
    [stated("reason"), oneLine(reason)],
  ],
};

function exceptionList(exceptions) {
  const texts = exceptions.slice(0, MOST_LISTED).map((found) => {
    const where = [found.machine_model, found.machine_serial, found.asset_tag, found.medium_model, found.medium_serial];
    return `${stated(found.kind)}: ${where.map(oneLine).filter(Boolean).join(" · ")}`;
  });
  const more = exceptions.length - texts.length;
  if (more > 0) texts.push(say("more-exceptions", { count: more }));
  return [element("h4", { text: say("exceptions") }), list(texts)];
}

function statementProof(report, kind) {
  const proven = ["proven-signed", `proven-${kind.name}`];
  if (report.steps.some((step) => step.name === "page")) proven.push("proven-statement-page");
  const claimed = ["claimed-honest", "claimed-date-only", `claimed-${kind.name}`];
  const side = (title, keys) =>
    element("div", { children: [element("h4", { text: say(title) }), list(keys.map((key) => say(key)))] });
  return element("div", { className: "columns", children: [side("proven", proven), side("claimed", claimed)] });
}
