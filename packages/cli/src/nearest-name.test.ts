import { expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

it.each([
  ["cnofig", "config"],
  ["modl", "model"],
  ["moddel", "model"],
  ["donfig", "config"],
  ["mdel", "model"],
  ["medl", "model"],
  ["mode", "model"],
  ["exe", "executor"],
  ["ex", undefined],
  ["mxyzl", undefined],
  ["", undefined],
  ["modelmodel", undefined],
  ["confi", "config"],
  ["confga", "conga"],
  ["con", "config"],
])("%j may have been meant as %j", (written, nearest) => {
  expect(nearestName(written, ["node", "model", "executor", "config", "conga"])).toBe(nearest);
});
