import { type Model, type ModelFunction, noUsage } from "@codelet/core";

/** A plain function as the kernel takes it for a model. Throws TypeError for what is neither. */
export function asModel(model: Model | ModelFunction): Model {
  if (typeof model !== "function") {
    if (typeof model?.generate === "function") return model;
    throw new TypeError(`Expected \`create\` to return a model, got type \`${typeof model}\``);
  }
  return {
    id: model.name || "function",
    async generate(request) {
      const answer = await model(request);
      return typeof answer === "string" ? { content: [{ type: "text", text: answer }], usage: noUsage, finishReason: "stop" } : answer;
    },
  };
}
