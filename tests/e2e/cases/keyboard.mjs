// Everything without a mouse, and the focus always seen and never lost.
import { equal, eventually, manifest, ok, start, tiles } from "../lib.mjs";

const NOTHING = "nothing has the focus";

/** What is wrong with the focus: nothing has it, it is out of sight, or it does not show. */
const wrong = (page) =>
  page.evaluate(() => {
    const active = document.activeElement;
    if (!active || active === document.body) return "nothing has the focus";
    const name = `${active.tagName} ${active.id || active.className}: `;
    const { left, top, right, bottom } = active.getBoundingClientRect();
    if (right <= left || bottom <= 0 || top >= innerHeight || right <= 0 || left >= innerWidth) return `${name}out of sight`;
    const style = getComputedStyle(active);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `${name}its focus does not show`;
    // What is large is a region, of which something may well be covered.
    const small = right - left < 400 && bottom - top < 200;
    const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return small && !(active.contains(over) || over?.contains(active)) ? `${name}covered by ${over?.className}` : null;
  });

const focused = (page, selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);

/** A key, after which the focus must be somewhere and be seen. */
async function press(page, key, times = 1) {
  for (let time = 0; time < times; time += 1) {
    await page.keyboard.press(key);
    equal(await wrong(page), null, `after ${key}`);
  }
}

/** The Tab key until it has come to what is looked for; once it may leave the page at its end and come in again. */
async function tabTo(page, selector) {
  let ends = 0;
  for (let time = 0; time < 60 && !(await focused(page, selector)); time += 1) {
    await page.keyboard.press("Tab");
    const found = await wrong(page);
    if (found === NOTHING && ends === 0) ends += 1;
    else equal(found, null, `on the way to ${selector}`);
  }
  ok(await focused(page, selector), `the Tab key never comes to ${selector}`);
}

/** From region to region until one is reached. */
async function region(page, id) {
  for (let time = 0; time < 5 && !(await focused(page, `#${id}`)); time += 1) await press(page, "Control+F6");
  ok(await focused(page, `#${id}`), `Ctrl+F6 comes to ${id}`);
}

export default {
  async "a session from the first key to the last without a mouse"(env) {
    const { page, faults, close } = await start(env);
    const clock = async () => parseFloat(await page.locator(".clock b").textContent());
    await page.evaluate(() => document.activeElement.blur());

    // Past everything, by the first key.
    await press(page, "Tab");
    ok(await focused(page, '.skip[href="#diagram"]'), "the first stop is the way to the diagram");
    await press(page, "Enter");
    ok(await focused(page, "#diagram"), "it leads there");
    for (const id of ["side", "work", "time", "diagram"]) {
      await press(page, "Control+F6");
      ok(await focused(page, `#${id}`), `then comes ${id}`);
    }

    // Apply, pause, step, back and forth in time.
    await region(page, "work");
    await tabTo(page, "#manifest");
    await press(page, "Control+Enter");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
    await region(page, "diagram");
    if (await page.getByRole("button", { name: "Pause", exact: true }).isVisible()) await press(page, "p");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    const now = await clock();
    await press(page, ".");
    await eventually(async () => (await clock()) >= now, true, "a step");
    await press(page, ",", 2);
    await eventually(async () => (await clock()) < now, true, "two back");
    await press(page, "Home");
    await eventually(() => tiles(page).count(), 0, "at the start there is nothing");
    await region(page, "time");
    await tabTo(page, "#playhead");
    await press(page, "ArrowRight", 3);
    await eventually(async () => (await page.locator("#playhead").getAttribute("aria-valuetext")).includes(","), true, "the slider says what happened");
    await press(page, "End");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "all is there again");

    // Another image: line 22 of the manifest.
    await region(page, "work");
    await tabTo(page, "#manifest");
    await press(page, "Control+Home");
    await press(page, "ArrowDown", 21);
    await press(page, "End");
    await press(page, "Backspace", 2);
    await page.keyboard.type("25");
    ok((await manifest(page).inputValue()).includes("image: nginx:1.25\n"), "the image is changed");
    await press(page, "Control+Enter");
    await region(page, "diagram");
    await press(page, "3");
    await eventually(() => page.locator(".group .chip").allTextContents(), ["new 5", "old 0"], "the update is through", 30_000);
    await tabTo(page, "#strip-h");
    await press(page, "Enter");
    equal(await page.locator(".insp-name").textContent(), "nginx-deployment", "the strip's Deployment is inspected");

    // A Pod goes, and the focus is not gone with it.
    await press(page, "1");
    await tabTo(page, ".tile");
    const first = await page.evaluate(() => document.activeElement.id);
    const here = () => page.evaluate(() => document.activeElement.id);
    // Where the first one stands depends on the scheduler: there is another on one side of it at least.
    for (const arrow of ["ArrowRight", "ArrowLeft"]) if ((await here()) === first) await press(page, arrow);
    const second = await here();
    ok(second.startsWith("pod-") && second !== first, "arrows go from tile to tile");
    await press(page, "Enter");
    await press(page, "w");
    await page.locator(".chain li").last().getByText("kubectl apply").waitFor();
    await press(page, "Delete");
    await page.locator(`#${second}`).waitFor({ state: "detached", timeout: 30_000 });
    await eventually(() => wrong(page), null, "the focus went to another tile");
    ok(await page.evaluate(() => document.activeElement.closest("#diagram") !== null), "and stayed in the diagram");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "another came in its place", 30_000);

    // The deletion is taken back.
    await press(page, "Control+z");
    await page.locator(`#${second}`).waitFor();

    // The inspector's pages are one stop, with arrows among them.
    await region(page, "side");
    await tabTo(page, '[role="tab"]');
    await press(page, "ArrowRight");
    ok(await focused(page, '[role="tab"][aria-selected="true"]'), "arrows choose a page");

    // Owners are one stop as well.
    await region(page, "diagram");
    await press(page, "2");
    await tabTo(page, ".thing, .podline");
    await press(page, "ArrowRight");
    ok(await focused(page, ".thing, .podline"), "arrows go from owner to owned");
    await tabTo(page, ".say .btn");

    // Dialogs give the focus back; theme and language are two keys away.
    await press(page, "?");
    ok(await focused(page, "dialog *, dialog"), "a dialog takes the focus");
    await press(page, "Escape");
    ok(await focused(page, ".say .btn"), "and gives it back");
    await page.evaluate(() => document.activeElement.blur());
    await tabTo(page, '.head [aria-label="Light or dark"]');
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const before = await theme();
    await press(page, "Enter");
    ok((await theme()) !== before, "the theme changes");
    await press(page, "Tab");
    await press(page, "Enter");
    equal(await page.evaluate(() => document.documentElement.lang), "ko", "the language changes");
    equal(await wrong(page), null, "and the focus stays");
    equal(faults, [], "faults");
    await close();
  },

  async "a Pod that is deleted in the inspector leaves the focus in the inspector"(env) {
    const { page, close } = await start(env);
    await page.locator("#apply").click();
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
    await tiles(page).first().click();
    await page.locator(".insp").getByRole("button", { name: "Delete" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("It is not in the cluster at this moment.").waitFor({ timeout: 30_000 });
    await eventually(() => page.evaluate(() => document.activeElement.closest("#side") !== null), true, "the focus is in the inspector");
    await close();
  },

  async "on a narrow screen the focus goes with the region that is shown"(env) {
    const { page, close } = await start(env, "", { viewport: { width: 390, height: 844 } });
    await page.locator(".mobnav button").nth(1).click();
    await page.locator("#apply").click();
    await page.locator(".mobnav button").first().click();
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
    await tiles(page).first().focus();
    await page.keyboard.press("Enter");
    await eventually(() => page.evaluate(() => document.activeElement.closest("#side") !== null), true, "the focus is in the inspector");
    await close();
  },
};
