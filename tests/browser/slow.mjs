// How soon a page can be used on a bad line, as `scripts/slow-line` starts it:
//   node tests/browser/slow.mjs URL
// The line is a proxy between the browser and the portal: 400 kbit/s down, 400 ms there and back, and two such turns before
// a connection carries anything, as TCP and TLS take. Each page is opened five times with nothing kept, once over no such
// line as the baseline, and timed until its text is painted and its form can be filled. Ends with 1 when that takes too long.
import { createServer, connect } from "node:net";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const peers = createRequire(resolve("build/peers/package.json"));
const { chromium } = peers("playwright-core");

const origin = new URL(process.argv[2]);
const pages = ["/", "/connexion", "/mot-de-passe/oublie", "/aide"];
const most = 2000;
const heaviest = 30_000;
const turn = 400;
const bytesPerMillisecond = 400 / 8;
const tries = 5;

const after = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
let bytes = 0;
let free = 0;
const line = createServer(async (browserSide) => {
  browserSide.on("error", () => {});
  browserSide.pause();
  await after(2 * turn);
  const portalSide = connect(Number(origin.port), origin.hostname);
  portalSide.on("error", () => browserSide.destroy());
  browserSide.on("data", async (sent) => {
    await after(turn / 2);
    portalSide.write(sent);
  });
  portalSide.on("data", async (sent) => {
    // One line for all connections: what comes later waits for what came before.
    bytes += sent.length;
    free = Math.max(free, performance.now()) + sent.length / bytesPerMillisecond;
    await after(free - performance.now() + turn / 2);
    browserSide.write(sent);
  });
  browserSide.on("close", () => portalSide.destroy());
  browserSide.resume();
});
await new Promise((listening) => line.listen(0, "127.0.0.1", listening));
const slowly = `http://localhost:${line.address().port}`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--disable-gpu"] });

/** Milliseconds from the request until the page is painted and read to its end. */
async function open(address) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: "load" });
  const usable = await page.evaluate(async () => {
    const painted = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    while (!painted()) await new Promise((done) => setTimeout(done, 20));
    return Math.max(painted(), performance.getEntriesByType("navigation")[0].domInteractive);
  });
  await context.close();
  return usable;
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];

let late = false;
console.log("page                        bad line    no such line         bytes");
try {
  for (const path of pages) {
    bytes = 0;
    const times = [];
    for (let count = 0; count < tries; count += 1) times.push(await open(slowly + path));
    const [usable, plain] = [median(times), await open(origin.origin + path)];
    late ||= usable > most || bytes / tries > heaviest;
    const columns = [`${usable.toFixed(0)} ms`, `${plain.toFixed(0)} ms`, String(Math.round(bytes / tries))];
    console.log(path.padEnd(22) + columns.map((column) => column.padStart(14)).join("  "));
  }
} finally {
  await browser.close();
  line.close();
}
if (late) console.log(`wanted: ${most} ms and ${heaviest} bytes at most`);
process.exit(late ? 1 : 0);
