import { defineUnlistedScript } from "#imports";
import { installCapture } from "../capture/install";

export default defineUnlistedScript(() => {
  installCapture();
});
