import { beforeEach, expect, it } from "vitest";
import type { Profile } from "../utils/storage";
import { createProvision, type Told } from "./account";
import type { Caller, CallResult } from "./convex-caller";
import { trouble } from "./troubles";

const URL = "https://a.convex.cloud";
let profile: Profile | null;
let enabled: string[];
let told: Told;
/** What was sent, as `function arguments`. */
let sent: string[];
let answers: CallResult<null>[];

beforeEach(() => {
  profile = { id: "user_me", email: "me@a.test" };
  [enabled, sent, answers] = [["b", "a"], [], []];
  told = { user: "", agents: "" };
});

const call: Caller = async (_url, _owner, work) => {
  const client = {
    mutation: (_name: unknown, args: object) =>
      Promise.resolve(void sent.push(JSON.stringify(args))),
  };
  const answer = answers.shift();
  if (answer && answer.kind !== "done") return answer;
  return { kind: "done", value: await work(client as never) };
};

const provision = createProvision({
  call,
  getProfile: () => Promise.resolve(profile),
  getEnabledAgents: () => Promise.resolve([...enabled]),
  told: {
    getValue: () => Promise.resolve(told),
    setValue: (value) => Promise.resolve(void (told = value)),
  },
  now: () => 1,
});

const USER = '{"email":"me@a.test"}';
const AGENTS = '{"enabledAgents":["a","b"]}';

it("says who the person is and what is on, once for each deployment", async () => {
  await provision(URL, "user_me", false);
  await provision(URL, "user_me", false);
  expect(sent).toEqual([USER, AGENTS]);
  await provision("https://b.convex.cloud", "user_me", false);
  expect(sent).toEqual([USER, AGENTS, USER, AGENTS]);
});

it("says again what changed, and nothing else", async () => {
  await provision(URL, "user_me", false);
  sent = [];
  enabled = ["a"];
  await provision(URL, "user_me", false);
  profile = { id: "user_me", email: "new@a.test" };
  await provision(URL, "user_me", false);
  expect(sent).toEqual(['{"enabledAgents":["a"]}', '{"email":"new@a.test"}']);
});

it("tries again after it failed, and holds messages back only without a user", async () => {
  const later: CallResult<null> = { kind: "later", trouble: trouble("deployment-unreachable", 1) };
  answers = [later];
  expect(await provision(URL, "user_me", false)).toEqual(later);
  answers = [{ kind: "done", value: null }, later];
  expect(await provision(URL, "user_me", false)).toEqual({ kind: "done", value: null });
  expect(sent).toEqual([USER]);
  await provision(URL, "user_me", false);
  expect(sent).toEqual([USER, AGENTS]);
});

it("never speaks for another person than the one who is signed in", async () => {
  expect(await provision(URL, "user_you", false)).toEqual({ kind: "signed-out" });
  profile = null;
  expect(await provision(URL, "user_me", false)).toEqual({ kind: "signed-out" });
  expect(sent).toEqual([]);
});
