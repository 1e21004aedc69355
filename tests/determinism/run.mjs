// Replays requests on the shipped worker.wasm: `node run.mjs SITE CASES`.
// A case is a JSON file { "requests": [hex…], "replies": [hex…] } that the native tests have written; every reply must
// be the same, byte for byte.
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

const hex = (bytes) => Buffer.from(bytes).toString("hex");
check("the worker says that it is ready", inbox[0] === "ready" ? "" : `it said ${inbox[0]}`);

const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")).sort() : [];
for (const file of files) {
  const { requests, replies } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  inbox.length = 0;
  for (const request of requests) globalThis.onmessage({ data: Uint8Array.from(Buffer.from(request, "hex")).buffer });
  const found = inbox.map((message) => (typeof message === "string" ? message : hex(message)));
  const at = replies.findIndex((reply, index) => reply !== found[index]);
  check(file, at >= 0 ? `reply ${at} is ${found[at]}, natively ${replies[at]}` : found.length === replies.length ? "" : "more replies than natively");
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
