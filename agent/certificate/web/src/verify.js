// The steps of `ardoise verify` (agent/certificate/verify.py), under the same names and in the same order.
//
// `trust` holds the roots, the list of revoked certificates, the keys of logs and a known checkpoint; `at` is the moment that
// validity is judged at; `proofs` are the files beside a record.

function verifyRecord(record, signature, proofs, trust, at) {
  return reportOf(RECORD_STEPS, (run) => checkRecord(run, [record, signature], proofs, trust, at));
}

function verifyDocument(pdf, trust, at) {
  return reportOf(DOCUMENT_STEPS, (run) => checkDocument(run, pdf, trust, at));
}

async function checkRecord(run, [bytes, signature], proofs, trust, at) {
  const digest = await sha256(bytes);
  run.digest = hexOf(digest);
  const found = { record: null, envelope: null, stamp: null };
  await run.step("record form", "malformed", () => {
    found.record = decodeRecord(bytes);
    return ["found-record", { size: bytes.length, digest: run.digest }];
  });
  await run.step("signature", "signature", async () => {
    found.envelope = await openEnvelope(signature, digest, { timed: true });
    return ["found-signature", { moment: minuteOf(found.envelope.signingTime) }];
  });
  found.stamp = await checkSignerOf(run, found.envelope, signature, proofs, trust, at);
  await checkContent(run, found.record);
  const logged = await checkLog(run, found.record, digest, proofs, trust);
  await run.step("proof", "proof", () => {
    // Each degree includes the ones before it, so a log proof without a time stamp is no more than the signature.
    run.degree = found.stamp === null ? "signed" : logged === null ? "timestamped" : "logged";
    return ["found-proof", { degree: run.degree }];
  });
  run.record = found.record;
  return found;
}

async function checkSignerOf(run, envelope, signature, proofs, trust, at) {
  let stamp = null;
  await run.step("chain", "untrusted", async () => {
    run.chain = await findChain(envelope, trust.roots, "station");
    return ["found-chain", chainParams(run.chain)];
  });
  await run.step("time stamp", "proof", async () => {
    if (proofs.timeStamp === null) return ["no-stamp", {}, "not checked"];
    stamp = await checkStamp(tokenOf(proofs.timeStamp), await sha256(signature), run.chain, trust, at);
    return ["found-stamp", { moment: minuteOf(stamp.latest) }];
  });
  const moment = momentOfStamp(stamp, at);
  await run.step("validity", "expired", () => {
    checkValidity(run.chain, moment.at);
    return ["found-validity", { at: dayOf(moment.at), until: dayOf(run.chain.leaf.notAfter) }];
  });
  await run.step("revocation", "revoked", async () => {
    const said = await checkAllCrls(run.chain, trust, proofs, moment);
    run.remarks.push(...[...said.leaf, ...said.ca].filter(([key]) => key === "found-revoked-later"));
    return said.leaf[0] ?? ["no-crl", {}, "not checked"];
  });
  return stamp;
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
  run.remarks.push(...contentRemarks(record, run.chain));
}

async function checkLog(run, record, digest, proofs, trust) {
  const claimed = record.time.not_before_checkpoint ?? null;
  const logs = (await knowsEd25519()) ? trust.logs : [];
  let logged = null;
  await run.step("log", "proof", async () => {
    if (claimed !== null) {
      const key = (await checkNotBefore(claimed, logs)) ? "remark-after" : "remark-after-claimed";
      run.remarks.push([key, { origin: claimed.origin, size: claimed.size }]);
    }
    if (proofs.logProof === null) return ["no-log-proof", {}, "not checked"];
    if (logs.length === 0) return [trust.logs.length === 0 ? "no-log-key" : "no-ed25519", {}, "not checked"];
    logged = await checkLogged(proofs.logProof, digest, claimed, logs);
    return ["found-log", { index: logged.index, origin: logged.origin, size: logged.size }];
  });
  await run.step("checkpoint", "proof", () => {
    const known = logged !== null && isKnownHead(logged, trust.checkpoint);
    return known ? ["found-checkpoint", { size: logged.size }] : ["no-checkpoint", {}, "not checked"];
  });
  return logged;
}

async function checkDocument(run, pdf, trust, at) {
  const seen = await checkSeal(run, pdf, trust);
  const proofs = proofsOf(seen.attached);
  run.evidence = [RECORD_NAME, SIGNATURE_NAME].map((name) => seen.attached.get(name));
  const found = await checkRecord(run, run.evidence, proofs, trust, at);
  if (seen.final) await checkRegistry(run, seen, found, proofs, trust, at);
  else await checkSameStation(run, seen.envelope, found.envelope);
  await run.step("page", "seal", async () => {
    const language = await checkPage(seen.sealed, run.record, run.digest, !seen.final);
    return ["found-page", { language }];
  });
}

async function checkSeal(run, pdf, trust) {
  const seen = {};
  await run.step("seal form", "seal", async () => {
    seen.seal = await findSeal(pdf);
    return ["found-seal-form", { size: pdf.length }];
  });
  await run.step("seal", "seal", async () => {
    seen.envelope = await asKind("seal", openEnvelope(seen.seal.envelope, seen.seal.digest, { stamped: true }));
    seen.final = seen.envelope.stamp !== null;
    run.names = seen.final ? FINAL_STEPS : DOCUMENT_STEPS;
    return ["found-seal"];
  });
  await run.step("seal chain", "untrusted", async () => {
    seen.chain = await findChain(seen.envelope, trust.roots, seen.final ? "registry" : "station");
    return ["found-chain", chainParams(seen.chain)];
  });
  await run.step("attachments", "seal", async () => {
    seen.sealed = openSealed(pdf, seen.seal);
    seen.attached = await readAttachments(seen.sealed);
    const names = [...seen.attached.keys()].sort().join(" ");
    if (!(seen.final ? FINAL_NAMES : PROVISIONAL_NAMES).includes(names)) refuse("seal", "attachments-other", { names });
    return ["found-attachments", { names }];
  });
  return seen;
}

async function checkSameStation(run, seal, record) {
  await run.step("same station", "seal", () => {
    const same = ["leaf", "issuingCa"].every((name) => equalBytes(seal[name], record[name]));
    if (!same) refuse("seal", "seal-other-station");
    return ["found-same-station"];
  });
  run.remarks.push(["remark-provisional", {}]);
}

async function checkRegistry(run, seen, found, proofs, trust, at) {
  await run.step("registry", "seal", async () => {
    const { chain, envelope } = seen;
    if (found.stamp === null || !equalBytes(chain.root.der, run.chain.root.der)) refuse("seal", "registry-root");
    const stamp = await checkStamp(envelope.stamp, await sha256(envelope.signature), chain, trust, at);
    if (stamp.latest < found.stamp.time) refuse("seal", "registry-early");
    checkValidity(chain, stamp.time);
    await checkAllCrls(chain, trust, proofs, momentOfStamp(stamp, at));
    return ["found-registry", { name: chain.leaf.commonName, moment: minuteOf(stamp.latest) }];
  });
}

function chainParams(chain) {
  return { station: chain.leaf.commonName, organisation: chain.leaf.organisation, root: chain.root.commonName };
}
