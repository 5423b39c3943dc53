import { TestEngine } from "./testing.ts";

const FILL_BATCH = 8000;

/** Times of appending one message, in milliseconds. */
export interface AppendReport {
  small: { messages: number; medianMs: number };
  large: { messages: number; medianMs: number };
  /** Median at the large size over median at the small one. */
  ratio: number;
  fillMs: number;
}

function median(times: number[]): number {
  const sorted = [...times].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function filled(messages: number): Promise<TestEngine> {
  const engine = await TestEngine.withFixture();
  for (let from = 0; from < messages; from += FILL_BATCH) {
    const count = Math.min(FILL_BATCH, messages - from);
    await engine.mutation("chats:fill", { from, count });
  }
  return engine;
}

/** Appends to a small and a large store in turns (ABBA), so that whatever else the machine does hits both alike. */
export async function appendTrial(
  sizes: { small: number; large: number },
  rounds: number,
): Promise<AppendReport> {
  const small = await filled(sizes.small);
  const fillStart = performance.now();
  const large = await filled(sizes.large);
  const fillMs = performance.now() - fillStart;
  const times = new Map<TestEngine, number[]>([
    [small, []],
    [large, []],
  ]);
  const append = async (engine: TestEngine, key: string, at: number) => {
    const start = performance.now();
    await engine.mutation("chats:append", { name: `chat ${at % 100}`, key });
    times.get(engine)!.push(performance.now() - start);
  };
  try {
    for (let at = 0; at < 20; at++) {
      for (const engine of [small, large]) await append(engine, `warm ${at}`, at);
    }
    for (const taken of times.values()) taken.length = 0;
    for (let at = 0; at < rounds; at++) {
      const turns = [small, large, large, small];
      for (const [turn, engine] of turns.entries()) await append(engine, `new ${at} ${turn}`, at);
    }
    const medians = { small: median(times.get(small)!), large: median(times.get(large)!) };
    return {
      small: { messages: sizes.small, medianMs: medians.small },
      large: { messages: sizes.large, medianMs: medians.large },
      ratio: medians.large / medians.small,
      fillMs,
    };
  } finally {
    await Promise.all([small.dispose(), large.dispose()]);
  }
}
