// Measures the engine natively and a built site in the browser: `node bench.mjs SITE KUBARIUM_BENCH [ONLY…]`.
// Prints one JSON document; progress goes to stderr. ONLY names parts: `sizes`, `native`, `wasm:10x1000`, `seek`, ….
//
// boot_ms: from nothing to every node Ready. ready_ms: what the worker (natively: the process) takes from Apply to all
// Ready as fast as it goes, in ticks and with frames. Both are real time, so a busy machine makes them longer;
// boot_cpu_ms, cpu_ms: what a core has worked for them, in the browser for the worker's thread as Linux tells it, else
// null. bytes_per_pod: natively what is allocated more than before, with all checkpoints of the history; in the browser
// the growth of the worker's memory. events, writes: turns of the agenda and revisions from Apply to all Ready.
// longest_main_task_ms: of the page's main thread from Apply until it rests, as Chromium's trace tells; …_cpu_ms: for
// how long a core has worked for the one that took most. seek_ms: the worst of many places in ten simulated minutes
// with a rolling update. frames, first_running_ms: the best of some tries.
import { execFile } from "node:child_process";
import { loadavg } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { launch, serve } from "./lib.mjs";
import { firstRunning, frames, toInteractive } from "./bench/page.mjs";
import { seek, wasm } from "./bench/runs.mjs";
import { sizesOf } from "./bench/sizes.mjs";

/** Nodes and Pods. A node takes 110 Pods, so 10 nodes have no run with 10,000. */
const RUNS = [[3, 5], [10, 10], [10, 1_000], [100, 10], [100, 1_000], [100, 10_000], [1_000, 10], [1_000, 1_000], [1_000, 10_000]];
const SEEKS = [[3, 100], [10, 1_000]];

const [site, program, ...only] = process.argv.slice(2).map((arg, at) => (at < 2 ? resolve(arg) : arg));
const wants = (part) => !only.length || only.some((wanted) => part === wanted || part.startsWith(`${wanted}:`));
const say = (line) => console.error(`${line}   (load ${loadavg()[0].toFixed(1)})`);
const native = async (...args) => JSON.parse((await promisify(execFile)(program, args.map(String), { maxBuffer: 1 << 26 })).stdout);

const server = await serve(site);
const browser = await launch();
const at = { browser, url: `${server.url}?editor=plain`, root: server.url };
const document = {};
const part = async (name, work) => {
  if (!wants(name)) return;
  const done = await work();
  say(`${name}: ${typeof done === "object" ? JSON.stringify(done) : done}`);
  return done;
};

const runs = [];
for (const [nodes, pods] of RUNS) {
  const name = `${nodes}x${pods}`;
  if (!wants(`native:${name}`) && !wants(`wasm:${name}`)) continue;
  // It is made in any case: it finds out where the browser's run ends, and says by which messages it is made.
  const { messages, ready_at_ms, ...figures } = await native("run", nodes, pods);
  runs.push(await part(`native:${name}`, () => figures));
  runs.push(await part(`wasm:${name}`, () => wasm(at, figures, messages, ready_at_ms)));
}
if (runs.length) document.runs = runs.filter(Boolean);

for (const [nodes, pods] of SEEKS) {
  const found = await part(`seek:${pods}`, async () => seek(at, await native("seek", nodes, pods)));
  if (!found) continue;
  (document.seek_ms ??= {})[pods] = found.worst;
  (document.seek_median_ms ??= {})[pods] = found.median;
}
const sets = [
  ["frames", async () => frames(at, (await native("run", 10, 10)).messages)],
  ["first_running_ms", () => firstRunning(at)],
];
for (const [name, work] of sets) {
  const found = await part(name, work);
  if (found !== undefined) document[name] = found;
}
if (wants("sizes")) {
  document.sizes = await sizesOf(site);
  document.to_interactive_br = await toInteractive(at, document.sizes);
  say(`to_interactive_br: ${document.to_interactive_br}`);
}
await browser.close();
await server.close();
console.log(JSON.stringify(document, null, 2));
