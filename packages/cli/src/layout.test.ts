import { expect, it } from "vitest";
import { block } from "./layout.ts";
import { createView } from "./view.ts";

it("drops line ends at the end of a text only", () => {
  expect(block("\na\n\nb\n\n", "> ", createView())).toBe(">\n> a\n>\n> b\n");
});

it("takes no time over two hundred thousand line ends that don't end the text", () => {
  const startedAt = performance.now();
  block(`${"\n".repeat(200_000)}x`, "", createView());
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});
