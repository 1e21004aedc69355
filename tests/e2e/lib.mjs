// What the end-to-end tests stand on: a static server under a sub-path, the browser, a page that tolerates no error.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { promisify } from "node:util";

const require = createRequire(new URL("../../web/npm/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const KINDS = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

/** Serves a folder under a sub-path, as a project page of any plain host would be. */
export async function serve(folder, prefix = "/playground/kubarium/") {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (!path.startsWith(prefix)) return response.writeHead(404).end();
    const inside = normalize(path.slice(prefix.length) || "index.html");
    try {
      const body = await readFile(join(folder, inside));
      response.writeHead(200, { "content-type": KINDS[extname(inside)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  };
}

export const launch = () =>
  chromium.launch({
    executablePath: process.env.KUBARIUM_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** A page whose console errors, exceptions and policy violations end up in `faults`. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
    timezoneId: "UTC",
    serviceWorkers: "block",
    ...options,
  });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // The harness's own word about its own setting.
    if (message.text() === "Service Worker registration blocked by Playwright") return;
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => faults.push(`request failed: ${request.url()}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** Waits until the worker has answered. */
export const running = (page) => page.locator('[data-engine="running"]').waitFor();

/** What axe-core finds, one line each; of all rules, or of those named. */
export async function axe(page, rules = undefined) {
  // What fades in is judged when it is there.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
  const found = await page.evaluate((options) => axe.run(options), options);
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${rule.help}`));
}

/** The Pods' tiles on nodes, of one state or of any. */
export const tiles = (page, state = "") => page.locator(`.nodes .tile${state}`);

/** The plain text area. */
export const manifest = (page) => page.locator("#manifest");

/** A page at tenfold speed with the plain text area. */
export async function start({ browser, url }, query = "", options = {}) {
  const opened = await open(browser, `${url}?editor=plain${query}`, options);
  await running(opened.page);
  await opened.page.locator(".speed").selectOption("10×");
  return opened;
}

/** Applies the Deployment of the first screen, and waits until its Pods are ready. */
export async function apply(page) {
  await page.locator("#apply").click();
  await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
}

export async function change(page, from, to) {
  const text = await manifest(page).inputValue();
  ok(text.includes(from), `the manifest says ${from}`);
  await manifest(page).fill(text.replace(from, to));
}

/** What the native program says of a session's report. */
export async function replay(report) {
  const program = process.env.KUBARIUM_BIN ?? new URL("../../target/debug/kubarium", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(program, ["replay", report]);
  return stdout;
}

export function equal(actual, expected, about) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${about}: expected ${b}, found ${a}`);
}

export function ok(condition, about) {
  if (!condition) throw new Error(about);
}

/** Waits until a question about the page gives the expected answer; says the last answer when it never does. */
export async function eventually(ask, expected, about, within = 10_000) {
  const until = Date.now() + within;
  let last;
  do {
    last = await ask();
    if (JSON.stringify(last) === JSON.stringify(expected)) return;
    await new Promise((done) => setTimeout(done, 50));
  } while (Date.now() < until);
  equal(last, expected, about);
}
