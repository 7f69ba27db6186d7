const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Colour = keyof typeof codes;

/** Colours a part of one row, or leaves it alone. */
export type Paint = (colour: Colour, text: string) => string;

export const plainPaint: Paint = (_, text) => text;

export const colourPaint: Paint = (colour, text) => {
  const [open, close] = codes[colour];
  return text.trim() === "" ? text : `\u001b[${open}m${text}\u001b[${close}m`;
};
