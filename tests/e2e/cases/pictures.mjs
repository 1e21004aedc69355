// The README's pictures: taken with every run, so that they can be taken; `cargo xtask pictures` puts them into docs/.
import { apply, change, equal, eventually, start, tiles } from "../lib.mjs";

const SIZE = { viewport: { width: 1440, height: 900 } };

/** Pods of the second revision that are ready. */
const updated = (page) => page.locator(".nodes .tile.st-ok", { hasText: "v2" });

/** A Deployment in the middle of an update, and time standing still. */
async function updating(env, query) {
  const opened = await start(env, query, SIZE);
  const { page } = opened;
  await apply(page);
  await page.locator(".speed").selectOption({ index: 3 });
  await change(page, "nginx:1.21", "nginx:1.25");
  await page.locator("#apply").click();
  // Some of the new ones are ready, and some are not.
  await eventually(
    async () => {
      const [ready, others] = [await updated(page).count(), await tiles(page, ":is(.st-prog, .st-half)").count()];
      return ready > 0 && others > 0;
    },
    true,
    "an update half done",
    60_000,
  );
  await page.locator(".btn-play").click();
  await page.getByRole("button", { name: /^(Play|재생)$/ }).waitFor();
  return opened;
}

export default {
  async "the README's pictures: an update in Nodes, Rollout and Owners"(env) {
    const { page, faults, close } = await updating(env, "&theme=light&lang=en");
    await updated(page).first().click();
    await page.locator("#tab-Why").click();
    await page.locator(".chain li").first().waitFor();
    await page.screenshot({ path: env.picture("nodes") });
    await page.locator('nav.tabs a[href="#rollout"]').click();
    await page.locator("#strip-h").click();
    await page.locator("#tab-Summary").click();
    await page.screenshot({ path: env.picture("rollout") });
    equal(faults, [], "faults");
    await close();
  },

  async "the README's pictures: in the dark, in Korean"(env) {
    const { page, faults, close } = await updating(env, "&theme=dark&lang=ko");
    await page.locator('nav.tabs a[href="#owners"]').click();
    await page.locator(".thing").first().click();
    await page.screenshot({ path: env.picture("owners") });
    equal(faults, [], "faults");
    await close();
  },
};
