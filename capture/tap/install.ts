import { handOver, offerPort, onHandOver } from "../seal";
import { tapCancels } from "./cancels";
import { tapFetch } from "./fetch";
import { connect } from "./link";
import { tapWebSocket } from "./websocket";
import { tapXhr } from "./xhr";

/**
 * The page side of capture. Copies the bodies that the agents' rules name and hands them over; never changes, delays or breaks what the page
 * does. Wraps a document once: after an update of the extension the first tap goes on with the new port and rules.
 */
export function installTap(): void {
  const { port1, port2 } = new MessageChannel();
  const rules = offerPort(port2);
  if (rules === null || handOver(port1, rules)) return;
  connect(port1, rules);
  onHandOver(connect);
  tapCancels();
  tapFetch();
  tapXhr();
  tapWebSocket();
}
