import { ValueError } from "./errors.ts";
import { type Json, pythonFloat, type Value } from "./value.ts";

/** Integral numbers up to 2^53 are Python ints; beyond, a JavaScript number is a float and says so. */
export function encodeNumber(value: number): Json {
  if (Number.isSafeInteger(value) ? !Object.is(value, -0) : !Number.isInteger(value) && Number.isFinite(value)) return value;
  return { $type: "float", value: floatText(value) };
}

/** A float as Python writes it; the numbers that JSON lacks by their names. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** A number, marked as a float where Python could take it for an int. */
export function decodeFloat(value: string): Value {
  const number =
    value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : value === "-inf" ? Number.NEGATIVE_INFINITY : Number(value);
  if (Number.isNaN(number) && value !== "nan") throw new ValueError("Malformed float.");
  return Number.isSafeInteger(number) && !Object.is(number, -0) ? pythonFloat(number) : number;
}

/** A number where that holds all digits. Throws {@link ValueError} for what is no integer, and for more than 100,000 digits. */
export function decodeInteger(value: string): Value {
  if (!/^-?\d{1,100000}$/.test(value)) throw new ValueError("Malformed or oversized integer.");
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
