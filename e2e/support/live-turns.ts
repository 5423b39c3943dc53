/** What the scripted model answers to the turns of live-opencode.spec.ts: every kind of part, tool and failure. */
import type { Step, Turn } from "../../local/model-script.ts";

/** A slow answer's text; it takes far longer than a person who stops it. */
export const SLOW_TEXT =
  "The plan is simple: read the file, change the loop, run it again. ".repeat(8);

const CODE = [
  "Two ways, für 日本 and 😀:",
  "",
  "```ts",
  "const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);",
  "```",
  "",
  "| way | lines |",
  "| --- | ----- |",
  "| loop | 5 |",
  "| reduce | 1 |",
].join("\n");

const OPTIONS = [
  { label: "Red", description: "A warm one" },
  { label: "Blue", description: "A cold one" },
];
const QUESTIONS = [{ question: "Which colour is it?", header: "Colour", options: OPTIONS }];

/** A picture of one pixel as PNG, in base64. */
export const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function call(name: string, input: Record<string, unknown>, more: Step = {}): Step {
  return { ...more, tool: { name, input } };
}

function bash(command: string, description: string): Step {
  return call("bash", { command, description });
}

function task(prompt: string): Step {
  return call("task", { description: "Count the files", prompt, subagent_type: "general" });
}

function turn(prompt: string, ...steps: Step[]): Turn {
  return { prompt, steps };
}

export const LIVE_TURNS: Turn[] = [
  // What opencode itself asks: these come first, for their prompts may quote the others.
  turn("</conversation>", { text: "## Goal\n\nMake `sum` add every value." }),
  turn("Continue if you have next steps", { text: "Nothing is left to do." }),
  turn("Summarize the task tool output", { text: "The review found nothing." }),
  turn("You are a code reviewer", { text: "No bugs were found." }),

  turn("Say hello", { text: "Hello. What shall we do?" }),
  turn("Show me code", { text: CODE, usage: { input: 900, output: 120, cached: 600 } }),
  turn("Think first", {
    reasoning: "Slowly now: the last index is length - 1, so < length is right.",
    text: "The loop ends one **too early**.",
    usage: { input: 1000, output: 90, cached: 700, reasoning: 33 },
  }),
  turn(
    "List the files",
    call("bash", { command: "ls -1", description: "List" }, { reasoning: "I will look." }),
    { text: "Two files." },
  ),
  turn("Write the notes", call("write", { filePath: "notes.md", content: "# Notes\n" }), {
    text: "Written.",
  }),
  turn(
    "Fix the loop",
    call("read", { filePath: "sum.ts" }),
    call("edit", { filePath: "sum.ts", oldString: "length - 1", newString: "length" }),
    { text: "The loop now reaches the last value." },
  ),
  turn("Read what is missing", call("read", { filePath: "nowhere.ts" }), {
    text: "There is no such file.",
  }),
  turn("Let a command fail", bash("echo oops >&2; exit 3", "Fail"), { text: "It failed." }),
  turn(
    "Plan the work",
    call("todowrite", {
      todos: [
        { content: "Read", status: "completed", priority: "high" },
        { content: "Write", status: "pending", priority: "low" },
      ],
    }),
    { text: "Planned." },
  ),
  turn(
    "Look at the picture",
    bash(`echo ${DOT} | base64 -d > dot.png`, "Write a picture"),
    call("read", { filePath: "dot.png" }),
    { text: "It is a dot." },
  ),

  turn("Ask a helper", task("HELPER count them"), { text: "The helper counted two." }),
  turn("HELPER", bash("ls | wc -l", "Count"), { text: "I counted two." }),
  turn("counts again", task("SECOND count"), { text: "Still two." }),
  turn("SECOND", { text: "Two, again." }),

  turn("Remove the first", bash("rm -f first.txt", "Remove a file"), { text: "It is gone." }),
  turn("Remove the second", bash("rm -f second.txt", "Remove a file"), { text: "Not reached." }),
  turn("Ask me something", call("question", { questions: QUESTIONS }), { text: "Blue it is." }),
  turn("Ask me in vain", call("question", { questions: QUESTIONS }), { text: "Not reached." }),

  turn("Count slowly", { text: SLOW_TEXT, chunkMs: 200 }),
  turn("Sleep for long", bash("sleep 60", "Sleep"), { text: "Not reached." }),
  turn("Be refused", { failure: { status: 400 } }),
  turn("Fail twice", { failure: { status: 500, times: 2 }, text: "Now it worked." }),
  turn("Fail for ever", { failure: { status: 500 } }),
  turn("Be overloaded", { failure: { status: 503, retryAfterMs: 60_000 } }),
  turn("Take your time", { text: SLOW_TEXT.slice(0, 400), chunkMs: 60 }),
  turn("Fill the context", { text: "That was a lot.", usage: { input: 99_000, output: 20 } }),
];
