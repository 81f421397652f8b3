// The voter's path in a real browser, as `scripts/walk` starts it:
//   node tests/browser/walk.mjs URL ROLL.csv OUTBOX
// Twice: with script at 1280 pixels, where axe-core must find nothing on any page in any state, in light and in dark;
// without script at 320 pixels. Nowhere may anything have to be scrolled sideways. Then the letters, as a phone shows them.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const peers = createRequire(resolve("build/peers/package.json"));
const { chromium } = peers("playwright-core");
const axe = readFileSync(peers.resolve("axe-core/axe.min.js"), "utf8");
const rules = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] };

const [origin, roll, outbox] = process.argv.slice(2);
const voters = readFileSync(roll, "utf8").trim().split("\n").slice(1).map((line) => {
  const [numen, , , birthdate, email] = line.split(";");
  return { numen, birthdate: birthdate.split("/"), email };
});
const captcha = "ABCDE";
const password = "Lampadaire77";

let passed = 0;
let failed = 0;
const check = (what, holds, detail = "") => {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED ${what} ${detail}`);
  }
};

/** One voter's way through the portal in a browser of their own. */
class Walk {
  constructor(name, context, script, voter, mobile) {
    Object.assign(this, { name, context, script, voter, mobile, shots: 0 });
    mkdirSync(`build/screenshots/${name}`, { recursive: true });
  }

  async open() {
    this.page = await this.context.newPage();
    this.context.on("page", (page) => this.listen(page));
    this.listen(this.page);
  }

  // A page that the browser itself complains of (a blocked style, a missing file) is not finished.
  listen(page) {
    const refusals = /the server responded with a status of (40[134]|410|422)/;
    page.on("console", (line) => {
      if (line.type() === "error" && !refusals.test(line.text())) check(`${this.name}: console`, false, line.text());
    });
    page.on("request", (request) =>
      check(`${this.name}: only this host`, new URL(request.url()).origin === origin, request.url()));
  }

  async go(path) {
    await this.page.goto(new URL(path, origin).href);
  }

  async press(name, page = this.page) {
    await page.getByRole("button", { name }).click();
    await page.waitForLoadState();
  }

  async follow(name) {
    await this.page.getByRole("link", { name }).first().click();
    await this.page.waitForLoadState();
  }

  /** The page in its state: what it decided, what axe finds, whether it fits, and its picture. */
  async look(state, outcome, page = this.page) {
    const what = `${this.name}: ${state}`;
    const seen = await page.locator("main").getAttribute("data-outcome");
    check(`${what}: outcome ${outcome ?? "none"}`, seen === (outcome ?? null), `but ${seen} at ${page.url()}`);
    const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    check(`${what}: fits`, content <= room, `${content} in ${room}`);
    check(`${what}: one first heading`, (await page.locator("h1").count()) === 1);
    this.shots += 1;
    const file = `build/screenshots/${this.name}/${String(this.shots).padStart(2, "0")}-${state.replaceAll(" ", "-")}`;
    await page.screenshot({ path: `${file}.png`, fullPage: true });
    if (!this.script) return;
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), rules);
      check(`${what}: axe, ${colorScheme}`, violations.length === 0,
        violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(" | ")}`).join("; "));
    }
  }

  /** Opens the captured messages until one shows what is looked for. */
  async message(locator) {
    for (let tries = 0; tries < 40; tries += 1) {
      await this.go("/demo/messages");
      const found = locator(this.page.locator("article")).first();
      if (await found.count()) return found;
      await this.page.waitForTimeout(250);
    }
    throw new Error(`${this.name}: no such message`);
  }

  async fillIdentity({ numen, day }) {
    const page = this.page;
    const [, month, year] = this.voter.birthdate;
    await page.getByLabel("Numéro de téléphone mobile").fill(this.mobile);
    await page.getByLabel("Jour").fill(day ?? this.voter.birthdate[0]);
    await page.getByLabel("Mois").fill(month);
    await page.getByLabel("Année").fill(year);
    await page.getByLabel("NUMEN").fill(numen ?? this.voter.numen);
    await page.getByLabel("Code de sécurité").fill(captcha);
    await page.getByLabel("Je demande expressément").check();
  }

  async run() {
    const { page, voter } = this;
    await this.go("/");
    await this.look("home");
    await this.follow("Aide");
    await this.look("help");
    await this.go("/rien-ici");
    await this.look("not found", "not-found");

    // No password yet.
    await this.go("/connexion");
    await this.look("sign-in");
    await this.press("Continuer");
    await this.look("sign-in without address", "form-invalid");
    await this.follow("Mot de passe oublié");
    await this.look("recovery");
    await page.getByLabel("Adresse électronique").fill("camille");
    await this.press("Continuer");
    await this.look("recovery with half an address", "form-invalid");
    await page.getByLabel("Adresse électronique").fill(` ${voter.email.toUpperCase()} `);
    await this.press("Continuer");
    await this.look("recovery to confirm");
    await this.press("Oui, envoyer le lien");
    await this.look("recovery sent", "reset-sent");

    const link = await this.message((all) => all.filter({ hasText: voter.email }).getByRole("link"));
    await this.look("messages");
    await link.click();
    await page.waitForLoadState();
    const address = page.url();
    await this.look("new password");
    await page.getByLabel("Nouveau mot de passe").fill("azerty");
    if (this.script) {
      const kind = () => page.getByLabel("Nouveau mot de passe").getAttribute("type");
      await page.getByRole("button", { name: "Afficher le mot de passe" }).first().click();
      check(`${this.name}: a password can be shown`, (await kind()) === "text");
      await this.look("password shown");
      await page.getByRole("button", { name: "Masquer le mot de passe" }).click();
      check(`${this.name}: and hidden`, (await kind()) === "password");
    }
    await page.getByLabel("Le même").fill("azerti");
    await this.press("Enregistrer");
    await this.look("weak password", "password-refused");
    check(`${this.name}: a password is not sent back`, (await page.getByLabel("Nouveau mot de passe").inputValue()) === "");
    await page.getByLabel("Nouveau mot de passe").fill(password);
    await page.getByLabel("Le même").fill(password);
    await this.press("Enregistrer");
    await this.look("password changed", "password-changed");
    await this.go(address);
    await this.look("link used", "link-expired");

    await this.go("/connexion");
    await page.getByLabel("Adresse électronique").fill(voter.email);
    await this.press("Continuer");
    await this.look("password");
    await page.getByLabel("Mot de passe", { exact: true }).fill("Lampadaire78");
    await this.press("Se connecter");
    await this.look("wrong password", "sign-in-refused");
    await page.getByLabel("Mot de passe", { exact: true }).fill(password);
    await this.press("Se connecter");
    check(`${this.name}: in the voter's space`, new URL(page.url()).pathname === "/electeur", page.url());
    await this.look("space");

    await this.follow("Recevoir un nouvel identifiant");
    await this.look("identifier");
    await this.press("Recevoir l’identifiant");
    await this.look("identifier empty", "form-invalid");
    await this.fillIdentity({ numen: `${voter.numen.slice(0, 12)}!` });
    await this.press("Recevoir l’identifiant");
    await this.look("identifier malformed", "form-invalid");
    check(`${this.name}: what was typed stays`, (await page.getByLabel("Mois").inputValue()) === voter.birthdate[1]);
    await this.fillIdentity({ day: voter.birthdate[0] === "01" ? "2" : "1" });
    await this.press("Recevoir l’identifiant");
    await this.look("identity refused", "identity-refused");
    // As copied from a letter: in groups, in lower case.
    await this.fillIdentity({ numen: voter.numen.toLowerCase().replace(/(...)(?=.)/g, "$1 ") });
    await this.press("Recevoir l’identifiant");
    await this.look("issued", "issued");
    check(`${this.name}: on the follow-up page`, new URL(page.url()).pathname === "/electeur/identifiant/suivi", page.url());
    // The page brings the news by itself.
    await page.getByText("SMS remis à l’opérateur").waitFor();
    await this.look("handed over", "issued");
    const mobile = this.mobile.replaceAll(" ", "").slice(1);
    const sms = await this.message((all) =>
      all.filter({ hasText: mobile }).filter({ hasText: /[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}/ }));
    check(`${this.name}: an SMS with the identifier`, (await sms.count()) === 1);

    // Two tabs; the form of the first is sent after the second has signed out.
    await this.go("/electeur/identifiant");
    await this.fillIdentity({});
    const second = await this.context.newPage();
    await second.goto(new URL("/electeur", origin).href);
    await this.press("Se déconnecter", second);
    await this.look("signed out", undefined, second);
    await second.close();
    await this.press("Recevoir l’identifiant");
    await this.look("sent after sign-out", "signed-out");

    const disavow = await this.message((all) =>
      all.filter({ hasText: voter.email }).getByRole("link", { name: /pas-moi/ }));
    await disavow.click();
    await page.waitForLoadState();
    await this.look("not me");
    await this.press("Ce n’est pas moi");
    await this.look("frozen", "frozen");
  }
}

/** Each letter's HTML on a phone: it fits, axe finds nothing, and it asks no server for anything. */
async function lookAtLetters(browser) {
  const letters = new Map();
  for (const name of readdirSync(outbox).filter((name) => name.endsWith(".eml"))) {
    const mail = readFileSync(`${outbox}/${name}`, "utf8");
    const [, boundary] = mail.match(/boundary="([^"]+)"/);
    const html = mail.split(`--${boundary}`).find((part) => /content-type: text\/html/i.test(part));
    const [, title] = html.match(/<title>(.*?)<\/title>/);
    letters.set(title, html.slice(html.indexOf("<!DOCTYPE")));
  }
  check("letters: one of each kind", letters.size >= 5, [...letters.keys()].join("; "));
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

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--disable-gpu"] });
const ways = [
  ["wide-with-script", { viewport: { width: 1280, height: 900 }, javaScriptEnabled: true }, voters[0], "06 12 34 56 78"],
  ["narrow-without-script", { viewport: { width: 320, height: 640 }, javaScriptEnabled: false }, voters[5], "0690 00 12 35"],
];
try {
  for (const [name, options, voter, mobile] of ways) {
    const context = await browser.newContext({ ...options, locale: "fr-FR", reducedMotion: "reduce", timezoneId: "Europe/Paris" });
    const walk = new Walk(name, context, options.javaScriptEnabled, voter, mobile);
    await walk.open();
    try {
      await walk.run();
    } catch (error) {
      check(`${name}: to the end`, false, error.message);
      await walk.page.screenshot({ path: `build/screenshots/${name}/stopped.png`, fullPage: true });
    }
    await context.close();
  }
  await lookAtLetters(browser);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
