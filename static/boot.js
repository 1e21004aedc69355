// Starts the page, and the service worker of a built site.
import init from "./app.js";

await init();

// Only a finished build names a service worker: while developing it would serve yesterday's files.
const offline = document.querySelector('meta[name="offline"]');
if (offline && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(new URL(offline.content, document.baseURI)).catch((reason) => {
    // Without it everything works but offline use; some browsers refuse it in private windows.
    console.info("offline use is not available:", String(reason));
  });
}
