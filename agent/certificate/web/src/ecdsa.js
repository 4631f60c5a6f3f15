// ECDSA on P-256 with SHA-256 (FIPS 186-4), through WebCrypto, which takes R and S as 32 bytes each.

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

// AlgorithmIdentifier { id-ecPublicKey, prime256v1 } (RFC 5480 2.1.1) and { ecdsa-with-SHA256 } (RFC 5758 3.2).
const P256_KEY = bytesFromHex("301306072a8648ce3d020106082a8648ce3d030107");
const ECDSA_WITH_SHA256 = bytesFromHex("300a06082a8648ce3d040302");

/** The point of a SubjectPublicKeyInfo on P-256, uncompressed; null for any other key. */
function p256Point(subjectPublicKeyInfo) {
  const [algorithm, bits] = exactly(readDer(subjectPublicKeyInfo, SEQUENCE), 2);
  if (!equalBytes(algorithm.raw, P256_KEY)) return null;
  const point = readBits(bits);
  return point.length === 65 && point[0] === 4 ? point : null;
}

/** R and S of a signature in DER; null where either is out of range (it would never verify). */
function readSignature(der) {
  const [r, s] = exactly(readDer(der, SEQUENCE), 2).map(readInteger);
  const inRange = (number) => number > 0n && number < P256_ORDER;
  return inRange(r) && inRange(s) ? { r, s } : null;
}

/** Whether this key made this signature over these bytes. */
async function ecdsaVerifies(point, signatureDer, data) {
  let pair;
  try {
    pair = readSignature(signatureDer);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
  if (pair === null) return false;
  const raw = bytesFromHex([pair.r, pair.s].map((number) => number.toString(16).padStart(64, "0")).join(""));
  const key = await importPoint(point);
  if (key === null) return false;
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, raw, data);
}

async function importPoint(point) {
  try {
    return await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch (error) {
    // A point that is not on the curve.
    if (error instanceof DOMException) return null;
    throw error;
  }
}
