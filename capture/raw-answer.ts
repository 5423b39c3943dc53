/** Masks the secrets of an observation itself, before it is kept to be read again. */
import type { Observation } from "../agents/agent";
import { redactText } from "./redact-text";

/** A line of a stream that holds JSON, after what names it. */
const LINE_OF_JSON = /^([a-z\d]{0,8}:?\s*)([[{].*[\]}])\s*$/i;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A text with its secrets masked. Each line of JSON stays JSON; the lines between are looked at together. */
async function redactBody(text: string): Promise<string> {
  if (isJson(text)) return redactText(text);
  const masked: string[] = [];
  let plain: string[] = [];
  const flush = async () => {
    if (plain.length > 0) masked.push(await redactText(plain.join("\n")));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const [, name = "", json] = LINE_OF_JSON.exec(line) ?? [];
    if (json === undefined || !isJson(json)) {
      plain.push(line);
    } else {
      await flush();
      masked.push(name + (await redactText(json)));
    }
  }
  await flush();
  return masked.join("\n");
}

/** The observation without secrets in its addresses and bodies. */
export async function redactObservation(observation: Observation): Promise<Observation> {
  const { url, pageUrl, body, request } = observation;
  return {
    ...observation,
    url: await redactText(url),
    pageUrl: await redactText(pageUrl),
    body: await redactBody(body),
    ...(request === undefined ? {} : { request: await redactBody(request) }),
  };
}
