import type { CaptureStatus } from "../utils/storage";
import { count } from "./format";

/** The overall state of what was captured, one sentence each. */
export function captureWords(status: CaptureStatus): string[] {
  const { waiting, waitingForOthers, refused, masked } = status;
  const lines: string[] = [];
  if (waiting > 0) {
    lines.push(`${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"} to be sent.`);
  }
  if (waitingForOthers > 0) {
    const verb = waitingForOthers === 1 ? "waits" : "wait";
    lines.push(`${count(waitingForOthers, "message")} ${verb} for another person to sign in.`);
  }
  if (refused > 0) {
    lines.push(`${count(refused, "message")} refused by Convex; kept in this browser.`);
  }
  if (lines.length === 0) lines.push("Nothing waits: all that was captured is in Convex.");
  if (masked > 0) {
    lines.push(
      `${count(masked, "secret")} ${masked === 1 ? "was" : "were"} masked before anything was stored.`,
    );
  }
  return lines;
}
