import { openOpencode, playTurn, setUpPerson } from "../local/journey.ts";
import { capturedRows, openPage } from "./support/extension.ts";
import { expectArchived } from "./support/rows.ts";
import { startWebServer } from "./support/web-server.ts";
import { expect, test } from "./support/world.ts";

test("wrong settings are named with a remedy, and lose nothing", async ({ world }) => {
  const browser = await world.openBrowser();
  const { context, extensionId } = browser;
  const { url } = world.opencode;
  const website = await startWebServer((_request, response) => response.writeHead(404).end());
  await setUpPerson(context, extensionId, { email: "ada@example.com", opencodeUrl: url });
  const options = await openPage(browser, "options");
  const deployment = options.getByLabel("Deployment URL", { exact: true });
  const check = options.getByRole("button", { name: "Check the Deployment URL" });

  await test.step("not a URL", async () => {
    await deployment.fill("my deployment");
    await check.click();
    await expect(deployment).toHaveAttribute("aria-invalid", "true");
  });
  await test.step("nobody answers there", async () => {
    await deployment.fill("http://127.0.0.1:9");
    await check.click();
    await expect(options.getByText("The Convex deployment cannot be reached")).toBeVisible();
  });
  await test.step("something else answers there", async () => {
    await deployment.fill(website.url);
    await check.click();
    await expect(
      options.getByText("What answers at the deployment URL is not Convex"),
    ).toBeVisible();
  });
  await test.step("a client id that WorkOS refuses", async () => {
    await options.getByLabel("Client id", { exact: true }).fill("client_unknown");
    await options.getByRole("button", { name: "Check the Client id" }).click();
    await expect(options.getByText(/does not know|refuses|refused/i).first()).toBeVisible();
    await options.getByLabel("Client id", { exact: true }).fill(world.stack.clientId);
  });
  await test.step("saved nevertheless, what is captured waits and goes once it is mended", async () => {
    await deployment.fill("http://127.0.0.1:9");
    await options.getByRole("button", { name: "Save" }).click();
    await expect(options.getByText("Saved.")).toBeVisible();
    const page = await openOpencode(context, world.opencode);
    const key = await playTurn(page, url, "Show me the fix");
    await expect.poll(() => capturedRows(options)).toBeGreaterThanOrEqual(2);
    const popup = await openPage(browser, "popup");
    await expect(popup.getByText("The Convex deployment cannot be reached").first()).toBeVisible();
    await options.bringToFront();
    await deployment.fill(world.wire.url);
    await check.click();
    await expect(
      options.getByText("This is a Convex deployment with this product's functions."),
    ).toBeVisible();
    await options.getByRole("button", { name: "Save" }).click();
    await expectArchived(world.archiveOf("user_ada"), url, key, 60_000);
  });
  await website.close();
  await browser.close();
});
