/** Modules without files, network or processes, importable under every `authorizedImports` list. */
// biome-ignore format: a list
export const baseImports: readonly string[] = [
  "__future__", "abc", "array", "ast", "asyncio.*", "base64", "bisect", "calendar", "cmath", "collections.*", "colorsys", "concurrent.futures", "contextlib", "copy", "csv",
  "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq", "hmac", "html.*", "io", "itertools", "json.*",
  "keyword", "locale", "math", "numbers", "operator", "pprint", "queue", "random", "re", "secrets", "stat", "statistics", "string", "struct", "textwrap", "time",
  "traceback", "types", "typing", "unicodedata", "uuid", "warnings", "zlib", "zoneinfo",
];
