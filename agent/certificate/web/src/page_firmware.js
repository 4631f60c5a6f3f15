// The drive's own erase on a page (firmware_view.py): what was tried, what the drive said, what markers and read-back showed.

const MOST_RAW = 400;
const MOST_STATUSES = 6;
const MOST_COMMANDS = 12;

function attemptViews(drive, words) {
  return drive.attempts.map((tried, at) => ({
    heading: words.say("attempt", { number: at + 1 }),
    facts: attemptFacts(tried, drive, words).map(([label, text]) => [label, text || words.say("none")]),
  }));
}

/** Bytes that were shown to be erased: by the read-back, else by the markers that changed. */
function bytesShown(tried) {
  if (tried.read_back !== null) return tried.read_back.bytes_accepted;
  const check = tried.markers;
  return check !== null && check.planted > 0n ? floorDivided(check.bytes_total * check.changed, check.planted) : 0n;
}

function ownCoverage(tried, size, words) {
  const percent = words.percent(bytesShown(tried), size);
  return tried.read_back === null ? words.say("coverage markers", { percent }) : percent;
}

function ownReadBack(tried, size, words) {
  if (tried.read_back !== null) return erasedWords(tried.read_back, words);
  if (tried.markers === null) return words.say("none");
  return words.say("markers only", { percent: words.percent(bytesShown(tried), size) });
}

function attemptFacts(tried, drive, words) {
  const outcome = words.term("CommandOutcome", tried.outcome);
  // A reason of spaces alone is shown as one, unlike the detail of an exclusion.
  const detail = words.phrase(shown(tried.reason, MOST_TEXT));
  const attempt = {
    technique: words.term("Technique", tried.technique),
    outcome: tried.reason === "" ? outcome : words.say("with detail", { what: outcome, detail }),
    took: words.duration(tried.duration_ms),
  };
  const between = tried.seen.slice(0, MOST_STATUSES).map((status) => rawStatus(status, words));
  const more = tried.seen.length - MOST_STATUSES;
  if (more > 0) between.push(words.say("more", { count: more }));
  const facts = [
    [words.say("technique"), words.say("attempt words", attempt)],
    [words.say("begun"), words.moment(tried.started_at)],
    [words.say("commands"), tried.tools.slice(0, MOST_COMMANDS).map((tool) => commandWords(tool, words)).join("; ")],
    [words.say("status before"), rawStatus(tried.status_before, words)],
    ...between.map((text) => [words.say("status between"), text]),
    [words.say("status after"), rawStatus(tried.status_after, words)],
  ];
  if (tried.markers !== null) facts.push([words.say("markers"), markerWords(tried.markers, words)]);
  return [...facts, [words.say("verification"), ownReadBack(tried, drive.identity.capacity_bytes, words)]];
}

function commandWords(tool, words) {
  const how = tool.code === null ? words.say("stopped") : words.say("exit code", { code: tool.code });
  return `${shown(tool.argv.join(" "), MOST_TEXT)} (${how})`;
}

function rawStatus(status, words) {
  return `${words.term("CommandState", status.state)} [${shown(status.raw.join(", "), MOST_RAW)}]`;
}

function markerWords(check, words) {
  const [planted, confirmed, changed, unreadable] = [check.planted, check.confirmed, check.changed, check.unreadable].map((count) =>
    words.grouped(count),
  );
  return words.say("marker words", { planted, confirmed, changed, unreadable });
}

function erasedWords(check, words) {
  const text = words.say("erased words", {
    kind: words.term("VerificationKind", check.kind),
    expected: words.bytes(check.bytes_expected),
    read: words.bytes(check.bytes_read),
    same: words.bytes(check.bytes_accepted),
    values: shown(check.values.join("; "), MOST_RAW),
    took: words.duration(check.duration_ms),
  });
  if (check.refused_sectors === 0n) return text;
  return `${text}; ${words.say("something else", { count: words.grouped(check.refused_sectors) })}`;
}
