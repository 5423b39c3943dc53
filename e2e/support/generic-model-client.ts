/** How the pages of the generic agent's proof ask the scripted model: as any page does that speaks OpenAI's form. Runs in the page. */

/** A message in OpenAI's form. */
export interface ChatMessage {
  role: "user" | "assistant" | "tool";
  content: string | null;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
}

/** A call of a tool, in OpenAI's form. */
export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

interface Delta {
  content?: string;
  tool_calls?: { id?: string; function: { name?: string; arguments?: string } }[];
}

function post(body: object): Promise<Response> {
  const url = `${new URLSearchParams(location.search).get("model")}/chat/completions`;
  const headers = { "content-type": "application/json" };
  return fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ model: "fake-1", ...body }),
  });
}

/** Asks with everything that was said; `onText` hears the answer's text so far. Answers the whole message. */
export async function ask(
  messages: ChatMessage[],
  onText: (text: string) => void,
): Promise<ChatMessage> {
  const response = await post({ stream: true, messages });
  const answer: ChatMessage = { role: "assistant", content: "" };
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (text + piece).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) add(answer, event.slice("data: ".length));
    onText(answer.content ?? "");
  }
  return answer;
}

function add(answer: ChatMessage, data: string): void {
  const chunk = data === "[DONE]" ? null : (JSON.parse(data) as { choices: { delta: Delta }[] });
  const delta = chunk?.choices[0]?.delta ?? {};
  answer.content = (answer.content ?? "") + (delta.content ?? "");
  for (const { id, function: named } of delta.tool_calls ?? []) {
    answer.tool_calls ??= [];
    if (id) answer.tool_calls.push({ id, type: "function", function: { name: "", arguments: "" } });
    const call = answer.tool_calls.at(-1)!.function;
    call.name += named.name ?? "";
    call.arguments += named.arguments ?? "";
  }
}

/** Names the page after the session, as many pages do, by a request of its own. */
export async function nameSession(first: string): Promise<void> {
  const system = {
    role: "system",
    content: "You are a title generator. Answer with a title only.",
  };
  const response = await post({ messages: [system, { role: "user", content: first }] });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  document.title = choices[0]!.message.content;
}
