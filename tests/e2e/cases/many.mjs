// Many Pods: tiles become small before they become too many, and are counted after that.
import { axe, equal, eventually, ok, open, running } from "../lib.mjs";

/** A page as fast as it goes, with that many replicas applied. */
async function start({ browser, url }, replicas) {
  const opened = await open(browser, `${url}?editor=plain`);
  const { page } = opened;
  await running(page);
  await page.getByLabel("Speed").selectOption("Max");
  const manifest = page.locator("#manifest");
  await manifest.fill((await manifest.inputValue()).replace("replicas: 5", `replicas: ${replicas}`));
  await page.locator("#apply").click();
  return opened;
}

const count = (page, selector) => page.evaluate((selector) => document.querySelectorAll(selector).length, selector);

export default {
  async "a hundred Pods are tiles with glyph and name, three hundred and more with a letter"(env) {
    for (const [replicas, size] of [[100, "m"], [310, "s"]]) {
      const { page, faults, close } = await start(env, replicas);
      await eventually(() => count(page, `.nodes .tile-${size}.st-ok`), replicas, `ready tiles of size ${size}`, 60_000);
      const spoken = await page.locator(".nodes .tile").first().getAttribute("aria-label");
      ok(/^Pod nginx-deployment-\w+-\w+, .*Running, node-\d$/.test(spoken), `it says all: ${spoken}`);
      equal(await axe(page), [], `axe, ${size}`);
      await page.screenshot({ path: env.picture(`tiles-${size}`) });
      equal(faults, [], "faults");
      await close();
    }
  },

  async "more than a thousand Pods are counted by their states"(env) {
    const { page, faults, close } = await start(env, 1_100);
    await eventually(() => page.locator(".node .counts").allInnerTexts(), ["110 Running", "110 Running", "110 Running"], "a node holds 110", 60_000);
    equal(await count(page, ".tile"), 0, "no tile is drawn");
    await page.locator(".unsched").getByText("Too many pods").waitFor();
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("counted") });
    equal(faults, [], "faults");
    await close();
  },
};
