const TITLES = ["", "what", "measure", "best", "ratio", "target", ""];
const NUMERIC_COLUMNS = new Set([3, 4, 5]);

/** All records as one table of plain text. */
export function renderTable(records) {
  const rows = records.map(cells);
  const widths = TITLES.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (row) => row.map((text, column) => (NUMERIC_COLUMNS.has(column) ? text.padStart(widths[column]) : text.padEnd(widths[column])));
  const rule = widths.map((width) => "-".repeat(width));
  const lines = [TITLES, rule, ...rows].map((row) => line(row).join("  ").trimEnd());
  const skipped = records.filter(({ skipped }) => skipped !== undefined);
  const reasons = new Set(skipped.map(({ subject, skipped }) => `skipped: ${subject}: ${skipped}`));
  return [...lines, ...(reasons.size > 0 ? ["", ...reasons] : [])].join("\n");
}

function cells({ group, subject, measure, value, unit, ratio, ratioTo, target, verdict = "", skipped }) {
  if (skipped !== undefined) return [group, subject, measure, "skipped", "", "", ""];
  return [
    group,
    subject,
    measure,
    amount(value, unit),
    ratio === undefined ? "" : `${round(ratio)}x ${ratioTo}`,
    limit(target, unit, ratioTo),
    verdict,
  ];
}

function limit(target, unit, ratioTo) {
  if (target === undefined) return "";
  return target.ratio === undefined ? `<= ${amount(target.value, unit)}` : `<= ${target.ratio}x ${ratioTo}`;
}

function amount(value, unit) {
  return unit === "x" ? `${round(value)}x` : `${round(value)} ${unit}`;
}

function round(value) {
  if (value >= 100) return String(Math.round(value));
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
