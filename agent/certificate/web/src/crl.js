// The issuing CA's list of revoked certificates (RFC 5280 section 5).

const REASON_CODE = "551d15";
const INVALIDITY_DATE = "551d18";
// ENUMERATED unspecified, affiliationChanged, superseded, cessationOfOperation: earlier tokens stay (RFC 3161 4, item 1).
const TOKENS_STAY = ["0a0100", "0a0103", "0a0104", "0a0105"];
const KNOWN_LIST_EXTENSIONS = ["551d14", "551d23"];

/** The one list in PEM or DER; Finding "usage" where it is none, or more. */
function loadCrl(bytes) {
  const lists = loadCrls(bytes);
  return lists.length === 1 ? lists[0] : refuse("usage", "crl-no-pem");
}

/** A list in DER, or one or more in PEM one after the other; Finding "usage" where it is none. */
function loadCrls(bytes) {
  const text = latin1(bytes);
  try {
    if (!text.trimStart().startsWith("-----BEGIN")) return [parseCrl(bytes)];
    const blocks = pemBlocks(text, "X509 CRL");
    if (blocks === null || blocks.length === 0) return refuse("usage", "crl-no-pem");
    return blocks.map(parseCrl);
  } catch (error) {
    if (error instanceof DerError) return refuse("usage", "crl-no-pem");
    throw error;
  }
}

function parseCrl(der) {
  const [body, algorithm, signature] = exactly(readDer(der, SEQUENCE), 3);
  const fields = childrenOf(expectTag(body, SEQUENCE));
  if (fields.length < 4 || !equalBytes(fields[0].raw, [0x02, 0x01, 0x01])) throw new DerError("version");
  const rest = fields.slice(4);
  const nextUpdate = [0x17, 0x18].includes(rest[0]?.tag) ? readTime(rest.shift()) : null;
  const entries = rest[0]?.tag === SEQUENCE ? childrenOf(rest.shift()).map(readEntry) : [];
  const extensions = rest[0]?.tag === CONTEXT_0 ? readExtensions(rest.shift()) : new Map();
  if (rest.length > 0) throw new DerError("something follows");
  return {
    body: body.raw,
    knownAlgorithm: [algorithm, fields[1]].every((node) => equalBytes(node.raw, ECDSA_WITH_SHA256)),
    signature: readBits(signature),
    issuer: expectTag(fields[2], SEQUENCE).raw,
    thisUpdate: readTime(fields[3]),
    nextUpdate,
    entries,
    extensions,
  };
}

function readEntry(node) {
  const [serial, date, extensions, more] = childrenOf(expectTag(node, SEQUENCE));
  if (date === undefined || more !== undefined) throw new DerError("entry");
  const found = extensions === undefined ? new Map() : readExtensions({ contents: extensions.raw });
  const invalidity = found.get(INVALIDITY_DATE);
  return {
    serial: readInteger(serial).toString(16),
    date: readTime(date),
    reason: found.get(REASON_CODE)?.value ?? null,
    invalidityDate: invalidity === undefined ? null : readTime(readValue(bytesFromHex(invalidity.value), 0)),
    critical: [...found].some(([oid, each]) => each.critical && oid !== REASON_CODE),
  };
}

/** The moment for which a time stamp's authority is looked up: after any other reason, or none, no stamp of it counts. */
function momentOfTsa(authority, crl, stamp) {
  const entry = crl.entries.find((each) => each.serial === authority.leaf.serial);
  if (entry !== undefined && TOKENS_STAY.includes(entry.reason)) return { at: stamp.latest, stamped: true };
  return { at: stamp.time, stamped: false };
}

function isCrlOf(crl, issuer) {
  return equalBytes(crl.issuer, issuer.subject);
}

/** The newest list that this CA signed, else the newest in its name, of two alike the last; null where there is none. */
async function findCrl(crls, issuer) {
  let found = null;
  for (const crl of crls.filter((each) => isCrlOf(each, issuer))) {
    const rank = [await isSignedCrl(crl, issuer), crl.thisUpdate];
    if (found === null || rank[0] > found.rank[0] || (rank[0] === found.rank[0] && rank[1] >= found.rank[1])) {
      found = { crl, rank };
    }
  }
  return found === null ? null : found.crl;
}

async function isSignedCrl(crl, issuer) {
  return crl.knownAlgorithm && (await ecdsaVerifies(issuer.point, crl.signature, crl.body));
}

/**
 * What the list says of a certificate, as a key with params.
 *
 * `moment.stamped`: a verified time stamp proves the moment, so that a later revocation leaves what was signed before valid.
 */
async function lookUp(certificate, issuer, crl, moment) {
  if (crl === null || !isCrlOf(crl, issuer)) refuse("untrusted", "crl-other-ca");
  const critical = [...crl.extensions].some(([oid, each]) => each.critical && !KNOWN_LIST_EXTENSIONS.includes(oid));
  const sound = !critical && !crl.entries.some((entry) => entry.critical);
  if (!sound || !(await isSignedCrl(crl, issuer))) refuse("untrusted", "crl-signature");
  const entry = crl.entries.find((each) => each.serial === certificate.serial);
  if (entry !== undefined) {
    const since = Math.min(entry.date, entry.invalidityDate ?? entry.date);
    // The signing time is only a claim, so without a time stamp a revoked key proves nothing, whatever date it writes.
    if (!moment.stamped || moment.at >= since) refuse("revoked", "revoked", { day: dayOf(entry.date) });
    return ["found-revoked-later", { since: minuteOf(since), at: minuteOf(moment.at) }];
  }
  if (crl.nextUpdate === null || moment.at > crl.nextUpdate) refuse("untrusted", "crl-stale");
  return ["found-revocation", { day: dayOf(crl.thisUpdate) }];
}
