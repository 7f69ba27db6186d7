import { CodeAgent, CodeletError, ToolCallingAgent, ToolError } from "@codelet/core";
import { expect, it } from "vitest";

it("keeps the names of its classes in what is published, which stack traces and consoles show", () => {
  expect([CodeAgent, ToolCallingAgent, CodeletError, ToolError].map(({ name }) => name)).toEqual([
    "CodeAgent",
    "ToolCallingAgent",
    "CodeletError",
    "ToolError",
  ]);
});
