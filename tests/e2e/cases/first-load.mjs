// The page loads, its worker answers, and nothing complains.
import { axe, equal, ok, open, running, serve } from "../lib.mjs";

export default {
  async "the page loads and the worker answers without a complaint"({ browser, url, picture }) {
    const { page, faults, close } = await open(browser, url);
    await running(page);
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await page.screenshot({ path: picture("first-load") });
    await close();
  },

  async "after one visit the page works without a network"({ browser, site }) {
    const own = await serve(site);
    const { page, close } = await open(browser, own.url, { serviceWorkers: "allow" });
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    ok(await page.evaluate(() => navigator.serviceWorker.controller !== null), "the service worker controls the page");
    await own.close();
    await page.reload();
    await running(page);
    await close();
  },
};
