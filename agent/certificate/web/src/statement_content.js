// What a statement's own content must fulfil (statement_content.py): nothing in it may say more than the rest supports.

function checkStatementContent(kind, statement) {
  return CONTENT_RULES[kind.name](statement);
}

const CONTENT_RULES = {
  lot: (lot) => {
    const digests = lot.entries.map((entry) => entry.record_sha256);
    if (new Set(digests).size !== digests.length) refuse("contradiction", "lot-twice");
    if (!digests.every((digest) => SHA256_HEX.test(digest))) refuse("contradiction", "lot-no-digest");
    const supported = concludeLot(lot);
    if (lot.headline !== supported.headline) {
      refuse("contradiction", "lot-headline", { claimed: lot.headline, supported: supported.headline });
    }
    if (!sameTotals(lot.totals, supported.totals)) refuse("contradiction", "lot-totals");
    if (!sameExceptions(lot.exceptions, supported.exceptions)) refuse("contradiction", "lot-exceptions");
    const params = { headline: lot.headline, machines: lot.totals.machines, media: lot.totals.media, exceptions: lot.exceptions.length };
    return ["found-lot", params];
  },
  destruction: (done) => {
    const reached = STATEMENTS.damaging.includes(done.technique) ? "damaged only" : "destroy";
    if (done.result !== reached) refuse("contradiction", "destruction-result", { technique: done.technique, reached });
    if (done.operator === "" || done.witness === "" || done.operator.toLowerCase() === done.witness.toLowerCase()) {
      refuse("contradiction", "destruction-persons");
    }
    if (!isDay(done.destroyed_on)) refuse("contradiction", "no-day");
    return ["found-destruction", { technique: done.technique, result: done.result }];
  },
  intake: (receipt) => {
    if (!isDay(receipt.received_on)) refuse("contradiction", "no-day");
    if (!receipt.machines.every((machine) => machine.serial !== "" || machine.asset_tag !== "")) {
      refuse("contradiction", "intake-nameless");
    }
    return ["found-intake", { count: receipt.machines.length }];
  },
  acceptance: (decided) => {
    if (!SHA256_HEX.test(decided.record_sha256) || decided.validator === "") refuse("contradiction", "acceptance-empty");
    return ["found-acceptance", { decision: decided.decision, validator: decided.validator }];
  },
};

/** Whether this is a calendar day as ISO 8601 writes it. */
function isDay(text) {
  const moment = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !text.startsWith("0000") ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  return !Number.isNaN(moment) && new Date(moment).toISOString().slice(0, 10) === text;
}

function sameTotals(claimed, supported) {
  return Object.entries(supported).every(([name, count]) =>
    count === null ? claimed[name] === null : claimed[name] !== null && Number(claimed[name]) === count,
  );
}

function sameExceptions(claimed, supported) {
  if (claimed.length !== supported.length) return false;
  return supported.every((each, at) => Object.entries(each).every(([name, text]) => claimed[at][name] === text));
}
