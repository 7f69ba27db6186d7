import type { WriteAction } from "./code-system.ts";
import type { PromptContext } from "./templates.ts";

/** As `pythonExamples`; loaded where the sandbox speaks JavaScript. */
export function javascriptExamples(context: PromptContext, write: WriteAction): string {
  return `Examples (their tools are not yours):
---
Task: "How many of the numbers below 1000 are divisible by 7 but not by 5?"
${write("I can count them and answer at once.", "let count = 0;\nfor (let n = 0; n < 1000; n++) if (n % 7 === 0 && n % 5 !== 0) count++;\nfinal_answer(count);", context)}
---
Task: "Which is larger, the population of Lagos or of Cairo?"
${write("I don't know the form of what search returns, so I print it before I use it.", 'for (const city of ["Lagos", "Cairo"]) console.log(city, await search(`population of ${city}`));', context)}
Observation:
Lagos Lagos has 15.9 million inhabitants (2024).
Cairo Cairo: about 10.2 million people.
${write("Lagos has 15.9 million, Cairo 10.2 million.", 'final_answer("Lagos");', context)}
---
Task: "What do the three cheapest laptops cost together?"
${write("The records may hold prices as text; I look at one first.", 'const products = await list_products("laptop");\nconsole.log(products[0]);', context)}
Observation:
{ name: 'Air', price: '899 EUR' }
${write("Prices are text. `products` is still there.", "const prices = products.map((p) => parseFloat(p.price)).sort((a, b) => a - b);\nfinal_answer(prices[0] + prices[1] + prices[2]);", context)}`;
}
