import type { ExamplePrograms } from "./code-system.ts";

/** As `pythonPrograms`; loaded where the sandbox speaks JavaScript. */
export const javascriptPrograms: ExamplePrograms = {
  count: "let count = 0;\nfor (let n = 0; n < 1000; n++) if (n % 7 === 0 && n % 5 !== 0) count++;\nfinal_answer(count);",
  search: 'for (const city of ["Lagos", "Cairo"]) console.log(city, await search(`population of ${city}`));',
  answer: 'final_answer("Lagos");',
  beforeLook: "The records may hold prices as text; I look at one first.",
  look: 'const products = await list_products("laptop");\nconsole.log(products[0]);',
  seen: "{ name: 'Air', price: '899 EUR' }",
  beforeSum: "Prices are text. `products` is still there.",
  sum: "const prices = products.map((p) => parseFloat(p.price)).sort((a, b) => a - b);\nfinal_answer(prices[0] + prices[1] + prices[2]);",
};
