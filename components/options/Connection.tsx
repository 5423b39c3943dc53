import { useState, type FormEvent } from "react";
import { sendMessage } from "../../utils/messages";
import type { Answer } from "../../utils/errors";
import type { Settings } from "../../utils/storage";
import { tell } from "../ask";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Section } from "../ui/Section";
import { useAction } from "../use-action";
import { CheckedField } from "./CheckedField";
import { readClientId, readConvexUrl } from "./read-settings";

interface Props {
  saved: Settings;
  isSignedIn: boolean;
}

async function checkDeployment(convexUrl: string): Promise<Answer<string>> {
  const answer = await sendMessage("checkDeployment", { convexUrl });
  if (!answer.ok) return answer;
  return { ok: true, value: "This is a Convex deployment with this product's functions." };
}

async function checkClientId(clientId: string): Promise<Answer<string>> {
  const answer = await sendMessage("checkClientId", { clientId });
  return answer.ok ? { ok: true, value: "WorkOS knows this client id." } : answer;
}

/** Where sessions go and who signs people in, each with a check. */
export function Connection({ saved, isSignedIn }: Props) {
  const [convexUrl, setConvexUrl] = useState(saved.convexUrl);
  const [clientId, setClientId] = useState(saved.clientId);
  const [shown, setShown] = useState({ convexUrl: false, clientId: false });
  const [isSaved, setSaved] = useState(false);
  const save = useAction();
  const url = readConvexUrl(convexUrl);
  const client = readClientId(clientId);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setShown({ convexUrl: true, clientId: true });
    if ("error" in url || "error" in client || save.isBusy) return;
    setConvexUrl(url.url);
    setClientId(client.clientId);
    setSaved(await save.run(tell(sendMessage("saveSettings", { convexUrl: url.url, ...client }))));
  };
  const edit = (set: (value: string) => void) => (value: string) => {
    setSaved(false);
    set(value);
  };
  const willSignOut = isSignedIn && clientId.trim() !== saved.clientId;
  return (
    <Section
      title="Connection"
      intro="Your own Convex deployment keeps the sessions; WorkOS AuthKit signs you in."
    >
      <form noValidate className="grid gap-4" onSubmit={(event) => void submit(event)}>
        <CheckedField
          label="Deployment URL"
          hint="From the Convex dashboard, or of the Convex that you host."
          placeholder="https://happy-animal-123.convex.cloud"
          value={convexUrl}
          onValue={edit(setConvexUrl)}
          error={"error" in url ? url.error : null}
          isErrorShown={shown.convexUrl}
          onCheck={() => setShown({ ...shown, convexUrl: true })}
          check={() => checkDeployment("url" in url ? url.url : "")}
        />
        <CheckedField
          label="Client id"
          hint="From the WorkOS dashboard. The same one is WORKOS_CLIENT_ID on the deployment."
          placeholder="client_01ABC"
          value={clientId}
          onValue={edit(setClientId)}
          error={"error" in client ? client.error : null}
          isErrorShown={shown.clientId}
          onCheck={() => setShown({ ...shown, clientId: true })}
          check={() => checkClientId("clientId" in client ? client.clientId : "")}
        />
        {willSignOut && (
          <Notice tone="info" title="Saving another client id signs you out.">
            What waits to be sent stays in this browser, and goes when you sign in again.
          </Notice>
        )}
        {save.trouble && <TroubleNotice trouble={save.trouble} />}
        <div className="flex items-center gap-3">
          <Button type="submit" look="primary" isBusy={save.isBusy}>
            Save
          </Button>
          <span role="status" className="text-sm text-good">
            {isSaved && "Saved."}
          </span>
        </div>
      </form>
    </Section>
  );
}
