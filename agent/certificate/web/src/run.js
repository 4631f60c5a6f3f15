// The steps of one verification, in their order; nothing counts as valid before the last one has passed.

const RECORD_STEPS = [
  "record form", "signature", "chain", "time stamp", "validity", "revocation", "issuer", "specimen", "evidence", "log",
  "checkpoint", "proof",
];
const SEAL_STEPS = ["seal form", "seal", "seal chain", "attachments"];
const DOCUMENT_STEPS = [...SEAL_STEPS, ...RECORD_STEPS, "same station", "page"];
const FINAL_STEPS = [...SEAL_STEPS, ...RECORD_STEPS, "registry", "page"];

class Run {
  constructor(names) {
    this.names = names;
    this.steps = [];
    this.remarks = [];
    this.failure = null;
    this.record = null;
    this.statement = null;
    this.chain = null;
    this.evidence = null;
    this.degree = null;
    this.digest = null;
  }

  /** One step: `check` says what it found as [key, params], with "not checked" as a third part where it could not. */
  async step(name, kind, check) {
    if (this.failure !== null || name !== this.names[this.steps.length]) throw new Error(`step ${name} is out of order`);
    try {
      const [key, params = {}, status = "ok"] = await check();
      this.steps.push({ name, status, key, params });
    } catch (error) {
      const known = error instanceof Finding;
      // Whatever goes wrong inside a step fails it: a defect of this page is never taken for "valid".
      const finding = known ? error : new Finding(kind, "not-understood", { what: String(error?.message ?? error) });
      this.steps.push({ name, status: "FAILED", key: finding.key, params: finding.params });
      this.failure = { kind: finding.kind ?? kind, step: name };
      throw new StepFailed();
    }
  }

  report() {
    const steps = [...this.steps];
    for (const name of this.names.slice(steps.length)) steps.push({ name, status: "not checked", key: "", params: {} });
    const read = this.record !== null || this.statement !== null;
    const valid = this.failure === null && this.steps.length === this.names.length && read && this.degree !== null;
    if (!valid && this.failure === null) throw new Error("a verification ended without a verdict");
    return {
      valid, failure: this.failure, steps: steps.map((step, at) => ({ number: at + 1, ...step })),
      remarks: this.remarks, record: valid ? this.record : null, statement: valid ? this.statement : null, chain: this.chain, degree: valid ? this.degree : null,
      digest: this.digest, evidence: this.evidence, mismatch: "", unable: null,
    };
  }
}

/** Ends a verification whose failing step has been noted. */
class StepFailed extends Error {}

async function reportOf(names, verify) {
  const run = new Run(names);
  try {
    await verify(run);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
  }
  return run.report();
}
