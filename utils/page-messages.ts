import { onMessage, type ProtocolMap } from "./messages";
import { isOwnPage } from "./sender";

type Data<Name extends keyof ProtocolMap> = Parameters<ProtocolMap[Name]>[0];
type Result<Name extends keyof ProtocolMap> = ReturnType<ProtocolMap[Name]>;

/** Answers a message of the extension's own pages; content scripts are refused. */
export function onPageMessage<Name extends keyof ProtocolMap>(
  name: Name,
  answer: (data: Data<Name>) => Result<Name> | Promise<Result<Name>>,
): void {
  onMessage(name, (message) => {
    if (!isOwnPage(message.sender)) {
      throw new Error("Only the extension's own pages may ask this.");
    }
    return answer(message.data as Data<Name>) as never;
  });
}
