import { sendMessage } from "../utils/messages";
import { isPaused } from "../utils/storage";
import { tell } from "./ask";
import { Switch } from "./ui/Switch";
import { useStored } from "./use-stored";

/** Stops and resumes capturing and sending. */
export function PauseSwitch() {
  const paused = useStored(isPaused);
  return (
    <Switch
      label="Pause"
      hint={
        paused
          ? "Paused: nothing is captured or sent."
          : "Stops capturing and sending. What waits stays in this browser."
      }
      isOn={paused === true}
      isDisabled={paused === undefined}
      onChange={(isOn) => void tell(sendMessage("setPaused", { isPaused: isOn }))}
    />
  );
}
