import { expect, test } from "vitest";
import { checkOptionNames } from "./option-names.ts";

test("refuses an option that nobody reads", () => {
  checkOptionNames({ image: undefined }, { image: true, env: true });
  expect(() => checkOptionNames({ image: "a", imag: "b" }, { image: true, env: true })).toThrow(
    new TypeError("Expected an option of image, env, got `imag`"),
  );
  expect(() => checkOptionNames({ toString: 1 }, { image: true })).toThrow(TypeError);
});
