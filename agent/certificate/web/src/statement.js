// Statements beside records (agent/certificate/statement.py, verify_statement.py): lots, intake receipts, destruction
// records and acceptances, under the same steps and in the same order as `ardoise lot verify`.

const STATEMENT_STEPS = [
  "form", "signature", "chain", "time stamp", "validity", "revocation", "issuer", "specimen", "content",
];
const STATEMENT_DOCUMENT_STEPS = [...SEAL_STEPS, ...STATEMENT_STEPS, "same station", "page"];

/** The kind that these bytes say they are; canonical JSON has one spelling, so its name is looked for before anything is parsed. */
function statementKind(bytes) {
  const text = latin1(bytes);
  return STATEMENTS.kinds.find((kind) => text.includes(`"schema":"${kind.schema}"`)) ?? malformed("statement-schema");
}

function isStatement(bytes) {
  const text = latin1(bytes);
  return STATEMENTS.kinds.some((kind) => text.includes(`"schema":"${kind.schema}"`));
}

/** The statement that these bytes are the canonical form of. */
function decodeStatement(bytes) {
  const kind = statementKind(bytes);
  const document = parseCanonical(bytes, kind);
  if (!(document instanceof Map) || document.get("schema") !== kind.schema) malformed("statement-schema");
  const statement = readValueOf(document, { object: kind.object }, kind.name);
  if (!UUID7.test(statement.statement_id) || !SALT.test(statement.salt)) malformed("record-id");
  return { kind, statement };
}

function verifyStatement(bytes, signature, timeStamp, trust, at) {
  return reportOf(STATEMENT_STEPS, (run) => checkStatement(run, [bytes, signature], timeStamp, trust, at));
}

function verifyStatementDocument(pdf, trust, at) {
  return reportOf(STATEMENT_DOCUMENT_STEPS, (run) => checkStatementDocument(run, pdf, trust, at));
}

async function checkStatement(run, [bytes, signature], timeStamp, trust, at) {
  const digest = await sha256(bytes);
  run.digest = hexOf(digest);
  const found = {};
  await run.step("form", "malformed", () => {
    Object.assign(found, decodeStatement(bytes));
    return ["found-record", { size: bytes.length, digest: run.digest }];
  });
  await run.step("signature", "signature", async () => {
    found.envelope = await openEnvelope(signature, digest, { timed: true });
    return ["found-signature", { moment: minuteOf(found.envelope.signingTime) }];
  });
  const stamp = await checkSignerOf(run, found.envelope, signature, { ...proofsOf(new Map()), timeStamp }, trust, at);
  await run.step("issuer", "contradiction", () => {
    checkIssuer(found.statement, run.chain);
    return ["found-issuer", chainParams(run.chain)];
  });
  await run.step("specimen", "specimen", () => {
    const { specimen } = found.statement;
    if (specimen !== run.chain.testRoot) refuse("specimen", specimen ? "specimen-real-root" : "specimen-unmarked");
    return [specimen ? "found-specimen" : "found-no-specimen"];
  });
  await run.step("content", "contradiction", () => checkStatementContent(found.kind, found.statement));
  if (run.chain.testRoot) run.remarks.push(["remark-test-root", {}]);
  run.degree = stamp === null ? "signed" : "timestamped";
  run.statement = found;
  return found;
}

async function checkStatementDocument(run, pdf, trust, at) {
  const seen = {};
  await run.step("seal form", "seal", async () => {
    seen.seal = await findSeal(pdf);
    return ["found-seal-form", { size: pdf.length }];
  });
  await run.step("seal", "seal", async () => {
    seen.envelope = await asKind("seal", openEnvelope(seen.seal.envelope, seen.seal.digest, { timed: false }));
    return ["found-seal"];
  });
  await run.step("seal chain", "untrusted", async () => {
    seen.chain = await findChain(seen.envelope, trust.roots, "station");
    return ["found-chain", chainParams(seen.chain)];
  });
  await run.step("attachments", "seal", async () => {
    seen.sealed = openSealed(pdf, seen.seal);
    seen.evidence = attachedStatement(await readAttachments(seen.sealed));
    return ["found-attachments", { names: seen.evidence.names }];
  });
  const found = await checkStatement(run, seen.evidence.files, null, trust, at);
  await run.step("same station", "seal", () => {
    const same = ["leaf", "issuingCa"].every((name) => equalBytes(seen.envelope[name], found.envelope[name]));
    return same ? ["found-same-station"] : refuse("seal", "seal-other-station");
  });
  await run.step("page", "seal", async () => {
    const text = squeezed(await readPages(seen.sealed));
    const missing = textsOfStatement(found.kind, found.statement, run.digest).find((word) => !text.includes(squeezed(word)));
    if (missing !== undefined) refuse("seal", "page-missing", { word: missing });
    return ["found-statement-page", { language: found.statement.language }];
  });
}

/** Statement and signature as a document carries them, and nothing else. */
function attachedStatement(attached) {
  const names = [...attached.keys()].sort().join(" ");
  const kind = STATEMENTS.kinds.find((each) => names === `${each.name}.json ${each.name}.json.p7s`);
  if (kind === undefined) refuse("seal", "attachments-other", { names });
  return { names, files: [`${kind.name}.json`, `${kind.name}.json.p7s`].map((name) => attached.get(name)) };
}
