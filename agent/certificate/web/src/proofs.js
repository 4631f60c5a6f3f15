// What stands beside a record to prove when it was made and that it was logged: each is judged on its own.

const CLOCKS_APART = 10 * 60 * 1000;
const PROOF_NAMES = {
  timeStamp: "record.json.p7s.tsr", logProof: "record.json.tlog-proof", crl: "crl.pem", rootCrl: "root-crl.pem",
};

/** The proofs among files by their names. */
function proofsOf(files) {
  return Object.fromEntries(Object.entries(PROOF_NAMES).map(([key, name]) => [key, files.get(name) ?? null]));
}

/** The time stamp over this digest, by an authority below the root of `chain`. */
async function checkStamp(token, digest, chain, trust, at) {
  const stamp = await openStamp(token, digest);
  const authority = await findChain(stamp.envelope, trust.roots, "timestamp");
  if (!equalBytes(authority.root.der, chain.root.der)) refuse(null, "stamp-root");
  if (stamp.time > at + CLOCKS_APART) refuse("not yet valid", "stamp-ahead", { moment: minuteOf(stamp.time) });
  // Whoever gets hold of an expired authority's key can stamp any past, so it has to be valid today as well as then.
  checkValidity(authority, stamp.time);
  checkValidity(authority, Math.max(at, stamp.time));
  const crl = await findCrl(trust.crls, authority.issuingCa);
  if (crl !== null) {
    await lookUp(authority.leaf, authority.issuingCa, crl, momentOfTsa(authority, crl, stamp));
  }
  return stamp;
}

/** The moment that certificates are judged for: the stamp's, else the verification's own. */
function momentOfStamp(stamp, at) {
  return stamp === null ? { at, latest: at, stamped: false } : { at: stamp.time, latest: stamp.latest, stamped: true };
}

/** What each list at hand says of the leaf, given ones first, and of its CA: the one says nothing of the other. */
async function checkAllCrls(chain, trust, proofs, moment) {
  const { leaf, issuingCa, root, kind } = chain;
  const judged = { at: moment.latest, stamped: moment.stamped };
  const said = { leaf: [], ca: [] };
  const given = await findCrl(trust.crls, issuingCa);
  if (trust.crls.length > 0 && (kind === "station" || given !== null)) {
    said.leaf.push(await lookUp(leaf, issuingCa, given, judged));
  }
  if (proofs.crl !== null) {
    const inside = crlInside(proofs.crl);
    if (kind === "station" || isCrlOf(inside, issuingCa)) said.leaf.push(await lookUp(leaf, issuingCa, inside, judged));
  }
  if (proofs.rootCrl !== null) said.ca.push(await lookUp(issuingCa, root, crlInside(proofs.rootCrl), judged));
  return said;
}

function crlInside(bytes) {
  try {
    return loadCrl(bytes);
  } catch (error) {
    if (error instanceof Finding) return refuse(null, error.key);
    throw error;
  }
}

/** The record is in a known log, after the head that it says it was made after. */
async function checkLogged(proof, digest, claimed, logs) {
  const logged = await checkLogProof(proof, digest, logs);
  if (claimed !== null && claimed.origin === logged.origin && claimed.size > logged.index) {
    refuse(null, "log-rolled-back", { size: claimed.size, index: logged.index });
  }
  return logged;
}

/** Whether the verifier's own checkpoint is this one; false where they can't be compared. */
function isKnownHead(head, known) {
  if (known === null || known.origin !== head.origin || known.size !== head.size) return false;
  return sameHead(known, head) || refuse(null, "log-two-histories", { size: head.size });
}

/** Whether a log known here signed the head that the record was made after. */
async function checkNotBefore(claimed, logs) {
  if (logs.every((log) => log.name !== claimed.origin)) return false;
  if (claimed.signature === "") return false;
  const text = `${claimed.origin}\n${claimed.size}\n${claimed.root}\n`;
  const note = utf8.encode(`${text}\n\u2014 ${claimed.origin} ${claimed.signature}\n`);
  const head = await openCheckpoint(note, logs);
  return sameHead(head, { origin: claimed.origin, size: claimed.size, root: oneHash(claimed.root, 32) });
}
