/** What is loaded where a run does something else between its actions; in one piece, as `with-others.ts` is. */
export { lastAnswer } from "./last-answer.ts";
export { makePlan } from "./planning.ts";
export { callBack, compact, objectionOf } from "./step-callbacks.ts";
