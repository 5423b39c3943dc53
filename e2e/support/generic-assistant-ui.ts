/** A page with assistant-ui, whose adapter runs the model's tools in the page. Runs in the page. */
import {
  AssistantRuntimeProvider,
  type ChatModelAdapter,
  ComposerPrimitive,
  MessagePrimitive,
  ThreadPrimitive,
  useLocalRuntime,
} from "@assistant-ui/react";
import { MarkdownTextPrimitive } from "@assistant-ui/react-markdown";
import { createElement as h } from "react";
import { createRoot } from "react-dom/client";
import { ask, nameSession, type ChatMessage } from "./generic-model-client.ts";

/** What was said in OpenAI's form, with the calls and results that the adapter made itself. */
const said: ChatMessage[] = [];

const adapter: ChatModelAdapter = {
  async *run({ messages }) {
    const [part] = messages.at(-1)?.content ?? [];
    said.push({ role: "user", content: part?.type === "text" ? part.text : "" });
    for (;;) {
      const answer = await ask(said, () => undefined);
      said.push(answer);
      if (answer.content) yield { content: [{ type: "text", text: answer.content }] };
      if (!answer.tool_calls) break;
      for (const { id } of answer.tool_calls) {
        said.push({ role: "tool", tool_call_id: id, content: "README.md\nsum.ts" });
      }
    }
    if (messages.length === 1) await nameSession(said[0]?.content ?? "");
  },
};

function UserMessage() {
  return h(
    MessagePrimitive.Root,
    { className: "aui-user-message-root" },
    h(MessagePrimitive.Parts),
  );
}

function AssistantMessage() {
  const components = { Text: () => h(MarkdownTextPrimitive) };
  return h(
    MessagePrimitive.Root,
    { className: "aui-assistant-message-root" },
    h(MessagePrimitive.Parts, { components }),
  );
}

function Page() {
  const runtime = useLocalRuntime(adapter);
  const components = { UserMessage, AssistantMessage };
  return h(
    AssistantRuntimeProvider,
    { runtime },
    h(ThreadPrimitive.Root, null, [
      h(ThreadPrimitive.Messages, { key: "messages", components }),
      h(
        ComposerPrimitive.Root,
        { key: "composer" },
        h(ComposerPrimitive.Input, { placeholder: "Ask" }),
      ),
    ]),
  );
}

createRoot(document.body.appendChild(document.createElement("main"))).render(h(Page));
