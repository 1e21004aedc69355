// The page itself: languages, themes, sizes, keys, the editor.
import { axe, equal, eventually, ok, open, running } from "../lib.mjs";

const editor = (page) => page.locator(".code-host .cm-content");

export default {
  async "language and theme are chosen in the header and kept"({ browser, url }) {
    const { page, close } = await open(browser, url);
    await running(page);
    await page.getByRole("button", { name: "한국어" }).click();
    await page.getByRole("button", { name: "밝게 또는 어둡게" }).click();
    await page.getByRole("button", { name: "적용" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "적용" }).waitFor();
    equal(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]), ["ko", "dark"], "kept");
    await close();
  },

  async "every dialog opens, is accessible, and closes with Escape"({ browser, url }) {
    const { page, close } = await open(browser, url);
    await running(page);
    for (const name of ["Settings", "Keyboard help", "Legend"]) {
      await page.getByRole("button", { name }).click();
      await page.getByRole("dialog", { name }).waitFor();
      equal(await axe(page), [], `axe, ${name}`);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await close();
  },

  async "the code editor comes after the text area, with the same text, and can be left by keyboard"({ browser, url }) {
    const { page, close } = await open(browser, url);
    await editor(page).waitFor();
    ok((await editor(page).innerText()).startsWith("apiVersion: apps/v1"), "the manifest is in the editor");
    await editor(page).click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# a note");
    await eventually(() => page.locator(".docs .cap").first().textContent(), "will create", "caption");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    ok(await page.evaluate(() => document.activeElement.closest(".code-host") === null), "Escape, then Tab leaves the editor");
    await close();
  },

  async "the plain text area holds the same manifest, by choice"({ browser, url }) {
    const { page, close } = await open(browser, `${url}?editor=plain`);
    await running(page);
    const area = page.getByRole("textbox", { name: /nginx\.yaml/ });
    ok((await area.inputValue()).startsWith("apiVersion: apps/v1"), "the manifest is in the text area");
    await area.fill("kind: Service\nmetadata:\n  name: web\n");
    equal(await page.locator(".docs b").allTextContents(), ["web"], "documents");
    await close();
  },

  async "views are reached by click and by digit, and each says what would fill it"({ browser, url }) {
    const { page, close } = await open(browser, url);
    await running(page);
    await page.getByRole("link", { name: "Owners" }).click();
    await page.getByText("Nothing is owned yet.").waitFor();
    await page.locator(".stage").focus();
    await page.keyboard.press("3");
    await page.getByText("No rollout yet.").waitFor();
    equal(await page.locator("nav [aria-current=page]").first().textContent(), "Rollout", "current view");
    await close();
  },
};
