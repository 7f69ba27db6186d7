import type { Model } from "@codelet/core";

/** The options themselves. Throws TypeError for what is no object, and for a name that is misspelled: what it should have switched on would stay off. */
export function checkOptions<Options extends object>(what: string, options: Options, known: { readonly [Name in keyof Options]-?: true }): Options {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(`Expected the options of \`${what}\` to be an object, got \`${String(options)}\``);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new TypeError(`Expected \`${what}\` to have only ${Object.keys(known).join(", ")}, got \`${unknown}\``);
  return options;
}

/** The model itself. Throws TypeError when it is none. */
export function checkModel(model: Model): Model {
  if (typeof model?.generate === "function") return model;
  throw new TypeError(`Expected \`model\` to be one, with \`id\` and \`generate\`, got type \`${typeof model}\``);
}

/** The recording itself. Throws TypeError for bytes, as a file is read without an encoding. */
export function checkRecording(name: string, text: string): string {
  if (typeof text === "string") return text;
  throw new TypeError(`Expected \`${name}\` to be text, as of readFileSync(path, "utf8"), got type \`${typeof text}\``);
}
