/** Marks of chat templates, at which a turn ends or another begins. */
export const chatMark =
  "<[|｜](?:im_|end|eot_|eom_|start|return|call|user|tool|observation|User|tool_outputs)[^<>\\n]{0,30}>|<(?:start|end)_of_turn>|\\[/?INST\\]";

const outcome =
  "(?:(?:tool|execution|code|program|console|terminal|last|tool_code)[ _]?)?(?:outputs?|results?|logs?|responses?)\\b[^\\n:]{0,30}?(?:\\**:|[>\\]]|\\**\\s*$)";

/** What a model writes when nobody stops it: an outcome of its action, or another turn. */
export const madeUp: RegExp = new RegExp(
  `^[\\s>#*_\`~[<|-]*(?:observations?\\b|${outcome}|(?:user|human|(?:new )?task)\\**:|观察|输出)|${chatMark}`,
  "im",
);
