// Keeps one whole build for use without a network; a page never mixes files of two builds.
const VERSION = "unbuilt";
const CACHE = `kubarium-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const list = await (await fetch("precache.json", { cache: "no-store" })).json();
      // Between two requests a new build may have been put in place: then this worker is not installed.
      if (list.version !== VERSION) throw new Error("the list is of another build");
      const cache = await caches.open(CACHE);
      await cache.addAll(list.files.map((file) => new Request(file, { cache: "reload" })));
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("kubarium-") && name !== CACHE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !url.href.startsWith(self.registration.scope)) return;
  const page = event.request.mode === "navigate" && url.pathname.endsWith("/");
  const wanted = page ? new URL("index.html", self.registration.scope).href : url.origin + url.pathname;
  event.respondWith(
    (async () => {
      const cache = await caches.open(CACHE);
      return (await cache.match(wanted)) ?? fetch(event.request);
    })(),
  );
});
