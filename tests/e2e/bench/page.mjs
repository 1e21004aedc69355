// What a person notices of the page itself: how soon it is there, how soon a Pod runs, how smoothly tiles move.
import { open, running } from "../lib.mjs";
import { atRest, pressApply, watched } from "./probe.mjs";
import { FASTEST } from "./runs.mjs";

/** The place of the usual speed in the page's list. */
const USUAL = 2;
const TRIES = 3;
const best = (tries, of) => tries.reduce((a, b) => (of(b) < of(a) ? b : a));
const several = async (work) => {
  const tries = [];
  while (tries.length < TRIES) tries.push(await work());
  return tries;
};

/** What a first visit transfers until the engine answers, each file as brotli; the code editor comes after that. */
export async function toInteractive({ browser, root }, sizes) {
  const wanted = new Set();
  const { page, close } = await open(browser, "about:blank");
  page.on("request", (request) => request.url().startsWith(root) && wanted.add(request.url().slice(root.length) || "index.html"));
  await page.goto(root);
  await running(page);
  await close();
  return [...wanted].filter((file) => file !== "editor.js").reduce((sum, file) => sum + (sizes[file]?.br ?? 0), 0);
}

/** From opening the page to the first Running Pod, pressing Apply as soon as it can be pressed: the best of some tries. */
export async function firstRunning({ browser, root }) {
  const once = async () => {
    const { page, close } = await open(browser, "about:blank");
    const begin = Date.now();
    await page.goto(root, { waitUntil: "commit" });
    await running(page);
    await page.locator("#apply").click();
    await page.locator('.tile[data-status="Running"]').first().waitFor();
    const took = Date.now() - begin;
    await close();
    return took;
  };
  return best(await several(once), (took) => took);
}

/** Frames while a Deployment of 240 Pods on 10 nodes becomes one of 300: 60 tiles are born, travel and change. */
export async function frames(at, messages) {
  const once = async () => {
    const { page, worker, send, close } = await watched(at);
    const scale = async (pods) => {
      await page.locator("#manifest").fill(messages.manifest.replace(/replicas: \d+/, `replicas: ${pods}`));
      await page.waitForTimeout(1_000);
    };
    const run = (pods) => page.waitForFunction((pods) => document.querySelectorAll('.nodes .tile[data-status="Running"]').length === pods, pods, { polling: 400, timeout: 120_000 });
    await page.getByLabel("Speed").selectOption({ index: FASTEST });
    await atRest(worker);
    for (const message of messages.boot) await send(message);
    await send(messages.look);
    await scale(240);
    await pressApply(page);
    await run(240);
    await atRest(worker);
    await page.getByLabel("Speed").selectOption({ index: USUAL });
    await scale(300);
    await page.evaluate(() => {
      probe.frames = [];
      const frame = (now) => (probe.frames.push(now), requestAnimationFrame(frame));
      requestAnimationFrame(frame);
    });
    await pressApply(page);
    await run(300);
    const times = await page.evaluate(() => probe.frames);
    await close();
    const gaps = times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b);
    const fps = (gaps.length * 1000) / (times.at(-1) - times[0]);
    return { fps: Math.round(fps * 10) / 10, p95_ms: Math.round(gaps[Math.floor(gaps.length * 0.95)] * 10) / 10, frames: gaps.length };
  };
  return best(await several(once), ({ fps }) => -fps);
}
