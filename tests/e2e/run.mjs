// Runs every case of `cases/` against a built site: `node run.mjs SITE FOLDER_FOR_PICTURES [NAME…]`.
import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch, serve } from "./lib.mjs";

const [site, pictures, ...names] = process.argv.slice(2);
await mkdir(pictures, { recursive: true });
const server = await serve(resolve(site));
const browser = await launch();
let passed = 0;
let failed = 0;
const folder = new URL("cases/", import.meta.url);
for (const file of (await readdir(folder)).filter((name) => name.endsWith(".mjs")).sort()) {
  const { default: cases } = await import(new URL(file, folder));
  for (const [name, run] of Object.entries(cases)) {
    if (names.length && !names.some((wanted) => `${file} ${name}`.includes(wanted))) continue;
    const start = Date.now();
    try {
      await run({ browser, url: server.url, site: resolve(site), picture: (called) => join(pictures, `${called}.png`) });
      passed += 1;
      console.log(`ok    ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name} (${file})\n      ${String(error.stack ?? error).replaceAll("\n", "\n      ")}`);
    }
  }
}
await browser.close();
await server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
