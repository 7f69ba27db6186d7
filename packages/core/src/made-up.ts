/** Marks of chat templates, at which a turn ends or another begins. */
export const chatMark =
  "<[|｜](?:(?:im_|end|eot_|eom_|start)[^<>\\n]{0,30}|return|call|user|tool|observation|tool▁outputs?▁begin)[|｜]>|<(?:start|end)_of_turn>|<\\|turn>|<turn\\|>|\\[/?INST\\]";

const outcome =
  "(?:(?:tool|execution|code|program|console|terminal|expected|last|tool_code)[ _]?)?(?:outputs?|results?|logs?|responses?)\\b(?: ?\\d+| ?\\([^)\\n]{0,40}\\)| (?:of|from|for) [^\\n:]{0,40})?[ \\t]{0,20}(?:\\**:|[>\\]]|\\**[ \\t]*\\r?$)";

/** What a model writes when nobody stops it: an outcome of its action, or another turn. */
export const madeUp: RegExp = new RegExp(
  `^[ \\t>#*_\`~[<|-]*(?:observations?\\b|${outcome}|(?:user|human|(?:new )?task)\\**:|观察|输出)|${chatMark}`,
  "im",
);

/** Pieces of a text up to an outcome that the model made up between them: what it wrote from there on is made up too. */
export function untilMadeUp<Piece extends { readonly start: number; readonly end: number }>(
  text: string,
  pieces: readonly Piece[],
): readonly Piece[] {
  const cut = pieces.findIndex(({ start }, index) => index > 0 && madeUp.test(text.slice(pieces[index - 1]?.end, start)));
  return cut < 0 ? pieces : pieces.slice(0, cut);
}
