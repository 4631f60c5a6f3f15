// Certificates (RFC 5280) of one fixed shape: root (path length 1) <- issuing CA (path length 0) <- station, P-256 and SHA-256.

const KEY_USAGE = "551d0f";
const BASIC_CONSTRAINTS = "551d13";
const EXTENDED_KEY_USAGE = "551d25";
const NAME_CONSTRAINTS = "551d1e";
const KNOWN_EXTENSIONS = [BASIC_CONSTRAINTS, KEY_USAGE, "551d0e", "551d23"];
const COMMON_NAME = "550403";
const ORGANISATION_NAME = "55040a";

// BasicConstraints and KeyUsage have one DER spelling for each meaning, so whole values are compared.
const CA_OF_CAS = "30060101ff020101";
const CA_OF_LEAVES = "30060101ff020100";
const NO_CA = "3000";
const SIGNS_CERTIFICATES = "03020106";
const USAGES = { station: "030206c0", registry: "03020780", timestamp: "03020780" };
const TIME_STAMPING_ONLY = "300a06082b06010505070308";

/** Issuer, serial number and key of a certificate, whatever its shape; the chain is judged later. */
function certificateNames(der) {
  const fields = childrenOf(expectTag(exactly(readDer(der, SEQUENCE), 3)[0], SEQUENCE));
  const first = fields[0]?.tag === CONTEXT_0 ? 1 : 0;
  if (fields.length < first + 6) throw new DerError("certificate");
  return {
    serial: expectTag(fields[first], INTEGER).raw,
    issuer: expectTag(fields[first + 2], SEQUENCE).raw,
    subject: expectTag(fields[first + 4], SEQUENCE).raw,
    key: expectTag(fields[first + 5], SEQUENCE).raw,
  };
}

/** A certificate of version 3 with a P-256 key, signed with ECDSA and SHA-256; DerError for any other. */
async function parseCertificate(der) {
  const [body, algorithm, signature] = exactly(readDer(der, SEQUENCE), 3);
  const fields = exactly(expectTag(body, SEQUENCE), 8);
  const [version, serial, innerAlgorithm, issuer, validity, subject, key, extensions] = fields;
  if (!equalBytes(version.raw, bytesFromHex("a003020102"))) throw new DerError("version");
  if (![algorithm, innerAlgorithm].every((node) => equalBytes(node.raw, ECDSA_WITH_SHA256))) {
    throw new DerError("algorithm");
  }
  const [notBefore, notAfter] = exactly(expectTag(validity, SEQUENCE), 2).map(readTime);
  const point = p256Point(key.raw);
  if (point === null) throw new DerError("key");
  return {
    der,
    body: body.raw,
    signature: readBits(signature),
    serial: readInteger(serial).toString(16),
    issuer: issuer.raw,
    subject: subject.raw,
    notBefore,
    notAfter,
    point,
    extensions: readExtensions(expectTag(extensions, 0xa3)),
    commonName: nameText(subject, COMMON_NAME),
    organisation: nameText(subject, ORGANISATION_NAME),
    sha256: hexOf(await sha256(der)),
  };
}

function readExtensions(node) {
  const found = new Map();
  for (const extension of childrenOf(expectTag(exactly(node, 1)[0], SEQUENCE))) {
    const parts = childrenOf(expectTag(extension, SEQUENCE));
    // FALSE is the default, and a default is left out (X.690 11.5).
    const critical = parts.length === 3;
    if (critical && !equalBytes(parts[1].raw, [0x01, 0x01, 0xff])) throw new DerError("critical");
    if (!critical && parts.length !== 2) throw new DerError("extension");
    const oid = readOid(parts[0]);
    if (found.has(oid)) throw new DerError("an extension stands there twice");
    found.set(oid, { critical, value: hexOf(expectTag(parts.at(-1), OCTET_STRING).contents) });
  }
  return found;
}

/** The one value of this kind in a name, empty where there is none or more than one. */
function nameText(name, oid) {
  const values = [];
  for (const set of childrenOf(expectTag(name, SEQUENCE))) {
    for (const pair of childrenOf(expectTag(set, SET))) {
      const [type, value] = exactly(expectTag(pair, SEQUENCE), 2);
      if (readOid(type) === oid) values.push(directoryString(value));
    }
  }
  return values.length === 1 ? values[0] : "";
}

function directoryString(node) {
  if (![0x0c, 0x13, 0x16].includes(node.tag)) throw new DerError("string");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(node.contents);
  } catch {
    throw new DerError("string");
  }
}

function isCa(certificate, constraints) {
  return (
    hasCritical(certificate, BASIC_CONSTRAINTS, constraints) &&
    hasCritical(certificate, KEY_USAGE, SIGNS_CERTIFICATES) &&
    !certificate.extensions.has(EXTENDED_KEY_USAGE) &&
    knowsEveryCritical(certificate, KNOWN_EXTENSIONS)
  );
}

/** Whether this certificate is meant for this and nothing else. */
function isLeaf(certificate, kind) {
  const constraints = certificate.extensions.get(BASIC_CONSTRAINTS);
  const stamps = kind === "timestamp";
  return (
    (constraints === undefined || constraints.value === NO_CA) &&
    hasCritical(certificate, KEY_USAGE, USAGES[kind]) &&
    (stamps
      ? hasCritical(certificate, EXTENDED_KEY_USAGE, TIME_STAMPING_ONLY)
      : !certificate.extensions.has(EXTENDED_KEY_USAGE)) &&
    knowsEveryCritical(certificate, stamps ? [...KNOWN_EXTENSIONS, EXTENDED_KEY_USAGE] : KNOWN_EXTENSIONS)
  );
}

function hasCritical(certificate, oid, value) {
  const extension = certificate.extensions.get(oid);
  return extension !== undefined && extension.critical && extension.value === value;
}

/** Name constraints are not evaluated, so a certificate with any is refused, critical or not. */
function knowsEveryCritical(certificate, known) {
  const { extensions } = certificate;
  const every = [...extensions].every(([oid, extension]) => !extension.critical || known.includes(oid));
  return every && !extensions.has(NAME_CONSTRAINTS);
}

async function isIssuedBy(certificate, issuer) {
  return (
    equalBytes(certificate.issuer, issuer.subject) &&
    (await ecdsaVerifies(issuer.point, certificate.signature, certificate.body))
  );
}

async function isRoot(certificate) {
  return isCa(certificate, CA_OF_CAS) && (await isIssuedBy(certificate, certificate));
}

/** The roots in PEM; Finding "usage" where one is no root. */
async function loadRoots(text) {
  const blocks = pemBlocks(text, "CERTIFICATE");
  if (blocks === null || blocks.length === 0) return refuse("usage", "root-no-pem");
  const roots = [];
  for (const der of blocks) {
    const root = await parseCertificate(der).catch((error) => {
      if (error instanceof DerError) return null;
      throw error;
    });
    if (root === null || !(await isRoot(root))) return refuse("usage", "root-no-root");
    roots.push(root);
  }
  return roots;
}

/** The checked path from an envelope's signer to a given root. */
async function findChain(envelope, roots, kind) {
  let leaf;
  let issuingCa;
  try {
    issuingCa = await parseCertificate(envelope.issuingCa);
    leaf = await parseCertificate(envelope.leaf);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return refuse("untrusted", "chain-shape");
  }
  let root = null;
  for (const each of roots) if (root === null && (await isIssuedBy(issuingCa, each))) root = each;
  if (root === null) return refuse("untrusted", "chain-no-root");
  if (!isCa(issuingCa, CA_OF_LEAVES) || !(await isIssuedBy(leaf, issuingCa))) {
    return refuse("untrusted", "chain-not-issued");
  }
  if (!isLeaf(leaf, kind)) return refuse("untrusted", "chain-usage");
  return { leaf, issuingCa, root, kind, testRoot: isTestRoot(root) };
}

function isTestRoot(root) {
  return root.commonName.split(/\s+/).includes("TEST");
}

/** The three validity periods at one moment. */
function checkValidity(chain, at) {
  const titles = [[chain.leaf, chain.kind], [chain.issuingCa, "issuing-ca"], [chain.root, "root"]];
  for (const [certificate, title] of titles) {
    if (at > certificate.notAfter) refuse("expired", `expired-${title}`, { day: dayOf(certificate.notAfter) });
    if (at < certificate.notBefore) refuse("not yet valid", `early-${title}`, { day: dayOf(certificate.notBefore) });
  }
}

function dayOf(moment) {
  return new Date(moment).toISOString().slice(0, 10);
}

function minuteOf(moment) {
  return new Date(moment).toISOString().slice(0, 16).replace("T", " ");
}
