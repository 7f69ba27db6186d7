import { expect, test } from "vitest";
import { isAccessKey, option, readOptions } from "./options.ts";

test("fills in the defaults, and refuses an option that is in no row", () => {
  const readers = { image: option.text("python"), cpus: option.number(1, { minimum: 0.5 }), folder: option.optional(option.text("")) };
  expect(readOptions({ image: undefined, cpus: 2, imag: undefined }, readers)).toEqual({ image: "python", cpus: 2, folder: undefined });
  expect(() => readOptions({ image: "a", imag: "b" }, readers)).toThrow(new TypeError("Expected an option of image, cpus, folder, got `imag`"));
  expect(() => readOptions({ toString: 1 }, readers)).toThrow(TypeError);
});

test.each([
  [null, "`null`"],
  [undefined, "`undefined`"],
  ["image", "`image`"],
  [7, "`7`"],
  [["image"], "a list"],
])("refuses %o in place of options", (options, got) => {
  expect(() => readOptions(options as never, {})).toThrow(new TypeError(`Expected the options to be an object, got ${got}`));
});

test("says what it got in one line that is not long", () => {
  expect(() => option.text("", "a name", /^a$/)("b\nc", "image")).toThrow(new TypeError("Expected `image` to be a name, got `b\\nc` (string)"));
  expect(() => option.text("", "a name", /^a$/)("b".repeat(1_000), "image")).toThrow(/b{200}`/);
  expect(() => option.packageNames(["pandas\n"])).toThrow(/got `pandas\\n`$/);
});

test.each([
  ["an option's name", () => readOptions({ ["\u001b]0;x\u0007".repeat(1_000)]: 1 }, {})],
  ["options that are none", () => readOptions("\u009b1m".repeat(1_000) as never, {})],
  ["a value", () => option.text("", "a name", /^a$/)("\u009b1m\r\u007f".repeat(1_000), "image")],
  ["a text's name", () => option.texts({ ["\u001b[2J".repeat(1_000)]: 7 }, "labels")],
  ["an object without a text", () => option.text("")({ toString: 1 }, "image")],
])("shows no control character and no long text of %s", (_, read) => {
  expect(read).toThrow(TypeError);
  expect(read).toThrow(/^Expected [^\p{Cc}]{1,300}$/u);
});

test("takes numbers within their bounds, the bounds included", () => {
  expect(option.integer(250, { minimum: 0 })(0, "graceMs")).toBe(0);
  expect(option.number(1, { minimum: 0.5, maximum: 2 })(0.5, "cpus")).toBe(0.5);
  expect(option.number(1, { minimum: 0.5, maximum: 2 })(2, "cpus")).toBe(2);
});

test.each([
  [-1, "`-1` (number)"],
  [1.5, "`1.5` (number)"],
  [Number.NaN, "`NaN` (number)"],
  [Number.POSITIVE_INFINITY, "`Infinity` (number)"],
  ["7", "`7` (string)"],
  [null, "`null` (object)"],
])("says what it expected in place of %o", (value, got) => {
  expect(() => option.integer(250, { minimum: 0 })(value, "graceMs")).toThrow(
    new TypeError(`Expected \`graceMs\` to be an integer >= 0, got ${got}`),
  );
});

test("names both bounds where there are two, and all choices", () => {
  expect(() => option.number(1, { minimum: 0.5, maximum: 8 })(9, "cpu")).toThrow(
    new TypeError("Expected `cpu` to be a number from 0.5 to 8, got `9` (number)"),
  );
  expect(() => option.number(1, { minimum: 0 })(Number.POSITIVE_INFINITY, "cpu")).toThrow(TypeError);
  const policy = option.oneOf("missing", "always", "never");
  expect(policy(undefined, "pullPolicy")).toBe("missing");
  expect(policy("never", "pullPolicy")).toBe("never");
  expect(() => policy("Never", "pullPolicy")).toThrow(
    new TypeError('Expected `pullPolicy` to be "missing", "always" or "never", got `Never` (string)'),
  );
  expect(() => option.flag(true)("false", "blockNetwork")).toThrow(
    new TypeError("Expected `blockNetwork` to be true or false, got `false` (string)"),
  );
});

test("takes texts and lists of strings, and no string for a list", () => {
  expect(option.text("")("python:3.13", "image")).toBe("python:3.13");
  expect(() => option.text("codelet")("", "app")).toThrow(new TypeError("Expected `app` to be a name, got `` (string)"));
  expect(() => option.text("", "the name of an image")(7, "image")).toThrow(
    new TypeError("Expected `image` to be the name of an image, got `7` (number)"),
  );
  expect(() => option.text("a", "a name without spaces", /^\S+$/)("a b", "image")).toThrow(/a name without spaces/);
  const domains = ["a.org"];
  expect(option.textList(domains, "allowedDomains")).toEqual(domains);
  expect(option.textList(domains, "allowedDomains")).not.toBe(domains);
  expect(option.textList(undefined, "allowedDomains")).toEqual([]);
  for (const wrong of ["a.org", [7], null, {}])
    expect(() => option.textList(wrong, "allowedDomains")).toThrow(/`allowedDomains` to be a list of strings/);
  expect(option.packageNames(["pandas"])).toEqual(["pandas"]);
  for (const wrong of ["pandas", ["--index-url=x"], null]) expect(() => option.packageNames(wrong)).toThrow(/`packages`/);
});

test("takes objects of options and lists of them, copied, and says which one is wrong", () => {
  const mount = option.object({ source: option.text("", "an absolute path", /^\//), writable: option.flag(false) });
  const mounts = [{ source: "/data" }];
  const read = option.list(mount);
  expect(read(mounts, "mounts")).toEqual([{ source: "/data", writable: false }]);
  expect(read(undefined, "mounts")).toEqual([]);
  expect(() => read("/data", "mounts")).toThrow(new TypeError("Expected `mounts` to be a list, got `/data` (string)"));
  expect(() => read([...mounts, null], "mounts")).toThrow(new TypeError("Expected `mounts[1]` to be an object, got `null`"));
  expect(() => read([{}], "mounts")).toThrow(new TypeError("Expected `mounts[0].source` to be an absolute path, got `undefined` (undefined)"));
  expect(() => read([{ source: "/", writeable: true }], "mounts")).toThrow(
    new TypeError("Expected an option of source, writable, got `mounts[0].writeable`"),
  );
  expect(() => readOptions({ mount: [] }, { mount })).toThrow(new TypeError("Expected `mount` to be an object, got a list"));
});

test("takes variables of strings, and shows no value of those that are none", () => {
  const variables = { REPORT: "weekly" };
  expect(option.environment(variables, "env")).toEqual(variables);
  expect(option.environment(variables, "env")).not.toBe(variables);
  expect(option.environment(undefined, "env")).toEqual({});
  for (const wrong of [null, [], "REPORT=weekly", { "NO NAME": "x" }, { REPORT: 7 }]) expect(() => option.environment(wrong, "env")).toThrow(/`env/);
  expect(() => option.environment({ REPORT: "secret\0" }, "env")).toThrow(expect.not.stringContaining("secret"));
  expect(() => option.texts({ "a b": Symbol("secret") }, "metadata")).toThrow(new TypeError("Expected `metadata.a b` to be a string, got symbol"));
});

test("takes a key that can be sent as a header, and shows nothing of what can't", () => {
  expect(option.accessKey("as-1_a=", "apiKey")).toBe("as-1_a=");
  expect(option.accessKey(undefined, "apiKey")).toBeUndefined();
  for (const key of ["s3cret\n", "s3 cret", "s3crét", "", 7, null]) {
    expect(isAccessKey(key)).toBe(false);
    const message = "Expected `apiKey` to be a text of printable characters without spaces";
    expect(() => option.accessKey(key, "apiKey")).toThrow(new TypeError(message));
  }
});
