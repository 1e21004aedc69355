// Replays requests on the shipped worker.wasm: `node run.mjs SITE CASES`.
// A case is a JSON file { "requests": [hex…], "says": TEXT } that the native tests have written; the last reply must hold
// the text, which names the hash of the trace.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, folder] = process.argv.slice(2).map((path) => resolve(path));
const inbox = [];
// The worker's global scope, as far as the worker uses it.
globalThis.DedicatedWorkerGlobalScope = Object;
globalThis.postMessage = (message) => inbox.push(message);
const { initSync } = await import(pathToFileURL(join(site, "worker.js")));
initSync({ module: readFileSync(join(site, "worker_bg.wasm")) });

let passed = 0;
let failed = 0;
function check(name, problem) {
  if (problem) console.log(`FAIL  ${name}: ${problem}`);
  problem ? (failed += 1) : (passed += 1);
}

check("the worker says that it is ready", inbox[0] === "ready" ? "" : `it said ${inbox[0]}`);

const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")).sort() : [];
for (const file of files) {
  const { requests, says } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  inbox.length = 0;
  for (const request of requests) globalThis.onmessage({ data: Uint8Array.from(Buffer.from(request, "hex")).buffer });
  const last = inbox.at(-1);
  const text = typeof last === "string" ? last : Buffer.from(last ?? []).toString("latin1");
  check(file, text.includes(says) ? "" : `natively ${says}, here ${text.match(/"hash":"[0-9a-f]*"/)?.[0] ?? text.slice(0, 200)}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
