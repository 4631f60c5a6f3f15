// RFC 3161 time stamps of the registry, in the one exact form that it makes: taken apart, built again, compared.

const MAXIMUM_STAMP_BYTES = 16 * 1024;
// 2.25.12360723917704028252149150983687122828, the policy under which the registry stamps.
const STAMP_POLICY = bytesFromHex("06136992cccbafb7e1aa9ce7afc9c3b1d38488df0c");
const GRANTED = bytesFromHex("3003020100");
const ACCURACY_SECONDS = 1;

/** The token in a response that grants and holds nothing else. */
function tokenOf(response) {
  if (response.length > MAXIMUM_STAMP_BYTES) refuse(null, "stamp-form");
  try {
    const [status, token] = exactly(readDer(response, SEQUENCE), 2);
    if (equalBytes(status.raw, GRANTED)) return token.raw;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  return refuse(null, "stamp-form");
}

/** What a token states over this digest: its time, and the envelope with who signed it. */
async function openStamp(token, digest) {
  if (token.length > MAXIMUM_STAMP_BYTES) refuse(null, "stamp-form");
  let stated;
  let info;
  try {
    info = statementOf(token);
    stated = readStatement(info);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return refuse(null, "stamp-form");
  }
  if (!equalBytes(stated.imprint, digest)) refuse(null, "stamp-other");
  const envelope = await asKind(null, openEnvelope(token, await sha256(info), { info }));
  return { time: stated.time, latest: stated.time + ACCURACY_SECONDS * 1000, envelope };
}

function statementOf(token) {
  const [type, wrapped] = exactly(expectTag(signedDataOf(token)[2], SEQUENCE), 2);
  if (!equalBytes(type.raw, TST_INFO)) throw new DerError("no time stamp");
  return expectTag(exactly(expectTag(wrapped, CONTEXT_0), 1)[0], OCTET_STRING).contents;
}

function readStatement(info) {
  const [, , imprint, serial, time] = exactly(readDer(info, SEQUENCE), 6);
  const number = readInteger(serial);
  const moment = readTime(expectTag(time, 0x18));
  const digest = expectTag(exactly(imprint, 2)[1], OCTET_STRING).contents;
  const rebuilt = tlv(
    SEQUENCE,
    VERSION_1,
    STAMP_POLICY,
    tlv(SEQUENCE, SHA256_ALGORITHM, tlv(OCTET_STRING, digest)),
    serial.raw,
    time.raw,
    tlv(SEQUENCE, bytesFromHex("020101")),
  );
  if (digest.length !== 32 || number < 1n || !equalBytes(rebuilt, info)) throw new DerError("statement");
  return { imprint: digest, time: moment };
}

/** A refusal of something inside becomes one of this kind. */
async function asKind(kind, opening) {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof Finding) return refuse(kind, error.key, error.params);
    throw error;
  }
}
