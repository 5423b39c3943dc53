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

function SignsOutNotice() {
  return (
    <Notice tone="info" title="Saving another client id signs you out.">
      What waits to be sent stays in this browser, and goes when you sign in again.
    </Notice>
  );
}

/** The two settings as they are typed; what is wrong is shown from the first check or save on. */
function useSettingsForm(saved: Settings) {
  const [typed, setTyped] = useState(saved);
  const [shown, setShown] = useState({ convexUrl: false, clientId: false });
  const [isSaved, setSaved] = useState(false);
  const save = useAction();
  const url = readConvexUrl(typed.convexUrl);
  const client = readClientId(typed.clientId);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setShown({ convexUrl: true, clientId: true });
    if ("error" in url || "error" in client || save.isBusy) return;
    const next = { convexUrl: url.url, clientId: client.clientId };
    setTyped(next);
    setSaved(await save.run(tell(sendMessage("saveSettings", next))));
  };
  const field = (name: keyof Settings) => ({
    value: typed[name],
    isErrorShown: shown[name],
    onCheck: () => setShown({ ...shown, [name]: true }),
    onValue: (value: string) => {
      setSaved(false);
      setTyped({ ...typed, [name]: value });
    },
  });
  return { url, client, typed, field, submit, save, isSaved };
}

/** Where sessions go and who signs people in, each with a check. */
export function Connection({ saved, isSignedIn }: Props) {
  const { url, client, typed, field, submit, save, isSaved } = useSettingsForm(saved);
  return (
    <Section
      title="Connection"
      intro="Your own Convex deployment keeps the sessions; WorkOS AuthKit signs you in."
    >
      <form noValidate className="grid gap-4" onSubmit={(event) => void submit(event)}>
        <CheckedField
          {...field("convexUrl")}
          label="Deployment URL"
          hint="From the Convex dashboard, or of the Convex that you host."
          placeholder="https://happy-animal-123.convex.cloud"
          error={"error" in url ? url.error : null}
          check={() => checkDeployment("url" in url ? url.url : "")}
        />
        <CheckedField
          {...field("clientId")}
          label="Client id"
          hint="From the WorkOS dashboard. The same one is WORKOS_CLIENT_ID on the deployment."
          placeholder="client_01ABC"
          error={"error" in client ? client.error : null}
          check={() => checkClientId("clientId" in client ? client.clientId : "")}
        />
        {isSignedIn && typed.clientId.trim() !== saved.clientId && <SignsOutNotice />}
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
