// What the bench puts into page and worker to measure them from inside, and how it reads the threads from outside.
import { readFile, readdir } from "node:fs/promises";
import { open, running } from "../lib.mjs";

export const bytesOf = (hex) => [...Buffer.from(hex, "hex")];

/** A page whose worker is watched from the first moment on. */
export async function watched(at) {
  const opened = await open(at.browser, "about:blank");
  await opened.page.addInitScript(() => {
    const probe = (globalThis.probe = {});
    globalThis.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        probe.worker = this;
      }
    };
  });
  await opened.page.goto(at.url);
  await running(opened.page);
  const [worker] = opened.page.workers();
  await worker.evaluate(watchWorker, at.root);
  /** Gives the worker a message beside the page's own, and says how long it took there. */
  const send = async (hex) => {
    const before = await worker.evaluate(() => probe.count);
    await opened.page.evaluate((bytes) => probe.worker.postMessage(Uint8Array.from(bytes).buffer), bytesOf(hex));
    return worker.evaluate(async (before) => {
      while (probe.count === before) await new Promise((then) => setTimeout(then, 1));
      return probe.last;
    }, before);
  };
  return { ...opened, worker, send };
}

/** Runs in the worker: how long each message takes there, and what its answer says of the cluster's time. */
async function watchWorker(root) {
  const { memory } = await (await import(new URL("worker.js", root))).default();
  const [answer, post] = [self.onmessage, self.postMessage.bind(self)];
  const probe = (self.probe = { count: 0, busy: 0, last: 0, bytes: 0, now: 0, until: Infinity, memory: () => memory.buffer.byteLength, hold: false, held: null });
  self.postMessage = (data, ...rest) => {
    if (data instanceof ArrayBuffer) {
      probe.bytes += data.byteLength;
      // A frame begins with the build, a length and its letters, and then the virtual milliseconds.
      const view = new DataView(data);
      probe.now = view.getFloat64(1 + view.getUint8(0), true);
      if (probe.hold) probe.held = new TextDecoder("latin1").decode(data);
    }
    post(data, ...rest);
  };
  self.onmessage = (event) => {
    const begin = performance.now();
    answer(event);
    probe.last = performance.now() - begin;
    probe.busy += probe.last;
    probe.count += 1;
    if (probe.now >= probe.until && !probe.done) {
      probe.done = { busy: probe.busy, at: Date.now() };
      probe.reached?.(probe.done);
    }
  };
}

/** The milliseconds that a core has worked for the worker's thread, where the system tells. */
export async function threadCpu(browser) {
  try {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    let found;
    for (const { id } of processInfo.filter(({ type }) => type === "renderer")) {
      for (const thread of await readdir(`/proc/${id}/task`)) {
        const of = (name) => readFile(`/proc/${id}/task/${thread}/${name}`, "utf8");
        if ((await of("comm")).startsWith("DedicatedWorker")) found = Number((await of("schedstat")).split(" ")[0]) / 1e6;
      }
    }
    return found;
  } catch {
    return undefined;
  }
}

/** Waits until the page has nothing more to do: it asks its worker nothing then. Page and test do not disturb each other so. */
export async function atRest(worker, limit = 120_000) {
  const end = Date.now() + limit;
  for (let before = -1, now = 0; before !== now; ) {
    if (Date.now() > end) throw new Error(`not at rest after ${limit} ms`);
    before = now;
    await new Promise((then) => setTimeout(then, 800));
    now = await worker.evaluate(() => probe.count);
  }
}

/** Presses Apply; a search for the button by what it says would be the longest task of all. */
export const pressApply = (page) => page.evaluate(() => document.getElementById("apply").click());

/** The longest task of the page's main thread while some work is done: in all, and what a core has worked of it. */
export async function longestTask(browser, page, work) {
  await browser.startTracing(page, { categories: ["-*", "toplevel"] });
  await work();
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const mains = new Set();
  for (const { name, args, pid, tid } of traceEvents) if (name === "thread_name" && args.name === "CrRendererMain") mains.add(`${pid}/${tid}`);
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) => ph === "X" && name.endsWith("RunTask") && mains.has(`${pid}/${tid}`));
  const longest = (of) => tasks.reduce((most, task) => Math.max(most, task[of] ?? 0), 0) / 1000;
  return { wall: longest("dur"), cpu: longest("tdur") };
}
