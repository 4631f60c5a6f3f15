// The steps of `ardoise verify` (agent/certificate/verify.py), under the same names and in the same order.
//
// `trust` holds the roots and the list of revoked certificates or null; `at` is the moment that validity is judged at.

function verifyRecord(record, signature, trust, at) {
  return reportOf(RECORD_STEPS, (run) => checkRecord(run, record, signature, trust, at));
}

function verifyDocument(pdf, trust, at) {
  return reportOf(DOCUMENT_STEPS, (run) => checkDocument(run, pdf, trust, at));
}

async function checkRecord(run, bytes, signature, trust, at) {
  const digest = await sha256(bytes);
  run.digest = hexOf(digest);
  let record;
  let envelope;
  await run.step("record form", "malformed", () => {
    record = decodeRecord(bytes);
    return ["found-record", { size: bytes.length, digest: run.digest }];
  });
  await run.step("signature", "signature", async () => {
    envelope = await openEnvelope(signature, digest, { timed: true });
    return ["found-signature", { moment: minuteOf(envelope.signingTime) }];
  });
  await checkSignerOf(run, envelope, trust, at);
  await checkContent(run, record);
  run.record = record;
  return envelope;
}

async function checkSignerOf(run, envelope, trust, at) {
  await run.step("chain", "untrusted", async () => {
    run.chain = await findChain(envelope, trust.roots, ["station"]);
    return ["found-chain", chainParams(run.chain)];
  });
  await run.step("validity", "expired", () => {
    checkValidity(run.chain, at);
    return ["found-validity", { at: dayOf(at), until: dayOf(run.chain.leaf.notAfter) }];
  });
  await run.step("revocation", "revoked", async () => {
    if (trust.crl === null) return ["no-crl", {}, "not checked"];
    await checkRevocation(run.chain, trust.crl, at);
    return ["found-revocation", { day: dayOf(trust.crl.thisUpdate) }];
  });
}

async function checkContent(run, record) {
  await run.step("issuer", "contradiction", () => {
    checkIssuer(record, run.chain);
    return ["found-issuer", chainParams(run.chain)];
  });
  await run.step("specimen", "specimen", () => {
    checkSpecimen(record, run.chain);
    return [record.specimen ? "found-specimen" : "found-no-specimen"];
  });
  await run.step("evidence", "contradiction", () => {
    checkEvidence(record);
    return ["found-evidence", { headline: record.headline, count: record.drives.length }];
  });
  await run.step("proof", "proof", () => ["found-proof", { degree: "signed" }]);
  run.remarks.push(...contentRemarks(record, run.chain));
}

async function checkDocument(run, pdf, trust, at) {
  let seal;
  let envelope;
  let sealed;
  let attached;
  await run.step("seal form", "seal", async () => {
    seal = await findSeal(pdf);
    return ["found-seal-form", { size: pdf.length }];
  });
  await run.step("seal", "seal", async () => {
    envelope = await asSeal(openEnvelope(seal.envelope, seal.digest, { timed: false }));
    return ["found-seal"];
  });
  await run.step("seal chain", "untrusted", async () => {
    const chain = await findChain(envelope, trust.roots, ["station"]);
    return ["found-chain", chainParams(chain)];
  });
  await run.step("attachments", "seal", async () => {
    sealed = openSealed(pdf, seal);
    attached = await readAttachments(sealed);
    const names = [...attached.keys()].sort().join(" ");
    if (names !== "record.json record.json.p7s") refuse("seal", "attachments-other", { names });
    return ["found-attachments", { names }];
  });
  run.evidence = ["record.json", "record.json.p7s"].map((name) => attached.get(name));
  const recordEnvelope = await checkRecord(run, ...run.evidence, trust, at);
  await run.step("same station", "seal", () => {
    const same = ["leaf", "issuingCa"].every((name) => equalBytes(envelope[name], recordEnvelope[name]));
    if (!same) refuse("seal", "seal-other-station");
    return ["found-same-station"];
  });
  await run.step("page", "seal", async () => {
    await checkPage(sealed, run.record, run.digest);
    return ["found-page"];
  });
}

/** A broken envelope of the seal is a broken seal. */
async function asSeal(opening) {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof Finding) return refuse("seal", error.key, error.params);
    throw error;
  }
}

function chainParams(chain) {
  return { station: chain.leaf.commonName, organisation: chain.leaf.organisation, root: chain.root.commonName };
}
