// A run of the engine in the shipped page: from Apply to all Ready, and seeking in what was.
import { atRest, bytesOf, longestTask, pressApply, threadCpu, watched } from "./probe.mjs";

/** The place of the highest speed in the page's list. */
export const FASTEST = 7;

/** A run that takes longer has gone wrong. */
const LIMIT = 300_000;

const spent = (from, to) => (from === undefined ? null : round(to - from));

const late = () => new Promise((_, no) => setTimeout(no, LIMIT, new Error(`not ready after ${LIMIT} ms`)).unref());

const round = (number) => Math.round(number * 10) / 10;

/** Makes the run that was made natively, by the page's own editor and button, as fast as it goes. */
export async function wasm(at, { nodes, pods, events, writes }, messages, ready_at_ms) {
  const { page, worker, send, close } = await watched(at);
  await page.getByLabel("Speed").selectOption({ index: FASTEST });
  await atRest(worker);
  let boot_ms = 0;
  const cpuBoot = await threadCpu(at.browser);
  for (const message of messages.boot) boot_ms += await send(message);
  const cpuBooted = await threadCpu(at.browser);
  await send(messages.look);
  await page.locator("#manifest").fill(messages.manifest);
  // The manifest is read while it is typed; that is not part of the run.
  await page.waitForTimeout(1_500);
  const before = await worker.evaluate(() => [probe.memory(), probe.bytes]);
  await worker.evaluate((until) => Object.assign(probe, { busy: 0, until }), ready_at_ms);
  const cpu = await threadCpu(at.browser);
  const begin = Date.now();
  let done, cpuAfter, after;
  const longest = await longestTask(at.browser, page, async () => {
    await pressApply(page);
    const reached = worker.evaluate(() => probe.done ?? new Promise((then) => (probe.reached = then)));
    done = await Promise.race([reached, late()]);
    cpuAfter = await threadCpu(at.browser);
    after = await worker.evaluate(() => [probe.memory(), probe.bytes]);
    await atRest(worker, LIMIT);
  });
  await check(worker, send, messages, pods);
  await close();
  return {
    target: "wasm",
    nodes,
    pods,
    boot_ms: round(boot_ms),
    boot_cpu_ms: spent(cpuBoot, cpuBooted),
    ready_ms: round(done.busy),
    cpu_ms: spent(cpu, cpuAfter),
    bytes_per_pod: Math.round((after[0] - before[0]) / pods),
    events,
    writes,
    longest_main_task_ms: round(longest.wall),
    longest_main_task_cpu_ms: round(longest.cpu),
    wall_ms: done.at - begin,
    frame_bytes: after[1] - before[1],
  };
}

/** A run that did not get there would be measured for nothing: the API itself has to say that all are ready. */
async function check(worker, send, messages, pods) {
  await worker.evaluate(() => (probe.hold = true));
  await send(messages.get);
  await send(messages.look);
  const said = await worker.evaluate(async () => {
    while (!probe.held) await new Promise((then) => setTimeout(then, 10));
    return probe.held;
  });
  if (!said.includes(`"readyReplicas":${pods},`)) throw new Error(`not all of ${pods} are ready: ${said.slice(0, 4000)}`);
}

/** Ten simulated minutes, and how long it takes the worker to be anywhere in them and to tell what is there. */
export async function seek(at, { setup, look, positions, seeks }) {
  const { page, worker, close } = await watched(at);
  await atRest(worker);
  const times = await worker.evaluate(
    ([setup, seeks, look]) => {
      const give = (bytes) => {
        const begin = performance.now();
        self.onmessage({ data: Uint8Array.from(bytes).buffer });
        return performance.now() - begin;
      };
      setup.forEach(give);
      return seeks.map((bytes) => give(bytes) + give(look));
    },
    [setup.map(bytesOf), seeks.map(bytesOf), bytesOf(look)],
  );
  await close();
  const sorted = [...times].sort((a, b) => a - b);
  const worst = sorted.at(-1);
  return { worst: round(worst), median: round(sorted[sorted.length >> 1]), worst_at_s: positions[times.indexOf(worst)] / 1000 };
}
