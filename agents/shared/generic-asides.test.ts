import { describe, expect, it } from "vitest";
import { isAside } from "./generic-asides";
import { readChatRequest } from "./generic-request";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const system = (content: string) => ({ role: "system", content });

function isLeftOut(messages: object[], isStreamed = false): boolean {
  return isAside(readChatRequest(JSON.stringify({ stream: isStreamed, messages }))!);
}

describe("left out as the page's own", () => {
  it.each([
    ["a generator of titles", [system("You are a title generator."), user("How do I sort?")]],
    [
      "a system prompt for titles, in the set form",
      [
        system(
          "Generate a short title based on the first message of the conversation. No quotes, at most 80 characters.",
        ),
        user("How do I sort a list?"),
      ],
    ],
    [
      "a title of a session that is repeated as text",
      [
        user(
          "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n<chat_history>\nUSER: hi\n</chat_history>",
        ),
      ],
    ],
    [
      "tags",
      [
        user(
          "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history.\nJSON only.\n<chat_history>\nUSER: hi",
        ),
      ],
    ],
    [
      "what to ask next",
      [
        user(
          "### Task:\nSuggest 3-5 relevant follow-up questions that the user might naturally ask next in this conversation. Return only a JSON list.\n\n<chat_history>\nUSER: hi",
        ),
      ],
    ],
    [
      "a title, asked behind the session itself",
      [
        user("How do I sort?"),
        assistant("With sort()."),
        user("Write a title for our conversation in 5 words or fewer. Reply with only the title."),
      ],
    ],
    [
      "a summary of the session",
      [
        user("How do I sort?"),
        assistant("With sort()."),
        user("Summarize the conversation above in 200 words. Do not include any explanation."),
      ],
    ],
  ])("%s", (_, messages) => expect(isLeftOut(messages)).toBe(true));
});

describe("kept, for a person may have written it", () => {
  it.each<[string, object[], boolean]>([
    ["a plain question", [user("How do I sort a list?")], false],
    ["a title of something else", [user("Write a title for my book about the sea.")], false],
    [
      "a summary of a text, in few words",
      [user("Summarize this article in 100 words: The sea was calm.")],
      false,
    ],
    ["a wish about the session, in free words", [user("Give this chat a name")], false],
    [
      "the same in the set form, but streamed as answers to people are",
      [
        user("How do I sort?"),
        assistant("With sort()."),
        user("Write a title for our conversation in 5 words."),
      ],
      true,
    ],
    [
      "a session whose system prompt speaks of summaries",
      [
        system("You are a friend. When a conversation ends, write a summary in 50 words."),
        user("Hello"),
      ],
      true,
    ],
    [
      "a later turn of such a session",
      [
        system("Generate a title for the conversation when asked. Only the title."),
        user("Hello"),
        assistant("Hi"),
        user("How are you?"),
      ],
      false,
    ],
  ])("%s", (_, messages, isStreamed) => expect(isLeftOut(messages, isStreamed)).toBe(false));
});
