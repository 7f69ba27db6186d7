import { expect, test } from "vitest";
import { checkOptionNames } from "./option-names.ts";

test("refuses an option that nobody reads", () => {
  checkOptionNames({ image: undefined }, { image: undefined, env: {} });
  expect(() => checkOptionNames({ image: "a", imag: "b" }, { image: undefined, env: {} })).toThrow(
    new TypeError("Expected an option of image, env, got `imag`"),
  );
  expect(() => checkOptionNames({ toString: 1 }, { image: "a" })).toThrow(TypeError);
});
