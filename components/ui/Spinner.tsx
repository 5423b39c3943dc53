import { LoaderCircle } from "lucide-react";

/** A turning ring; what it stands for is said in words beside it. */
export function Spinner({ size = 16 }: { size?: number }) {
  return <LoaderCircle size={size} aria-hidden="true" className="shrink-0 animate-spin" />;
}
