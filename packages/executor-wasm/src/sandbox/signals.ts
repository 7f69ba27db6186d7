/**
 * Interrupts: the host sends a signal, the watcher thread turns it into the word that Pyodide polls while Python runs.
 *
 * A signal that comes late must not hit the next step. So the host counts epochs: after it interrupted a step, its next frame starts with
 * `epochMark`, and each epoch uses the other one of two signals. A signal of the wrong epoch is dropped; one that is lost is sent again.
 * Not SIGINT: a terminal sends that to the whole group, and the host alone decides what it means.
 */
export const signalOfEpoch = (epoch: number): "SIGUSR1" | "SIGUSR2" => (epoch % 2 === 0 ? "SIGUSR1" : "SIGUSR2");

/** A control character, which JSON text never contains. */
export const epochMark = 0x03;

export interface SignalMemory {
  /** The words below, 32 bits each. */
  readonly words: SharedArrayBuffer;
  /** What Pyodide polls: 2 (SIGINT) or 0. Apart from the others, since code may get at it. */
  readonly pyodideWord: SharedArrayBuffer;
}

export const word = {
  /** 0 or 1. */
  epoch: 0,
  /** Counts interrupts, to wake a sleeping interpreter. */
  wakes: 1,
  /** 1 once the watcher listens. */
  ready: 2,
} as const;

export const allocateSignals = (): SignalMemory => ({ words: new SharedArrayBuffer(16), pyodideWord: new SharedArrayBuffer(4) });

/** The watcher's end. */
export function raiseInterrupt({ words, pyodideWord }: SignalMemory, epoch: number): void {
  const shared = new Int32Array(words);
  const pyodide = new Int32Array(pyodideWord);
  if (Atomics.load(shared, word.epoch) !== epoch) return;
  Atomics.store(pyodide, 0, sigint);
  if (Atomics.load(shared, word.epoch) !== epoch) Atomics.store(pyodide, 0, 0); // the epoch ended meanwhile
  Atomics.add(shared, word.wakes, 1);
  Atomics.notify(shared, word.wakes);
}

/** The interpreter's end. */
export interface Interrupts {
  /** What `setInterruptBuffer` takes. */
  readonly pyodideWord: Int32Array;
  nextEpoch(): void;
  /** Sleeps; false when an interrupt came first. */
  sleep(milliseconds: number): boolean;
  /** The host may send signals once a session has answered: by then somebody must listen. */
  awaitWatcher(): void;
}

export function openInterrupts(memory: SignalMemory): Interrupts {
  const shared = new Int32Array(memory.words);
  const pyodideWord = new Int32Array(memory.pyodideWord);
  return {
    pyodideWord,
    nextEpoch() {
      Atomics.store(shared, word.epoch, 1 - Atomics.load(shared, word.epoch));
      Atomics.store(pyodideWord, 0, 0);
    },
    sleep(milliseconds) {
      const deadline = performance.now() + milliseconds;
      for (;;) {
        const wakes = Atomics.load(shared, word.wakes);
        if (Atomics.load(pyodideWord, 0) !== 0) return false;
        const left = deadline - performance.now();
        if (left <= 0) return true;
        Atomics.wait(shared, word.wakes, wakes, left);
      }
    },
    awaitWatcher: () => {
      Atomics.wait(shared, word.ready, 0);
    },
  };
}

const sigint = 2;
