// Access: every filled view, page of the inspector and dialog, in both themes and languages, at four widths.
import { apply, axe, change, equal, eventually, ok, start, tiles } from "../lib.mjs";

const WIDTHS = [1440, 1024, 390, 320];

/** One Pod that ends again and again, and one that fits on no node. */
const FAILING = `apiVersion: v1
kind: Pod
metadata: {name: ends}
spec:
  containers:
  - {name: main, image: busybox, command: [sh, -c, "exit 3"]}
---
apiVersion: v1
kind: Pod
metadata: {name: too-large}
spec:
  containers:
  - {name: main, image: "nginx:1.25", resources: {requests: {memory: 64Gi}}}
`;

/** What a page can look like: how to get there, and which regions of a narrow screen show it. */
function scenes(page) {
  const view = (code) => page.locator(`nav.tabs a[href="#${code}"]`).click();
  const tab = (id) => page.locator(`#tab-${id}`).click();
  const dialog = (button) => async () => {
    await button.click();
    await page.getByRole("dialog").waitFor();
    return () => page.keyboard.press("Escape");
  };
  return [
    ["first screen", ["main", "work", "side"], async () => {}],
    ["rolling update", ["main"], async () => {
      await apply(page);
      await change(page, "nginx:1.21", "nginx:1.25");
      await page.locator("#apply").click();
      await eventually(async () => (await tiles(page, ".st-half, .nodes .tile.st-prog").count()) > 0, true, "an update is under way");
      await page.locator(".btn-play").click();
    }],
    ["rollout, Summary", ["main", "side"], async () => {
      await view("rollout");
      await page.locator("#strip-h").click();
    }],
    ["owners, Why?", ["main", "side"], async () => {
      await view("owners");
      await page.locator(".podline").first().click();
      await tab("Why");
    }],
    ["control loop, Events", ["main", "side"], async () => {
      await view("loop");
      await tab("Events");
    }],
    ["failing Pods, YAML", ["main", "work", "side"], async () => {
      await view("nodes");
      await page.locator("#manifest").fill(FAILING);
      await page.locator("#apply").click();
      await page.locator(".shelf .tile").waitFor();
      await tiles(page, ".st-fail").first().waitFor({ timeout: 30_000 });
      await page.locator(".btn-play").click();
      await tiles(page).first().click();
      await tab("Yaml");
      await page.locator(".log").waitFor();
    }],
    ["Describe", ["side"], () => tab("Describe")],
    ["Logs", ["side"], () => tab("Logs")],
    ["a node, Summary", ["side"], async () => {
      await page.locator(".node-head button").first().click();
      await tab("Summary");
    }],
    ["dry run", ["work"], async () => {
      await page.locator("#manifest").fill(FAILING.replace("64Gi", "1Gi").replaceAll("name: ends", "name: begins"));
      await page.locator(".applybar .btn").nth(1).click();
      await page.locator(".diff").waitFor();
    }],
    ["a mistake", ["work"], async () => {
      await page.locator("#manifest").fill(FAILING.replace("containers:", "containers: 5"));
      await page.locator(".problem").first().waitFor();
    }],
    ["the open tape", ["main"], () => page.locator(".time-acts .btn").last().click()],
    ["settings", ["main"], dialog(page.locator('.head [aria-haspopup="dialog"]').first())],
    ["keys", ["main"], dialog(page.locator('.head [aria-haspopup="dialog"]').last())],
    ["legend", ["main"], dialog(page.locator('.tools [aria-haspopup="dialog"]'))],
  ];
}

/** Brings a region to the front where not all are side by side; a dialog covers the way there and needs none. */
async function show(page, pane, width) {
  if (await page.getByRole("dialog").isVisible()) return;
  if (width < 720) await page.locator(".mobnav button").nth(["main", "work", "side"].indexOf(pane)).click();
  else {
    const other = page.locator(pane === "side" ? ".work > .bar .only-m" : ".side > .bar .only-m");
    if (await other.isVisible()) await other.click();
  }
}

/** All of it in one language. */
async function walk(env, lang) {
  const { page, faults, close } = await start(env, `&theme=light&lang=${lang}`);
  equal(await page.evaluate(() => document.documentElement.lang), lang, "language");
  const problems = [];
  const judge = async (about, rules) => {
    problems.push(...(await axe(page, rules)).map((found) => `${about}: ${found}`));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) problems.push(`${about}: the page is ${wide} px wider than the screen`);
  };
  for (const [name, panes, go] of scenes(page)) {
    const leave = await go();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      const shown = width >= 1200 ? [undefined] : width >= 720 ? panes.filter((pane) => pane !== "work" || panes.length === 1) : panes;
      for (const pane of shown) {
        if (pane) await show(page, pane, width);
        const about = `${name}, ${lang} ${width} ${pane ?? ""}`;
        await judge(`${about} light`);
        // Only colours differ from theme to theme.
        await page.evaluate(() => (document.documentElement.dataset.theme = "dark"));
        await judge(`${about} dark`, ["color-contrast"]);
        await page.evaluate(() => (document.documentElement.dataset.theme = "light"));
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    if (leave) await leave();
  }
  equal(problems, [], `axe, ${lang}`);
  equal(faults, [], "faults");
  await close();
}

/** Targets that a finger or a shaky hand has to meet: 24 px each way, unless they stand in a line of text. */
const small = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button, a[href], select, input, [role=slider]")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".skip") && !element.classList.contains("skip"))
      .map((element) => [element, (element.closest("label") ?? element).getBoundingClientRect()])
      .filter(([, rect]) => rect.width < 24 || rect.height < 24)
      .map(([element, rect]) => `${element.tagName} ${element.className} ${element.textContent.trim()}: ${rect.width} x ${rect.height}`),
  );

export default {
  async "axe-core finds nothing in any view, page, dialog, theme, language or width"(env) {
    // Side by side: each has a worker of its own, and together they take as long as the slower one.
    await Promise.all(["en", "ko"].map((lang) => walk(env, lang)));
  },

  async "at 400 % zoom all is one column, nothing is cut off, and every target is large enough"(env) {
    // 1280 x 1024 at 400 % is a window of 320 x 256.
    const { page, faults, close } = await start(env, "&lang=ko", { viewport: { width: 320, height: 256 }, hasTouch: true });
    await page.locator(".mobnav button").nth(1).click();
    await page.locator("#apply").click();
    await page.locator(".mobnav button").first().click();
    await eventually(() => tiles(page, ".st-ok").count(), 5, "ready tiles", 30_000);
    for (const view of ["nodes", "owners", "rollout", "loop"]) {
      await page.locator(`nav.tabs a[href="#${view}"]`).click();
      const cut = await page.evaluate(() => {
        const stage = document.querySelector(".stage");
        return [document.documentElement.scrollWidth - innerWidth, stage.scrollWidth - stage.clientWidth].map((over) => Math.max(over, 0));
      });
      equal(cut, [0, 0], `nothing has to be scrolled sideways, ${view}`);
      equal(await small(page), [], `targets, ${view}`);
    }
    await page.locator('nav.tabs a[href="#nodes"]').click();
    await tiles(page).first().click();
    equal(await small(page), [], "targets, inspector");
    equal(faults, [], "faults");
    await close();
  },

  async "the theme follows the system until somebody chooses"(env) {
    const { page, close } = await start(env, "", { colorScheme: "dark" });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    equal(await theme(), "dark", "a dark system");
    await page.emulateMedia({ colorScheme: "light" });
    await eventually(theme, "light", "it turns light");
    await page.getByRole("button", { name: "Light or dark" }).click();
    await eventually(theme, "dark", "by choice");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.emulateMedia({ colorScheme: "light" });
    ok((await theme()) === "dark", "a choice stays");
    await close();
  },
};
