// One result as a card: the verdict first, then what the record says, then every step. Text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

function element(name, { text, className, children = [], data = {} } = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/** valid, incomplete, specimen, statement, refused or unable: only the first is a certificate for a real machine. */
function verdictOf(report) {
  if (report.unable) return "unable";
  if (!report.valid || report.mismatch) return "refused";
  if (report.statement !== null) return statementVerdict(report.statement);
  if (report.record.specimen) return "specimen";
  return report.record.headline === "SANITIZED" ? "valid" : "incomplete";
}

function headingOf(report, verdict) {
  if (report.statement && report.valid && verdict !== "specimen") return statementHeading(report.statement);
  if (verdict !== "incomplete") return [`verdict-${verdict}`, `verdict-${verdict}-text`];
  const partial = documentKind(report.record) === "partial certificate";
  return partial ? ["verdict-partial", "verdict-partial-text"] : ["verdict-record", "verdict-record-text"];
}

function cardOf(path, report) {
  const verdict = verdictOf(report);
  const data = { verdict, path, step: report.failure?.step ?? "", kind: report.failure?.kind ?? "", degree: report.degree ?? "" };
  const children = [banner(report, verdict), element("div", { className: "inside", children: inside(path, report, verdict) })];
  return element("article", { data, children });
}

function banner(report, verdict) {
  const shape = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#shape-${verdict}`);
  shape.setAttribute("aria-hidden", "true");
  shape.append(use);
  const [title, text] = headingOf(report, verdict);
  const lines = [element("h3", { text: say(title) }), element("p", { text: say(text) })];
  if (report.failure) lines.push(element("p", { text: failureWords(report) }));
  if (report.mismatch) lines.push(element("p", { text: say(report.mismatch) }));
  if (report.unable) lines.push(element("p", { text: say(report.unable.key, report.unable.params) }));
  return element("div", { className: "verdict", children: [shape, element("div", { children: lines })] });
}

function failureWords(report) {
  const step = report.steps.find((each) => each.status === "FAILED");
  const words = say(step.key, step.params);
  return say("failed-at", { number: step.number, step: say(`step ${step.name}`), kind: say(`kind ${report.failure.kind}`), words });
}

function inside(path, report, verdict) {
  const parts = [element("p", { className: "name", text: path })];
  if (report.unable) return parts;
  if (report.record !== null && verdict !== "refused") parts.push(...recordWords(report), proofWords(report));
  if (report.statement) parts.push(...statementCard(report));
  if (report.remarks.length > 0 && report.valid) {
    parts.push(element("h4", { text: say("remarks") }));
    parts.push(list(report.remarks.map(([key, params]) => say(key, params))));
  }
  parts.push(element("h4", { text: say("steps") }), stepTable(report));
  return parts;
}

function list(texts) {
  return element("ul", { children: texts.map((text) => element("li", { text })) });
}

function pairs(rows) {
  return element("dl", { children: rows.flatMap(([term, text]) => [element("dt", { text: term }), element("dd", { text })]) });
}

function recordWords(report) {
  const { record, chain, digest } = report;
  const { host } = record;
  const rows = [
    [say("machine"), [host.manufacturer, host.model].map(oneLine).filter(Boolean).join(" ") || say("not-stated")],
    [say("serial"), oneLine(host.serial) || say("not-stated")],
    [say("headline"), `${record.headline} (${say(`headline ${record.headline}`)})`],
    [say("signed-by"), `${oneLine(chain.leaf.commonName)}, ${oneLine(chain.leaf.organisation)}`],
    [say("trusted-by"), oneLine(chain.root.commonName)],
    [say("claimed-date"), `${minuteOf(record.time.issued_at)} UTC`],
    [say("record-name"), record.record_id],
    ["SHA-256", digest],
  ];
  const parts = [element("h4", { text: say("record-says") }), pairs(rows)];
  if (record.drives.length > 0) parts.push(mediaTable(record.drives));
  return parts;
}

/** Device text as one line: nothing that steers a reader gets through. */
function oneLine(text) {
  return shown(text, 80);
}

function mediaTable(drives) {
  const head = ["medium", "serial", "outcome", "level", "technique"].map((key) => element("th", { text: say(key) }));
  const rows = drives.map((drive, at) => {
    const cells = [
      `${at + 1}. ${oneLine(drive.identity.model)}`, oneLine(drive.identity.serial) || say("not-stated"),
      `${drive.outcome} (${say(`outcome ${drive.outcome}`)})`, drive.level_reached, drive.technique ?? say("none"),
    ];
    return element("tr", { children: cells.map((text) => element("td", { text })) });
  });
  return element("table", { children: [element("thead", { children: [element("tr", { children: head })] }), element("tbody", { children: rows })] });
}

function proofWords(report) {
  const proven = ["proven-signed", "proven-evidence"];
  if (report.steps.some((step) => step.name === "page")) proven.push("proven-page");
  const claimed = ["claimed-honest", "claimed-date-only", "claimed-machine"];
  const params = { degree: say(`degree ${report.degree}`) };
  const side = (title, keys) =>
    element("div", { children: [element("h4", { text: say(title) }), list(keys.map((key) => say(key, params)))] });
  return element("div", { className: "columns", children: [side("proven", [...proven, "proven-degree"]), side("claimed", claimed)] });
}

function stepTable(report) {
  const rows = report.steps.map((step) => {
    const mark = { ok: "✓", FAILED: "✗", "not checked": "–" }[step.status];
    const params = step.params.degree ? { degree: say(`degree ${step.params.degree}`) } : step.params;
    const detail = step.key ? say(step.key, params) : "";
    const cells = [
      element("td", { text: String(step.number) }),
      element("td", { text: say(`step ${step.name}`) }),
      element("td", { className: "mark", text: `${mark} ${say(`status ${step.status}`)}` }),
      element("td", { text: detail }),
    ];
    return element("tr", { children: cells, data: { step: step.name, status: step.status } });
  });
  return element("table", { className: "steps", children: [element("tbody", { children: rows })] });
}
