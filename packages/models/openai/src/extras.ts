import { asList, asRecord, asText, type ForeignRecord, isDeep, jsonText } from "./foreign-json.ts";

// What servers add to calls and thoughts, and refuse the next request without: the kernel keeps it as a signature. What is deep is left out.
// https://ai.google.dev/gemini-api/docs/thought-signatures, https://openrouter.ai/docs/guides/best-practices/reasoning-tokens

/** The signature of a call: Google's `extra_content`. Undefined where there is none. */
export function callSignature(extraContent: unknown): string | undefined {
  return (asRecord(extraContent) && jsonText(extraContent)) || undefined;
}

/** As it goes back; undefined where the signature is another provider's. */
export function extraContent(signature: string | undefined): ForeignRecord | undefined {
  return asRecord(parsed(signature));
}

/** Gathers OpenRouter's `reasoning_details`, which a stream has in pieces. */
export interface DetailsMerger {
  add(details: unknown): void;
  /** The signature of the thoughts; undefined where there were no details. */
  finish(): string | undefined;
}

export function detailsMerger(): DetailsMerger {
  const merged: ForeignRecord[] = [];
  return {
    add(details) {
      for (const entry of asList(details)) {
        const piece = asRecord(entry);
        const last = merged.at(-1);
        const field = piece?.type === "reasoning.text" ? "text" : piece?.type === "reasoning.summary" ? "summary" : undefined;
        if (piece === undefined) continue;
        const isEnded = asText(last?.signature) !== ""; // a signature comes last
        const goesOn = field !== undefined && last?.type === piece.type && last?.index === piece.index && !isEnded;
        if (goesOn) merged[merged.length - 1] = { ...last, ...piece, [field]: asText(last?.[field]) + asText(piece[field]) };
        else merged.push(piece);
      }
    },
    finish: () => detailsSignature(merged),
  };
}

/** The signature of the thoughts of a whole message, whose details are whole. Undefined where there are none. */
export function detailsSignature(details: unknown): string | undefined {
  const known = asList(details).filter((entry) => asRecord(entry) !== undefined && !isDeep(entry));
  return known.length === 0 ? undefined : JSON.stringify(known);
}

/** As they go back; empty where the signature is another provider's. */
export function reasoningDetails(signature: string | undefined): readonly unknown[] {
  return asList(parsed(signature));
}

function parsed(signature: string | undefined): unknown {
  try {
    return JSON.parse(signature ?? "");
  } catch {
    return undefined;
  }
}
