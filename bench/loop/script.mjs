// What every system is given: the same thoughts, and a record of 2 KB per step that is no other step's.
export const RECORD_BYTES = 2_048;

const record = Buffer.alloc(RECORD_BYTES, "the quick brown fox jumps over the lazy dog, again and again; ");

/** A fresh, flat string: systems that keep it pay for it, and none can share it with another step. */
export function readRecord(number) {
  record.write(String(number).padStart(8, "0"), 0, "latin1");
  return record.latin1Slice(0, RECORD_BYTES);
}

/** The turns of one run, counted. */
export const script = {
  steps: 0,
  turns: 0,
  toolCalls: 0,
  begin(steps) {
    Object.assign(this, { steps, turns: 0, toolCalls: 0 });
  },
  /** The number of the step that the model writes now, from 0; undefined when it is time to answer. */
  nextStep() {
    const step = this.turns++;
    return step < this.steps ? step : undefined;
  },
  read(number) {
    this.toolCalls++;
    return readRecord(number);
  },
  /** Throws unless every step called the tool once and the run ended with the answer. */
  end(answer) {
    const { steps, turns, toolCalls } = this;
    if (answer !== ANSWER || turns !== steps + 1 || toolCalls !== steps)
      throw new Error(`${turns} turns and ${toolCalls} calls for ${steps} steps, answer ${JSON.stringify(answer)}`);
  },
};

export const ANSWER = "done";
export const INSTRUCTIONS = "You read records.";
export const TASK = "Read every record.";
export const TOOL_NAME = "read_record";
export const TOOL_DESCRIPTION = "Reads one record.";

export function thought(step) {
  return `I read record ${step} next, since I have not seen it yet.`;
}
