import { defineUnlistedScript } from "#imports";
import { installReader } from "../capture/dom/install";

export default defineUnlistedScript(() => {
  installReader();
});
