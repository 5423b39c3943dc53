/** What one request to the model is answered with. A step with a tool call asks the caller to run it and to come back. */
export interface Step {
  reasoning?: string;
  text?: string;
  tool?: { name: string; input: Record<string, unknown> };
  usage?: Usage;
  /** Milliseconds between two streamed chunks, where this step has a pace of its own. */
  chunkMs?: number;
  /** An HTTP error instead of an answer. */
  failure?: Failure;
}

/** An HTTP error with which requests for a step are answered. */
export interface Failure {
  status: number;
  /** How many requests fail before the step is answered; all of them unless given. */
  times?: number;
  /** How soon to come back, in milliseconds; 100 unless given, so that an agent that tries again does not wait for seconds. */
  retryAfterMs?: number;
}

/** Token counts as the model reports them. */
export interface Usage {
  /** All of the prompt's tokens, the cached ones included. */
  input: number;
  /** All of the answer's tokens, those of the reasoning included. */
  output: number;
  cached?: number;
  reasoning?: number;
}

/** One turn: the steps that answer a prompt, in order. */
export interface Turn {
  /** A piece of the person's message that tells this turn from the others. */
  prompt: string;
  steps: Step[];
}

/** A conversation reduced to what decides the answer. */
export interface Asked {
  /** The text of the person's last message. */
  prompt: string;
  /** How many steps of this turn the model has already answered. */
  stepsDone: number;
  /** True when the caller only wants a title for the session. */
  isTitle: boolean;
}

const USAGE: Usage = { input: 200, output: 40 };

/** Three turns that show every kind of part: reasoning, a tool call, a code block. */
export const DEMO_TITLE = "Fix the bug";

/** The turns of the demo and of the end-to-end journeys. */
export const DEMO_TURNS: Turn[] = [
  {
    prompt: "Which files are here?",
    steps: [
      {
        reasoning: "The person wants a listing. I will run ls and read what it prints.",
        tool: {
          name: "bash",
          input: { command: "ls -1 && echo 'two files'", description: "List the files" },
        },
        usage: { input: 1234, output: 56, cached: 1000, reasoning: 17 },
      },
      {
        text: "There are two files: `README.md` and `sum.ts`.",
        usage: { input: 1300, output: 20 },
      },
    ],
  },
  {
    prompt: "Show me the fix",
    steps: [
      {
        text:
          "The loop stops one short. With the last element included:\n\n```ts\nexport function sum(values: number[]): number {\n" +
          "  let total = 0;\n  for (const value of values) total += value;\n  return total;\n}\n```\n\nIt now adds every value.",
        usage: { input: 1500, output: 80 },
      },
    ],
  },
  {
    prompt: "Why did it fail before?",
    steps: [
      {
        reasoning:
          "The old condition was i < values.length - 1, so the last value was never added.",
        text: "Because `i < values.length - 1` ends before the last index: **the last value was never added**.",
        usage: { input: 1650, output: 60, reasoning: 21 },
      },
    ],
  },
];

/** The step that answers, out of the script; a prompt that it does not know is echoed. */
export function chooseStep(
  turns: Turn[],
  title: string,
  asked: Asked,
): Required<Pick<Step, "usage">> & Step {
  if (asked.isTitle) return { text: title, usage: USAGE };
  const turn = turns.find(({ prompt }) => asked.prompt.includes(prompt));
  const step = turn?.steps[asked.stepsDone] ?? turn?.steps.at(-1);
  return { usage: USAGE, ...(step ?? { text: `You said: ${asked.prompt}` }) };
}

/** Text in the pieces that a model would stream: a few characters each, cut anywhere. */
export function pieces(text: string, size = 12): string[] {
  const characters = [...text];
  const count = Math.ceil(characters.length / size);
  return Array.from({ length: count }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}
