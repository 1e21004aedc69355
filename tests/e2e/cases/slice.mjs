// From paste to running Pods and back in time: the seed's Deployment in the real engine.
import { readFile } from "node:fs/promises";
import { apply, axe, change, equal, eventually, manifest, ok, open, replay, running, start, tiles } from "../lib.mjs";

const names = async (page) => (await tiles(page).locator(".tile-name").allTextContents()).sort();

export default {
  async "Apply makes five Pods run on three nodes, and the page tells it"(env) {
    const { page, faults, close } = await start(env);
    await page.locator("#coach").waitFor();
    await apply(page);
    equal(await page.locator(".applied").textContent(), "deployment.apps/nginx-deployment created", "kubectl's line");
    equal(await page.locator("#coach").count(), 0, "the first hint is gone");
    equal(await page.locator(".nodes > li h3").allTextContents(), ["node-1", "node-2", "node-3"], "nodes");
    ok((await tiles(page).first().innerText()).includes("nginx:1.21"), "a tile says its image");
    ok((await page.locator(".say-text").innerText()).length > 10, "there is a sentence");
    await eventually(async () => (await page.locator(".say [role=status]").textContent()).length > 0, true, "it is announced");
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("slice-nodes") });
    equal(faults, [], "faults");
    await close();
  },

  async "a Pod is inspected in every way, down to why it is there"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await tiles(page).first().click();
    const insp = page.locator(".insp");
    await insp.locator(".conditions li", { hasText: "ContainersReady" }).waitFor();
    equal(await insp.locator(".big dd").first().textContent(), "1/1", "ready");
    for (const [tab, says] of [["YAML", "kind: Pod"], ["Events", "Successfully assigned"], ["Logs", "start worker processes"]]) {
      await page.getByRole("tab", { name: tab, exact: true }).click();
      await insp.getByText(says).first().waitFor();
      equal(await axe(page), [], `axe, ${tab}`);
    }
    await page.getByRole("tab", { name: "Why?" }).click();
    await insp.locator(".chain li").last().getByText("kubectl apply").waitFor();
    const actors = await insp.locator(".chain .when > span").allTextContents();
    equal(actors.at(-1), "you", "the first cause");
    ok(actors.includes("default-scheduler") && actors.includes("deployment-controller"), `who did it: ${actors}`);
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("slice-why") });
    equal(faults, [], "faults");
    await close();
  },

  async "a new image rolls out between floor and ceiling, and back"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await change(page, "nginx:1.21", "nginx:1.25");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("link", { name: "Rollout" }).click();
    equal(await page.locator(".guard").allInnerTexts(), ["ceiling 7 = 5 + maxSurge 2", "floor 4 = 5 − maxUnavailable 1"], "bounds");
    await eventually(() => page.locator(".group .chip").allTextContents(), ["new 5", "old 0"], "all are new", 30_000);
    equal(await page.locator(".band-lab b").textContent(), "5", "available");
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("slice-rollout") });
    await page.getByRole("button", { name: "Undo to revision 1" }).click();
    await eventually(() => page.locator(".strip-head .cap").textContent(), "Revision 3 · nginx:1.21", "the old template is back", 30_000);
    equal(faults, [], "faults");
    await close();
  },

  async "a deleted Pod comes back under another name"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    const before = await names(page);
    await tiles(page).first().click();
    await page.locator(".insp").getByRole("button", { name: "Delete" }).click();
    await eventually(async () => (await names(page)).filter((name) => !before.includes(name)).length, 1, "a new one", 30_000);
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 60_000);
    equal(faults, [], "faults");
    await close();
  },

  async "owners are shown with what they want, have and have ready"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await page.getByRole("link", { name: "Owners" }).click();
    equal(await page.locator(".thing .kind").allTextContents(), ["deploy · rev 1", "rs · rev 1"], "owners");
    equal(await page.locator(".podline").count(), 5, "Pods");
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("slice-owners") });
    await page.locator(".thing").first().click();
    await page.getByRole("button", { name: "Scale to 6" }).click();
    await eventually(() => page.locator(".podline").count(), 6, "one more", 30_000);
    equal(faults, [], "faults");
    await close();
  },

  async "the control loop says who told whom about a Pod"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await tiles(page).first().click();
    await page.getByRole("link", { name: "Control loop" }).click();
    const steps = page.locator(".pktlist");
    for (const says of ["kubectl apply", "deployment-controller created", "chose node-", "started container"]) {
      await steps.getByText(says).first().waitFor();
    }
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("slice-loop") });
    equal(faults, [], "faults");
    await close();
  },

  async "when the engine stops, the page says so, keeps the manifest, begins anew, and its report is reproduced"(env) {
    const { page, close } = await start(env);
    await apply(page);
    await change(page, "replicas: 5", "replicas: 4");
    await page.workers()[0].evaluate(() => postMessage("panic: a test of the way out"));
    await page.getByRole("alert").getByText("a test of the way out").waitFor();
    equal(await axe(page), [], "axe");

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download report" }).click()]);
    const report = JSON.parse(await readFile(await download.path(), "utf8"));
    ok(report.inputs.some((input) => input.label.startsWith("kubectl apply")), "the report says what was done");
    equal(await replay(await download.path()), `the same trace: ${report.hash}\n`, "the program comes to the same trace");

    await page.getByRole("button", { name: "Start a new cluster" }).click();
    await eventually(() => tiles(page).count(), 0, "a new cluster is empty");
    ok((await manifest(page).inputValue()).includes("replicas: 4"), "the text is kept");
    await page.locator("#apply").click();
    await eventually(() => tiles(page, ".st-ok").count(), 4, "it works", 30_000);
    await close();
  },

  async "time stops, steps, goes back to the start and to now, and an input is undone"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    const clock = async () => parseFloat(await page.locator(".clock b").textContent());
    const pause = page.getByRole("button", { name: "Pause", exact: true });
    if (await pause.isVisible()) await pause.click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    const stopped = await clock();
    await page.waitForTimeout(300);
    equal(await clock(), stopped, "time stands");
    await page.getByRole("button", { name: "Step back" }).click();
    await eventually(async () => (await clock()) < stopped, true, "one step back");
    await page.getByRole("button", { name: "To start" }).click();
    await eventually(() => tiles(page).count(), 0, "nothing at the start");
    await page.getByRole("button", { name: "To live" }).click();
    await eventually(() => tiles(page, ".st-ok").count(), 5, "all is there again");
    await page.locator("#playhead").focus();
    await page.keyboard.press("Home");
    await eventually(() => tiles(page).count(), 0, "by keyboard to the start");
    await page.keyboard.press("End");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "by keyboard to now");
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await eventually(() => tiles(page).count(), 0, "the Apply has not happened");
    equal(faults, [], "faults");
    await close();
  },

  async "a mistake is shown at its line, and nothing of it is applied"(env) {
    const { page, faults, close } = await start(env);
    await change(page, "replicas: 5", "replicas: five");
    await page.locator(".problem").waitFor();
    ok((await page.locator(".problem .verb").innerText()).includes("replicas"), "it names the field");
    // "  replicas: five" is line 6; the value begins at column 13.
    await page.getByRole("button", { name: "Line 6, column 13", exact: true }).click();
    const caret = await manifest(page).evaluate((area) => [document.activeElement === area, area.value.slice(area.selectionStart, area.selectionStart + 4)]);
    equal(caret, [true, "five"], "the caret stands before what is wrong");
    await page.locator("#apply").click();
    await page.waitForTimeout(500);
    equal(await tiles(page).count(), 0, "nothing was created");
    ok((await manifest(page).inputValue()).includes("replicas: five"), "the text is kept");
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await close();
  },

  async "each kind of mistake has its exact place, in the text area and in the editor's gutter"({ browser, url }) {
    // What is changed, and the line and column where it is wrong.
    const mistakes = [
      ["  replicas: 5", "  replica: 5", 6, 3],
      ["  replicas: 5", "  replicas: five", 6, 13],
      ["        - name: nginx", "        - name: NGINX", 21, 17],
      ["          image: nginx:1.21", "           image: nginx:1.21", 22, 17],
      ["      labels:\n        app: nginx", "      labels:\n        app: httpd", 17, 7],
    ];
    const { page, faults, close } = await open(browser, url);
    await running(page);
    const editor = page.locator(".code-host .cm-content");
    await editor.waitFor();
    const seed = await page.locator(".code-host .cm-line").allInnerTexts();
    const text = seed.map((line) => (line === "\n" ? "" : line)).join("\n");
    for (const [from, to, line, column] of mistakes) {
      ok(text.includes(from), `the manifest says ${from}`);
      await editor.fill(text.replace(from, to));
      const place = page.locator(".problem").first().getByRole("button", { name: /^Line/ });
      await eventually(() => place.textContent().catch(() => null), `Line ${line}, column ${column}`, to);
      // The marker stands in the gutter beside the number of that line.
      const beside = () =>
        page.locator(".code-host").evaluate((host) => {
          const root = host.shadowRoot;
          const tops = (selector) => [...root.querySelectorAll(selector)].map((element) => [element.getBoundingClientRect().top, element.textContent]);
          const numbers = tops(".cm-lineNumbers .cm-gutterElement");
          const height = 20;
          return [...root.querySelectorAll(".cm-lint-marker-error")].map((marker) => {
            const { top } = marker.closest(".cm-gutterElement").getBoundingClientRect();
            return Number(numbers.find(([at, text]) => text && Math.abs(at - top) < height / 2)?.[1]);
          });
        });
      await eventually(async () => (await beside())[0], line, `the gutter, ${to}`);
      await eventually(() => page.locator(".code-host .cm-line.is-error").first().evaluate((found) => [...found.parentElement.children].filter((one) => one.matches(".cm-line")).indexOf(found) + 1), line, `the line itself, ${to}`);
    }
    equal(faults, [], "faults");
    await close();
  },

  async "a dry run shows what would change and changes nothing"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await change(page, "nginx:1.21", "nginx:1.25");
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.locator(".diff .add", { hasText: "- image: nginx:1.25" }).waitFor();
    equal(await page.locator(".diff .del", { hasText: "- image: nginx:1.21" }).count(), 1, "what would go");
    equal(await page.locator(".applied").textContent(), "deployment.apps/nginx-deployment configured (server dry run)", "kubectl's line");
    equal(await page.getByText("nginx:1.21").count() > 0, true, "nothing was changed");
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await close();
  },

  async "everything is reached without a mouse"(env) {
    const { page, faults, close } = await start(env);
    await manifest(page).focus();
    await page.keyboard.press("Control+Enter");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
    await tiles(page).first().focus();
    await page.keyboard.press("ArrowRight");
    const there = await page.evaluate(() => document.activeElement.id);
    ok(there.startsWith("pod-"), "arrows go from tile to tile");
    await page.keyboard.press("Enter");
    await page.locator(`#${there}[aria-pressed=true]`).waitFor();
    await page.keyboard.press("w");
    await page.locator(".chain li").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Nothing selected").waitFor();
    equal(faults, [], "faults");
    await close();
  },
};
