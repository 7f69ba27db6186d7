import type { JsonSchema, ToolSignature, Value } from "@codelet/core";
import type { HostFunction } from "../drive-step.ts";

interface SessionTool {
  readonly signature: ToolSignature;
  readonly run: HostFunction;
}

const text = { type: "string" };
const temperatures: Readonly<Record<string, number>> = { Paris: 18.5, London: 14.1, Tokyo: 22.3 };
const table = "name,qty,price\nwidget,3,2.50\ngadget,10,1.25\ndoohickey,1,99.99\n";

/** The host tools that python-sessions.jsonl calls. */
export const sessionTools: readonly SessionTool[] = [
  sessionTool(
    "web_search",
    { query: text },
    (query) =>
      `## Search Results\n\n[Result 1](https://ex.com/a)\nPopulation of ${query} is 2,102,650 (2023).\n\n[Result 2](https://ex.com/b)\nOther info: 48.85 N, 2.35 E`,
  ),
  sessionTool(
    "visit_webpage",
    { url: text },
    (url) => `# Page ${url}\n\n- Item A: $12.50\n- Item B: $7.25\n- Item C: $100.00\n\nContact: bob@example.com, alice@test.org`,
  ),
  sessionTool("get_weather", { city: text, celsius: { type: "boolean" } }, (city, celsius = true) => {
    const celsiusDegrees = temperatures[String(city)];
    if (celsiusDegrees === undefined) throw Object.assign(new Error(`unknown city ${city}`), { name: "ValueError" });
    return { city: String(city), temp: celsius ? celsiusDegrees : (celsiusDegrees * 9) / 5 + 32, conditions: ["cloudy", "windy"] };
  }),
  sessionTool("get_prices", { symbol: text }, (symbol) =>
    [0, 1, 2, 3, 4].map((day) => ({ date: `2024-01-0${day + 1}`, close: 100.25 + day * 1.5 + String(symbol).length })),
  ),
  sessionTool("list_files", { folder: text }, () => ["report_2023.csv", "notes.txt", "report_2024.csv", "img.png"]),
  sessionTool("read_file", { path: text }, (path) => (String(path).endsWith(".csv") ? table : "hello world\nhello agent\n")),
  sessionTool("ask_llm", { prompt: text }, () => '{"sentiment": "positive", "score": 0.87}'),
];

function sessionTool(
  name: string,
  properties: Readonly<Record<string, JsonSchema>>,
  run: (...values: readonly (Value | undefined)[]) => Value,
): SessionTool {
  const names = Object.keys(properties);
  return {
    signature: { name, description: `The tool ${name}.`, inputSchema: { type: "object", properties } },
    run: (args, kwargs) => run(...names.map((parameter, index) => args[index] ?? kwargs[parameter])),
  };
}
