// Starts the engine in its worker.
import init from "./worker.js";

await init();
