import { setUpPerson } from "../local/journey.ts";
import { openPage } from "./support/extension.ts";
import { startWebServer } from "./support/web-server.ts";
import { expect, test } from "./support/world.ts";

test("an agent whose page shows messages that no request brought is marked, visibly", async ({
  world,
}) => {
  // opencode by its health, with messages in its page that came some other way.
  const changed = await startWebServer((request, response) => {
    if (request.url === "/global/health") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ healthy: true, version: "99.0.0" }));
    } else {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>opencode</title><p data-timeline-row>Hello</p>");
    }
  });
  const browser = await world.openBrowser();
  await setUpPerson(browser.context, browser.extensionId, {
    email: "ada@example.com",
    opencodeUrl: changed.url,
  });
  const options = await openPage(browser, "options");
  const mark = options.getByText("This agent's pages could not be read").first();

  const page = await browser.context.newPage();
  await page.goto(changed.url);
  await page.waitForTimeout(8_000);
  await expect(mark).toBeHidden();
  await options.bringToFront();
  await expect(mark).toBeVisible();
  await browser.close();
  await changed.close();
});
