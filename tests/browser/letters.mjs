// Each letter's HTML on a phone: it fits, axe finds nothing, and it asks no server for anything.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";

export async function lookAtLetters(browser, outbox, axe, check) {
  const letters = new Map();
  for (const name of readdirSync(outbox).filter((name) => name.endsWith(".eml"))) {
    const mail = readFileSync(`${outbox}/${name}`, "utf8");
    const [, boundary] = mail.match(/boundary="([^"]+)"/);
    const html = mail.split(`--${boundary}`).find((part) => /content-type: text\/html/i.test(part));
    const [, title] = html.match(/<title>(.*?)<\/title>/);
    letters.set(title, html.slice(html.indexOf("<!DOCTYPE")));
  }
  check("letters: one of each kind in both languages", letters.size >= 9, [...letters.keys()].join("; "));
  const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
  const page = await context.newPage();
  page.on("request", (request) => check("letters: no request", request.url().startsWith("about:"), request.url()));
  mkdirSync("build/screenshots/letters", { recursive: true });
  for (const [title, html] of letters) {
    await page.setContent(html);
    check(`letter ${title}: fits`, (await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
    await page.evaluate(axe);
    const wcag = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
    const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), wcag);
    check(`letter ${title}: axe`, violations.length === 0, violations.map((violation) => violation.id).join("; "));
    await page.screenshot({ path: `build/screenshots/letters/${title.replaceAll(/\W+/g, "-")}.png`, fullPage: true });
  }
  await context.close();
}
