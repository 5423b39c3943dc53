/** A page with deep-chat, whose messages lie in a shadow root and are kept by the browser. Runs in the page. */
import "deep-chat";
import { ask, nameSession, type ChatMessage } from "./generic-model-client.ts";

interface Body {
  messages: { role: string; text: string }[];
}

interface Signals {
  onOpen(): void;
  onResponse(response: { text: string }): Promise<void>;
  onClose(): void;
}

function handler(body: Body, signals: Signals): void {
  const messages = body.messages.map(({ role, text }): ChatMessage => ({
    role: role === "user" ? "user" : "assistant",
    content: text,
  }));
  let shown = "";
  signals.onOpen();
  const answering = ask(messages, (text) => {
    void signals.onResponse({ text: text.slice(shown.length) });
    shown = text;
  });
  void answering.then(async () => {
    signals.onClose();
    if (messages.length === 1) await nameSession(messages[0]!.content ?? "");
  });
}

const old = [
  { role: "user", text: "What did we say last year?" },
  { role: "ai", text: "We spoke of **summer**." },
];

// Its own types lack their files.
const name: string = "deep-chat";
const chat = document.createElement(name);
Object.assign(chat, {
  // Everything that was said goes along with each request.
  requestBodyLimits: { maxMessages: -1 },
  // deep-chat's own form of requests and answers, or the model's.
  connect: location.pathname === "/own" ? { url: "/own" } : { stream: true, handler },
  ...(location.pathname === "/old" ? { history: old } : { browserStorage: true }),
});
document.body.append(chat);
