// Detached CAdES-B-B (EN 319 122-1) in the one exact form of docs/certificate.md, "The signature".
//
// The free parts are taken out, the envelope is built again from them, and every byte is compared: unsigned attributes, a
// second signer or another spelling then differ.

const MAXIMUM_ENVELOPE_BYTES = 16 * 1024;

const DATA = bytesFromHex("06092a864886f70d010701");
const SIGNED_DATA = bytesFromHex("06092a864886f70d010702");
const CONTENT_TYPE = bytesFromHex("06092a864886f70d010903");
const MESSAGE_DIGEST = bytesFromHex("06092a864886f70d010904");
const SIGNING_TIME = bytesFromHex("06092a864886f70d010905");
const SIGNING_CERTIFICATE_V2 = bytesFromHex("060b2a864886f70d010910022f");
const SIGNATURE_TIME_STAMP = bytesFromHex("060b2a864886f70d010910020e");
const TST_INFO = bytesFromHex("060b2a864886f70d0109100104");
const SHA256_ALGORITHM = bytesFromHex("300b0609608648016503040201");
const VERSION_1 = bytesFromHex("020101");
const VERSION_3 = bytesFromHex("020103");

/**
 * The parts of an envelope over content of this digest.
 *
 * `timed`: with a signing time. `stamped`: a time stamp over the signature may follow it. `info`: the content itself, where
 * it travels inside (a time stamp's statement).
 */
async function openEnvelope(der, digest, { timed = false, stamped = false, info = null }) {
  if (der.length > MAXIMUM_ENVELOPE_BYTES) refuse("signature", "envelope-large", { size: der.length });
  let envelope;
  let rebuilt;
  try {
    envelope = takeApart(der, timed);
    envelope.attributes = await signedAttributes(envelope, info === null ? DATA : TST_INFO);
    rebuilt = buildEnvelope(envelope, info);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return refuse("signature", "envelope-foreign");
  }
  if (!equalBytes(rebuilt, der) || (envelope.stamp !== null && !stamped)) refuse("signature", "envelope-form");
  if (!equalBytes(envelope.digest, digest)) refuse("signature", "digest-differs");
  await checkSigner(envelope);
  return envelope;
}

function signedDataOf(der) {
  const [kind, wrapped] = exactly(readDer(der, SEQUENCE), 2);
  if (!equalBytes(kind.raw, SIGNED_DATA)) throw new DerError("not signed data");
  return exactly(expectTag(exactly(expectTag(wrapped, CONTEXT_0), 1)[0], SEQUENCE), 5);
}

function takeApart(der, timed) {
  const [, , , certificates, signers] = signedDataOf(der);
  const [leaf, issuingCa] = inOrder(exactly(expectTag(certificates, CONTEXT_0), 2).map((node) => node.raw));
  const signer = childrenOf(expectTag(exactly(expectTag(signers, SET), 1)[0], SEQUENCE));
  if (signer.length < 6) throw new DerError("signer");
  const values = attributeValues(expectTag(signer[3], CONTEXT_0));
  return {
    leaf,
    issuingCa,
    digest: expectTag(valueOf(values, MESSAGE_DIGEST), OCTET_STRING).contents,
    signingTime: timed ? readTime(valueOf(values, SIGNING_TIME)) : null,
    signature: expectTag(signer[5], OCTET_STRING).contents,
    stamp: signer.length > 6 ? valueOf(attributeValues(expectTag(signer[6], 0xa1)), SIGNATURE_TIME_STAMP).raw : null,
  };
}

function attributeValues(attributes) {
  const values = new Map();
  for (const attribute of childrenOf(attributes)) {
    const [type, set] = exactly(expectTag(attribute, SEQUENCE), 2);
    values.set(hexOf(type.raw), exactly(expectTag(set, SET), 1)[0]);
  }
  return values;
}

function valueOf(values, type) {
  const value = values.get(hexOf(type));
  if (value === undefined) throw new DerError("an attribute is missing");
  return value;
}

function inOrder([first, second]) {
  const [one, other] = [first, second].map(certificateNames);
  return equalBytes(one.issuer, other.subject) ? [first, second] : [second, first];
}

/** The contents of the SET OF signed attributes (RFC 5652 5.3, RFC 5035 3). */
async function signedAttributes(envelope, contentType) {
  const named = [];
  for (const der of [envelope.leaf, envelope.issuingCa]) {
    named.push(tlv(SEQUENCE, tlv(OCTET_STRING, await sha256(der))));
  }
  const values = [
    [CONTENT_TYPE, contentType],
    [MESSAGE_DIGEST, tlv(OCTET_STRING, envelope.digest)],
    [SIGNING_CERTIFICATE_V2, tlv(SEQUENCE, tlv(SEQUENCE, ...named))],
  ];
  if (envelope.signingTime !== null) values.push([SIGNING_TIME, timeDer(envelope.signingTime)]);
  return concatBytes(...sortedDer(values.map(([type, value]) => tlv(SEQUENCE, type, tlv(SET, value)))));
}

/** RFC 5652 11.3: UTCTime through 2049, GeneralizedTime after. */
function timeDer(moment) {
  const digits = new Date(moment).toISOString().slice(0, 19).replace(/[-T:]/g, "");
  const year = Number(digits.slice(0, 4));
  if (year >= 1950 && year < 2050) return tlv(0x17, bytesFromLatin1(`${digits.slice(2)}Z`));
  return tlv(0x18, bytesFromLatin1(`${digits}Z`));
}

function buildEnvelope(envelope, info) {
  const names = certificateNames(envelope.leaf);
  const unsigned =
    envelope.stamp === null ? [] : [tlv(0xa1, tlv(SEQUENCE, SIGNATURE_TIME_STAMP, tlv(SET, envelope.stamp)))];
  const signer = tlv(
    SEQUENCE,
    VERSION_1,
    tlv(SEQUENCE, names.issuer, names.serial),
    SHA256_ALGORITHM,
    tlv(CONTEXT_0, envelope.attributes),
    ECDSA_WITH_SHA256,
    tlv(OCTET_STRING, envelope.signature),
    ...unsigned,
  );
  const content = info === null ? tlv(SEQUENCE, DATA) : tlv(SEQUENCE, TST_INFO, tlv(CONTEXT_0, tlv(OCTET_STRING, info)));
  const signedData = tlv(
    SEQUENCE,
    // RFC 5652 5.1: version 3 where the content is anything but plain data.
    info === null ? VERSION_1 : VERSION_3,
    tlv(SET, SHA256_ALGORITHM),
    content,
    tlv(CONTEXT_0, ...sortedDer([envelope.leaf, envelope.issuingCa])),
    tlv(SET, signer),
  );
  return tlv(SEQUENCE, SIGNED_DATA, tlv(CONTEXT_0, signedData));
}

async function checkSigner(envelope) {
  let point = null;
  let pair = null;
  try {
    point = p256Point(certificateNames(envelope.leaf).key);
    pair = readSignature(envelope.signature);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    refuse("signature", point === null ? "signer-key" : "ecdsa-form");
  }
  if (point === null) refuse("signature", "signer-key");
  // Of the two S that would verify, only the lower one is taken: one signing act has one envelope.
  if (pair === null || pair.s > P256_ORDER / 2n) refuse("signature", "ecdsa-form");
  if (!(await ecdsaVerifies(point, envelope.signature, tlv(SET, envelope.attributes)))) {
    refuse("signature", "ecdsa-wrong");
  }
}
