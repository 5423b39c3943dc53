import { Settings2 } from "lucide-react";
import { openPage } from "../open-page";
import { Button } from "../ui/Button";
import { Wordmark } from "../Wordmark";

/** The popup's top line. */
export function Header() {
  const openOptions = async () => {
    await openPage("options");
    window.close();
  };
  return (
    <header className="flex items-center justify-between border-b border-line px-4 py-2">
      <h1 className="text-base">
        <Wordmark />
      </h1>
      <Button look="quiet" size="small" onClick={() => void openOptions()}>
        <Settings2 size={15} aria-hidden="true" />
        Options
      </Button>
    </header>
  );
}
