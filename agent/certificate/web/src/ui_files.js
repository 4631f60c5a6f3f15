// Files that were chosen or dropped, and what belongs together: a document alone, a record with what lies beside it.

const MAXIMUM_FILE_BYTES = 64 * 1024 * 1024;
const STATEMENT_FILE = /(?:^|\/)(?:lot|intake|destruction|acceptance)\.json$/;
const STATEMENT_NAMES = /(?:^| )(lot|intake|destruction|acceptance)\.json \1\.json\.p7s(?: |$)/;

async function contentsOf(file) {
  if (file.size > MAXIMUM_FILE_BYTES) refuse("usage", "file-large");
  return new Uint8Array(await file.arrayBuffer());
}

/** Files with their paths, out of an input element. */
function chosenFiles(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Files with their paths, out of what was dropped; folders are followed. */
async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return files;
}

async function collect(entry, files) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    files.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const each of batch) await collect(each, files);
  }
}

/** What is to be verified, and what is left over, in the order of the paths. */
function sortFiles(files) {
  const byPath = new Map(files.map((each) => [each.path, each.file]));
  const jobs = [];
  const used = new Set();
  const paths = [...byPath.keys()].sort();
  for (const path of paths) {
    if (/\.json$/i.test(path)) {
      const folder = path.replace(/[^/]*$/, "");
      const beside = new Map(Object.values(PROOF_NAMES).map((name) => [name, proofPath(name, path, folder)]));
      const proofs = [...beside].filter(([, each]) => byPath.has(each)).map(([name, each]) => [name, byPath.get(each)]);
      jobs.push({ kind: "record", path, file: byPath.get(path), signature: byPath.get(`${path}.p7s`) ?? null, proofs });
      [path, `${path}.p7s`, ...beside.values()].forEach((each) => used.add(each));
    } else if (/\.pdf$/i.test(path)) {
      const beside = path.replace(/[^/]*$/, "record.json");
      const evidence = [beside, `${beside}.p7s`].map((each) => byPath.get(each) ?? null);
      const stamp = path.replace(/\.pdf$/i, ".json.p7s.tsr");
      jobs.push({ kind: "document", path, file: byPath.get(path), evidence: evidence.includes(null) ? null : evidence, stamp: byPath.get(stamp) ?? null });
      [path, stamp].forEach((each) => used.add(each));
    }
  }
  return { jobs, left: paths.filter((path) => !used.has(path)) };
}

/** Where a proof of the record at this path would be: named after it, or a list in its folder. */
function proofPath(name, path, folder) {
  return name.startsWith("record.json") ? path + name.slice("record.json".length) : folder + name;
}

/** The report of one job; `mismatch` is the key of the words where a document and the files beside it differ. */
async function runJob(job, trust, at) {
  const bytes = await contentsOf(job.file);
  if (job.kind === "record") {
    if (job.signature === null) refuse("usage", "no-signature");
    const proofs = new Map();
    for (const [name, file] of job.proofs) proofs.set(name, await contentsOf(file));
    if (STATEMENT_FILE.test(job.path) || isStatement(bytes)) {
      return verifyStatement(bytes, await contentsOf(job.signature), proofsOf(proofs).timeStamp, trust, at);
    }
    return verifyRecord(bytes, await contentsOf(job.signature), proofsOf(proofs), trust, at);
  }
  const report = await verifyDocument(bytes, trust, at);
  const failed = report.steps.find((step) => step.status === "FAILED");
  // Sealed by somebody who is trusted, and another kind of document: a lot, a receipt, a destruction record.
  if (failed?.key === "attachments-other" && STATEMENT_NAMES.test(failed.params.names)) {
    return verifyStatementDocument(bytes, job.stamp && (await contentsOf(job.stamp)), trust, at);
  }
  if (report.valid && job.evidence !== null) {
    const beside = [await contentsOf(job.evidence[0]), await contentsOf(job.evidence[1])];
    const same = report.evidence.every((each, number) => equalBytes(each, beside[number]));
    const stem = documentKind(report.record) === "record" ? "record" : "certificate";
    const names = [`${stem}.pdf`, `${stem}.final.pdf`];
    if (!same) report.mismatch = "mismatch-evidence";
    else if (!names.includes(job.path.replace(/^.*\//, ""))) report.mismatch = "mismatch-name";
  }
  return report;
}
