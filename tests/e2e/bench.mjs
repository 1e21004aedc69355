// Measures a built site and prints one JSON document: `node bench.mjs SITE`.
import { readFile, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { launch, open, serve } from "./lib.mjs";

const site = resolve(process.argv[2]);
const sizes = {};
for (const file of (await readdir(site, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
  const path = join(file.parentPath, file.name);
  const bytes = await readFile(path);
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  sizes[path.slice(site.length + 1)] = { raw: bytes.length, br };
}

// What a first visit transfers until the engine answers, each file as brotli; the code editor comes after that.
const server = await serve(site);
const browser = await launch();
const wanted = new Set();
const { page, close } = await open(browser, "about:blank");
page.on("request", (request) => request.url().startsWith(server.url) && wanted.add(request.url().slice(server.url.length) || "index.html"));
await page.goto(server.url);
await page.locator('[data-engine="running"]').waitFor();
await close();
await browser.close();
await server.close();
const to_interactive_br = [...wanted].filter((file) => file !== "editor.js").reduce((sum, file) => sum + (sizes[file]?.br ?? 0), 0);

console.log(JSON.stringify({ sizes, to_interactive_br }, null, 2));
