// SMART before and after, side by side (health_view.py).

/** Operational or damaged (NIST SP 800-88r2 Appendix C), as the newest health reading says. */
function conditionWords(drive, words) {
  if (drive.exclusions.some((each) => each.reason === "no longer answering")) return words.say("damaged");
  const report = drive.health_after ?? drive.health_before;
  if (report === null || report.verdict === "UNKNOWN") return words.say("not assessed");
  return words.say(report.verdict === "FAIL" ? "damaged" : "operational");
}

/** One row for each figure that one of the two readings has. */
function healthTable(drive, words) {
  const both = [drive.health_before, drive.health_after];
  if (both.every((report) => report === null)) return {};
  const rows = [];
  for (const [key, read] of Object.entries(HEALTH_FIGURES)) {
    const cells = both.map((report) => (report === null ? null : read(report, words)));
    if (cells.every((cell) => cell === null || cell === "")) continue;
    rows.push([words.say(key), ...cells.map((cell) => (cell === null ? words.say("not read") : cell || words.say("not stated")))]);
  }
  return { heading: words.say("health"), head: ["", words.say("smart before"), words.say("smart after")], rows };
}

function countOrNone(number, words) {
  return number === null ? "" : words.grouped(number);
}

const HEALTH_FIGURES = {
  "verdict": (report, words) => words.term("Verdict", report.verdict),
  "reasons": (report, words) => report.reasons.map((text) => words.phrase(shown(text, 120))).join("; "),
  "self-assessment": ({ self_assessment_passed: passed }, words) =>
    passed === null ? "" : words.say(passed ? "passed" : "not passed"),
  "hours": (report, words) => countOrNone(report.power_on_hours, words),
  "celsius": ({ temperature_celsius: degrees }, words) => (degrees === null ? "" : words.say("celsius words", { degrees })),
  "reallocated": (report, words) => countOrNone(report.reallocated_sectors, words),
  "pending": (report, words) => countOrNone(report.pending_sectors, words),
  "uncorrectable": (report, words) => countOrNone(report.uncorrectable_errors, words),
  "media errors": (report, words) => countOrNone(report.media_errors, words),
  "used": ({ percentage_used: used }, words) => (used === null ? "" : words.number(`${used} %`)),
  "self-test": (report, words) => words.term("SelfTestState", report.self_test.state),
  "snapshot": (report) => shown(report.snapshot_sha256),
};
