import { expect, it } from "vitest";
import { withShortIds } from "./short-ids.ts";

const calling = (...ids: readonly string[]) => ({ role: "assistant", content: null, tool_calls: ids.map((id) => ({ id, type: "function" })) });
const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "x" });

it("gives each call that has no id of nine letters and digits one, the same in its result and in all later prompts", () => {
  const first = [{ role: "user", content: "A" }, calling("call1", "abcdefgh9", "abcdefgh_"), result("abcdefgh_"), result("call1")];
  const later = [...first, { role: "assistant", content: "B" }, calling("abcdefgh90"), result("abcdefgh90")];
  const short = [{ role: "user", content: "A" }, calling("call00000", "abcdefgh9", "call00002"), result("call00002"), result("call00000")];
  expect(withShortIds(first)).toEqual(short);
  expect(withShortIds(later)).toEqual([...short, { role: "assistant", content: "B" }, calling("call00003"), result("call00003")]);
});
