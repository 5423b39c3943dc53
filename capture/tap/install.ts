import { handOver, offerPort, onHandOver } from "../seal";
import { tapCancels } from "./cancels";
import { ask, tapFetch } from "./fetch";
import { connect } from "./link";
import { tapWebSocket } from "./websocket";
import { tapXhr } from "./xhr";

function take(port: MessagePort, rules: string): void {
  connect(port, rules, (wish) => void ask(wish));
}

/**
 * The page side of capture. Copies the bodies that the agents' rules name and hands them over; never changes, delays or breaks what the page
 * does. Wraps a document once: after an update of the extension the first tap goes on with the new port and rules.
 */
export function installTap(): void {
  const { port1, port2 } = new MessageChannel();
  const rules = offerPort(port2);
  if (rules === null || handOver(port1, rules)) return;
  take(port1, rules);
  onHandOver(take);
  tapCancels();
  tapFetch();
  tapXhr();
  tapWebSocket();
}
