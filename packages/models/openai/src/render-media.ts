import { ConfigurationError, type ContentPart, ModelCallError } from "@codelet/core";
import { toBase64 } from "@codelet/core/value-codec";

type Image = Extract<ContentPart, { type: "image" }>["image"];
type File = Extract<ContentPart, { type: "file" }>["file"];

/** The only sounds that the API takes. */
const audioFormats: Readonly<Record<string, "wav" | "mp3">> = {
  "audio/wav": "wav",
  "audio/wave": "wav",
  "audio/x-wav": "wav",
  "audio/vnd.wave": "wav",
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
};

export function imagePart(image: Image): Readonly<Record<string, unknown>> {
  if ("url" in image) return { type: "image_url", image_url: { url: image.url } };
  if (!/^image\/[\w.+-]+$/.test(image.mediaType)) throw new ConfigurationError(`An image part holds media of type ${image.mediaType}.`);
  const mediaType = image.mediaType.replace(/^image\/jpg$/, "image/jpeg"); // the name that all providers know
  return { type: "image_url", image_url: { url: `data:${mediaType};base64,${toBase64(image.data)}` } };
}

/**
 * Sounds and PDF documents, by their bytes: the API fetches no addresses but those of pictures. Throws ModelCallError for anything else.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export function filePart(file: File): Readonly<Record<string, unknown>> {
  if ("url" in file) throw refused("the address of a file: pass its bytes");
  const mediaType = file.mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const format = audioFormats[mediaType];
  if (format !== undefined) return { type: "input_audio", input_audio: { data: toBase64(file.data), format } };
  if (mediaType === "application/pdf")
    return { type: "file", file: { filename: "document.pdf", file_data: `data:application/pdf;base64,${toBase64(file.data)}` } };
  throw refused(`${file.mediaType.slice(0, 100)}: pass pictures, wav, mp3 or pdf`);
}

function refused(what: string): ModelCallError {
  return new ModelCallError(`Chat completions don't take ${what}.`, { retryable: false });
}
