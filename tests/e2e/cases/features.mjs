// What a person does with the page beyond the first story: files, faults, time, causes; all by what the page shows.
import { apply, axe, equal, eventually, manifest, ok, open, running, start, tiles } from "../lib.mjs";

const clock = async (page) => parseFloat(await page.locator(".clock b").textContent());

/** Chooses an entry of a menu by the keyboard alone. */
async function choose(page, button, entry) {
  await button.focus();
  await page.keyboard.press("Enter");
  const items = page.getByRole("menuitem");
  await items.first().waitFor();
  const names = await items.allInnerTexts();
  const at = names.findIndex((name) => name.startsWith(entry));
  ok(at >= 0, `${entry} is in the menu: ${names}`);
  for (let n = 0; n < at; n += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor({ state: "detached" });
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: b\n";

export default {
  async "several files are added, renamed, applied together, kept, deleted and put back"(env) {
    const { page, faults, close } = await start(env);
    const tabs = page.getByRole("tablist", { name: "Files" }).getByRole("tab");
    await page.getByRole("button", { name: "New file" }).click();
    equal(await tabs.allInnerTexts(), ["nginx.yaml", "manifest-1.yaml"], "tabs");
    await tabs.nth(1).focus();
    await page.keyboard.press("F2");
    await page.keyboard.type("settings.yaml");
    await page.keyboard.press("Enter");
    await manifest(page).fill(configMap);
    equal(await page.locator(".docs b").allTextContents(), ["settings"], "documents of the open file");
    equal(await axe(page), [], "axe");
    await manifest(page).press("Control+Enter");
    await eventually(() => page.locator(".applied div").allTextContents(), ["deployment.apps/nginx-deployment created", "configmap/settings created"], "all files are applied");
    await page.waitForTimeout(600);
    await page.reload();
    await running(page);
    equal(await tabs.allInnerTexts(), ["nginx.yaml", "settings.yaml"], "they are kept");
    equal(await manifest(page).inputValue(), configMap, "the text is kept, and which file was open");
    await choose(page, page.getByRole("button", { name: "Actions for settings.yaml" }), "Delete");
    equal(await tabs.allInnerTexts(), ["nginx.yaml"], "deleted");
    await page.getByRole("button", { name: "Put back" }).click();
    equal(await tabs.allInnerTexts(), ["nginx.yaml", "settings.yaml"], "put back");
    equal(faults, [], "faults");
    await close();
  },

  async "a mistake in another file is named with its file, and its place is one press away"(env) {
    const { page, faults, close } = await start(env);
    await page.getByRole("button", { name: "New file" }).click();
    await manifest(page).fill(`${configMap}bogus: 1\n`);
    await page.locator(".problem").waitFor();
    await page.getByRole("tab", { name: "nginx.yaml" }).click();
    await page.getByRole("button", { name: /^manifest-1.yaml: Line 7/ }).click();
    ok((await page.getByRole("tab", { selected: true }).first().innerText()).startsWith("manifest-1.yaml"), "its file is open");
    await eventually(() => page.evaluate(() => document.activeElement.id), "manifest", "the caret is there");
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await close();
  },

  async "the document under the caret is applied alone"(env) {
    const { page, faults, close } = await start(env);
    await manifest(page).fill(`${configMap}---\n${configMap.replace("settings", "others")}`);
    await manifest(page).press("Control+End");
    await page.keyboard.press("Control+Shift+Enter");
    await eventually(() => page.locator(".applied div").allTextContents(), ["configmap/others created"], "only the second");
    equal(faults, [], "faults");
    await close();
  },

  async "each file of the code editor keeps its own text and its own undo"({ browser, url }) {
    const { page, faults, close } = await open(browser, url);
    const editor = page.locator(".code-host .cm-content");
    await editor.waitFor();
    await page.getByRole("button", { name: "New file" }).click();
    await eventually(() => editor.innerText(), "\n", "a new file is empty");
    await editor.click();
    await page.keyboard.type("kind: Secret");
    await page.getByRole("tab", { name: "nginx.yaml" }).click();
    await eventually(async () => (await editor.innerText()).startsWith("apiVersion: apps/v1"), true, "the first file");
    await editor.click();
    await page.keyboard.press("Control+z");
    ok((await editor.innerText()).startsWith("apiVersion: apps/v1"), "undo does not reach into the other file");
    await page.getByRole("tab", { name: "manifest-1.yaml" }).click();
    await eventually(() => editor.innerText(), "kind: Secret", "the second file");
    equal(faults, [], "faults");
    await close();
  },

  async "a registry that is down fails pulls, is shown as broken, and is healed"(env) {
    const { page, faults, close } = await start(env);
    await page.locator(".stage").focus();
    await page.keyboard.press("f");
    await page.getByRole("menuitem", { name: "The registry is down" }).click();
    await page.locator(".fault", { hasText: "The registry is down" }).waitFor();
    await page.locator("#apply").click();
    await eventually(async () => (await page.locator(".nodes .tile[data-status$='PullBackOff'], .nodes .tile[data-status=ErrImagePull]").count()) > 0, true, "pulls fail", 30_000);
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("faults") });
    await page.getByRole("button", { name: /^Heal/ }).click();
    equal(await page.locator(".fault").count(), 0, "nothing is broken any more");
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 60_000);
    equal(faults, [], "faults");
    await close();
  },

  async "a silent node becomes NotReady and is healed; how long it lasted stays on the tape"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await choose(page, page.getByRole("button", { name: "Actions for node-2" }), "Stop the kubelet");
    await page.locator(".faults", { hasText: "node-2 does not answer" }).waitFor();
    await eventually(() => page.locator("#node-node-2 .state span").last().innerText(), "NotReady", "its state", 60_000);
    await page.getByRole("button", { name: /^Heal/ }).click();
    await eventually(() => page.locator("#node-node-2 .state span").last().innerText(), "Ready", "its state", 60_000);
    equal(await page.locator('[data-lane="faults"] .span').count(), 1, "how long it lasted");
    equal(faults, [], "faults");
    await close();
  },

  async "a node is drained in one action that one Undo takes back, and Redo does again"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    const here = page.locator("#node-node-2 .tile");
    const before = await here.count();
    ok(before > 0, "there is something to drain");
    await choose(page, page.getByRole("button", { name: "Actions for node-2" }), "Drain");
    await eventually(() => here.count(), 0, "nothing is left on it", 60_000);
    equal(await page.locator("#node-node-2 .state span").last().innerText(), "Ready,SchedulingDisabled", "its state");
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await eventually(() => here.count(), before, "all is as before");
    await page.getByRole("button", { name: "Redo", exact: true }).click();
    await eventually(() => page.locator("#node-node-2 .state span").last().innerText(), "Ready,SchedulingDisabled", "its state");
    equal(faults, [], "faults");
    await close();
  },

  async "a crashed container is restarted, its former log is there, and every act is said in kubectl's words"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await tiles(page).first().click();
    const insp = page.locator(".insp");
    await choose(page, insp.getByRole("button", { name: "Faults" }), "Crash a container");
    await eventually(() => tiles(page).locator(".tile-restarts").count(), 1, "a restart", 30_000);
    await page.getByRole("tab", { name: "Logs" }).click();
    await insp.getByLabel("--previous").check();
    await insp.locator(".log", { hasText: "start worker processes" }).waitFor();
    ok((await insp.locator(".echo").innerText()).endsWith("--previous"), "how kubectl would show it");
    equal(await axe(page), [], "axe");
    await page.getByRole("tab", { name: "Summary" }).click();
    const name = await insp.locator(".insp-name").innerText();
    await choose(page, insp.getByRole("button", { name: "Faults" }), "Delete at once");
    await eventually(() => insp.locator(".echo span").last().innerText(), `kubectl delete pod ${name} --grace-period=0 --force`, "the echo");
    equal(faults, [], "faults");
    await close();
  },

  async "a Pod that fits nowhere dims every node and says why there"(env) {
    const { page, faults, close } = await start(env);
    await manifest(page).fill("apiVersion: v1\nkind: Pod\nmetadata:\n  name: huge\nspec:\n  containers:\n  - name: a\n    image: nginx\n    resources: {requests: {memory: 64Gi}}\n");
    await page.locator("#apply").click();
    await page.locator(".shelf .tile").click();
    await eventually(() => page.locator(".node.is-out .verdict .why").allInnerTexts(), ["Insufficient memory", "Insufficient memory", "Insufficient memory"], "verdicts");
    await page.locator(".insp .scores", { hasText: "NodeResourcesFit" }).waitFor();
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("scheduling") });
    equal(faults, [], "faults");
    await close();
  },

  async "the tape says what lies under the pointer, comes closer, and names what a person did"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    const pause = page.getByRole("button", { name: "Pause", exact: true });
    if (await pause.isVisible()) await pause.click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    const tape = await page.locator(".tape").boundingBox();
    const mark = await page.locator('[data-lane="user"] i').last().boundingBox();
    await page.mouse.move(mark.x + mark.width / 2, tape.y + 40);
    await page.locator(".tape-read", { hasText: /\d\.\d s/ }).waitFor();
    const ticks = () => page.locator(".tape-ruler").innerText();
    const wide = await ticks();
    await page.mouse.wheel(0, -400);
    await eventually(async () => (await ticks()) !== wide, true, "closer by the wheel");
    await page.locator("#playhead").focus();
    await page.keyboard.press("0");
    await eventually(ticks, wide, "back to what the page would show");
    await page.getByRole("button", { name: "Zoom in" }).click();
    await eventually(async () => (await ticks()) !== wide, true, "closer by the button");
    await page.getByRole("button", { name: "Fit" }).click();
    await page.getByRole("button", { name: "Expand timeline" }).click();
    await page.locator(".tape-lanes em", { hasText: "kubectl apply -f nginx.yaml" }).waitFor();
    equal(await axe(page), [], "axe");
    await page.screenshot({ path: env.picture("timeline") });
    equal(faults, [], "faults");
    await close();
  },

  async "packets run over the wires of the control loop, and stand still where motion is not wanted"(env) {
    const painted = () => {
      const canvas = document.querySelector("canvas.packets");
      if (!canvas?.width) return false;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      return copy.getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0);
    };
    for (const [motion, seen] of [["full", true], ["reduced", false]]) {
      const { page, faults, close } = await open(env.browser, `${env.url}?editor=plain&motion=${motion}#loop`);
      await running(page);
      await page.getByRole("link", { name: "Control loop" }).click();
      await page.locator("canvas.packets").waitFor({ state: "attached" });
      await page.locator("#apply").click();
      let found = false;
      for (let n = 0; n < 60 && !found; n += 1) {
        found = await page.evaluate(painted);
        if (found && motion === "full") await page.screenshot({ path: env.picture("packets") });
        await page.waitForTimeout(50);
      }
      equal(found, seen, `packets with motion ${motion}`);
      await page.locator(".pktlist li").first().waitFor();
      equal(faults, [], "faults");
      await close();
    }
  },

  async "a thread runs over the stage from an effect to its cause, step by step of the chain"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await tiles(page).first().click();
    await page.getByRole("tab", { name: "Why?" }).click();
    await page.locator("svg.threads .bead").waitFor({ state: "attached" });
    const bead = () => page.locator("svg.threads .bead").evaluate((at) => [at.getAttribute("cx"), at.getAttribute("cy")].map(Number));
    const steps = page.locator(".chain li");
    const button = await page.locator("#apply").boundingBox();
    await steps.last().hover();
    await eventually(async () => Math.abs((await bead())[0] - button.x - button.width / 2) < 2, true, "the first cause is the person's button");
    const scheduler = await page.locator("#cp-k-sched").boundingBox();
    await steps.filter({ hasText: "default-scheduler" }).first().getByRole("button").focus();
    await eventually(async () => Math.abs((await bead())[1] - scheduler.y - scheduler.height) < 2, true, "by keyboard, the scheduler's choice");
    await page.screenshot({ path: env.picture("threads") });
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await close();
  },

  async "the strip draws every ReplicaSet's share, and the bounds that held before a scale"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await manifest(page).fill((await manifest(page).inputValue()).replace("nginx:1.21", "nginx:1.25"));
    await page.locator("#apply").click();
    await page.getByRole("link", { name: "Rollout" }).click();
    await eventually(() => page.locator(".group .chip").allTextContents(), ["new 5", "old 0"], "all are new", 30_000);
    equal(await page.locator(".share").count(), 2, "a share for each ReplicaSet");
    equal(await page.locator(".guard-was").count(), 0, "the bounds have always been these");
    await page.locator(".strip-head .obj").click();
    await page.getByRole("button", { name: "Scale to 6" }).click();
    await eventually(() => page.locator(".guard").filter({ hasText: "=" }).allInnerTexts(), ["ceiling 8 = 6 + maxSurge 2", "floor 5 = 6 − maxUnavailable 1"], "new bounds");
    await eventually(() => page.locator(".guard-was").count(), 2, "and what they were before");
    equal(await page.locator(".insp .echo span").last().innerText(), "kubectl scale deployment/nginx-deployment --replicas=6", "the echo");
    await page.screenshot({ path: env.picture("bounds") });
    equal(faults, [], "faults");
    await close();
  },

  async "a step is as large as a person wants it"(env) {
    const { page, faults, close } = await start(env);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.locator("#apply").click();
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByLabel("Step by").selectOption("message");
    const [before, step] = [await clock(page), page.getByRole("button", { name: "Step", exact: true })];
    await step.click();
    await page.waitForTimeout(300);
    const small = (await clock(page)) - before;
    await page.getByLabel("Step by").selectOption("visible change");
    for (let n = 0; n < 12; n += 1) await step.click();
    await eventually(async () => (await clock(page)) - before > small, true, "visible changes are farther apart");
    equal(faults, [], "faults");
    await close();
  },

  async "the reset menu brings the first file back and leaves the cluster, or the other way round"(env) {
    const { page, faults, close } = await start(env);
    await apply(page);
    await manifest(page).fill(configMap);
    const reset = page.getByRole("button", { name: "Reset" });
    await choose(page, reset, "Files only");
    ok((await manifest(page).inputValue()).startsWith("apiVersion: apps/v1"), "the first file");
    equal(await tiles(page).count(), 5, "the cluster is as it was");
    await choose(page, reset, "Cluster only");
    await eventually(() => tiles(page).count(), 0, "a new cluster is empty");
    equal(await page.locator(".docs .cap").first().textContent(), "will create", "nothing is applied in it");
    equal(faults, [], "faults");
    await close();
  },

  async "after the engine stops, the cluster goes on from the moment before"(env) {
    const { page, close } = await start(env);
    await apply(page);
    await page.workers()[0].evaluate(() => postMessage("panic: a test of the way back"));
    await page.getByRole("button", { name: /^Restart from/ }).click();
    await running(page);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await eventually(() => tiles(page).count(), 5, "all Pods are there again", 30_000);
    await close();
  },

  async "all of it is said in Korean as well"(env) {
    const { page, faults, close } = await open(env.browser, `${env.url}?editor=plain&lang=ko`);
    await running(page);
    await page.getByRole("button", { name: "장애 주입" }).click();
    equal(await axe(page), [], "axe, an open menu");
    await page.getByRole("menuitem", { name: "레지스트리 중단" }).click();
    await page.getByRole("button", { name: /^복구/ }).waitFor();
    equal(await axe(page), [], "axe");
    equal(faults, [], "faults");
    await close();
  },
};
