import { sendMessage } from "../../utils/messages";
import { keepsTemporary } from "../../utils/storage";
import { tell } from "../ask";
import { Switch } from "../ui/Switch";
import { useStored } from "../use-stored";

interface Props {
  /** WorkOS user id. */
  person: string;
}

/** Whether sessions are kept that the site itself forgets. */
export function TemporarySwitch({ person }: Props) {
  const kept = useStored(keepsTemporary);
  return (
    <Switch
      label="Keep temporary chats"
      hint="Temporary and incognito chats, which the site itself forgets, are saved too."
      isOn={kept?.[person] === true}
      isDisabled={kept === undefined}
      onChange={(isKept) => void tell(sendMessage("setKeepsTemporary", { isKept }))}
    />
  );
}
