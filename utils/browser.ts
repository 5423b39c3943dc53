/** The one place where webextension-polyfill enters: background and pages only (it throws in the MAIN world). */
import browser from "webextension-polyfill";

export { browser };
