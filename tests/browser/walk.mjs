// The voter's path in a real browser, as `scripts/walk` starts it:
//   node tests/browser/walk.mjs URL FOLDER-OF-THE-DEMONSTRATION
// Three times: with a pointer and script at 1280 pixels; without script at 320 pixels, as a zoom of 400% shows it; in
// English with the keyboard alone, at 320 pixels. On every page in every state: nothing to scroll sideways, no request to
// another host, French spaces where they belong, and, where script runs, nothing that axe-core finds in light or in dark.
// Then the troubles that a voter may meet, in both languages, and the letters, as a phone shows them. Each page leaves a picture in build/screenshots.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import { Keyboard, Pointer } from "./hands.mjs";
import { lookAtLetters } from "./letters.mjs";
import { meetTroubles } from "./troubles.mjs";
import { words } from "./words.mjs";

const peers = createRequire(resolve("build/peers/package.json"));
const { chromium } = peers("playwright-core");
const axe = readFileSync(peers.resolve("axe-core/axe.min.js"), "utf8");
const rules = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] };

const [origin, folder] = process.argv.slice(2);
const voters = readFileSync(`${folder}/liste-electorale.csv`, "utf8").trim().split("\n").slice(1).map((line) => {
  const [numen, , , birthdate, email] = line.split(";");
  return { numen, birthdate: birthdate.split("/"), email };
});
const captcha = "ABCDE";
const password = "Lampadaire77";
const about = ["/aide", "/accessibilite", "/mentions-legales", "/donnees-personnelles", "/cookies", "/demo/parts"];

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
  constructor(name, context, { script, keyboard, language, voter, mobile }) {
    Object.assign(this, { name, context, script, keyboard, voter, mobile, language, shots: 0, words: words[language] });
    this.check = (what, holds, detail) => check(`${name}: ${what}`, holds, detail);
    mkdirSync(`build/screenshots/${name}`, { recursive: true });
  }

  async open() {
    this.page = await this.context.newPage();
    this.hands = this.keyboard ? new Keyboard(this.page, check) : new Pointer(this.page);
    this.context.on("page", (page) => this.listen(page));
    this.listen(this.page);
  }

  // A page that the browser itself complains of (a blocked style, a missing file) is not finished.
  listen(page) {
    const refusals = /the server responded with a status of (40[134]|410|422|429)|net::ERR_FAILED/;
    page.on("console", (line) => {
      if (line.type() === "error" && !refusals.test(line.text())) check(`${this.name}: console`, false, line.text());
    });
    page.on("request", (request) =>
      check(`${this.name}: only this host`, new URL(request.url()).origin === origin, request.url()));
  }

  async go(path) {
    await this.page.goto(new URL(path, origin).href);
  }

  async press(name) {
    await this.hands.go(this.page.locator("main, header").getByRole("button", { name }).last());
  }

  async follow(name) {
    await this.hands.go(this.page.getByRole("link", { name }).first());
  }

  async fill(label, text, options) {
    await this.hands.fill(this.page.getByLabel(label, options), text);
  }

  /** The page in its state: what it decided, what axe finds, whether it fits, and its picture. */
  async look(state, outcome, page = this.page) {
    const what = `${this.name}: ${state}`;
    const seen = await page.locator("main").getAttribute("data-outcome");
    check(`${what}: outcome ${outcome ?? "none"}`, seen === (outcome ?? null), `but ${seen} at ${page.url()}`);
    const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    check(`${what}: fits`, content <= room, `${content} in ${room}`);
    // A word that stands letter below letter fits, too.
    const thin = await page.evaluate(() =>
      [...document.querySelectorAll("main *")].filter(({ offsetWidth, offsetHeight, textContent }) =>
        textContent.trim().length > 4 && offsetWidth > 1 && offsetWidth < 30 && offsetHeight > 100).length);
    check(`${what}: no text of one letter's width`, thin === 0);
    check(`${what}: one first heading`, (await page.locator("h1").count()) === 1);
    check(`${what}: language`, (await page.locator("html").getAttribute("lang")) === this.language);
    await this.readSpaces(what, page);
    this.shots += 1;
    const file = `build/screenshots/${this.name}/${String(this.shots).padStart(2, "0")}-${state.replaceAll(/\W+/g, "-")}`;
    await page.screenshot({ path: `${file}.png`, fullPage: true });
    if (!this.script) return;
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      if (colorScheme === "dark") await page.screenshot({ path: `${file}-dark.png`, fullPage: true });
      await page.evaluate(axe);
      const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), rules);
      check(`${what}: axe, ${colorScheme}`, violations.length === 0,
        violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(" | ")}`).join("; "));
    }
  }

  /** A narrow space that does not break before : ; ? ! and within « », and none of them in English. */
  async readSpaces(what, page) {
    const text = (await page.locator("body").innerText()).replaceAll(/\S+(:\/\/|@)\S+/g, "");
    const wrong = this.language === "fr" ? /.{0,20}((?<!\u202f)[;!?»:]|«(?!\u202f)).{0,5}/ : /.{0,20}[\u202f«»].{0,5}/;
    check(`${what}: spaces`, !wrong.test(text), text.match(wrong)?.[0]);
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

  async fillIdentity({ numen, day, code = captcha }) {
    const [ownDay, month, year] = this.voter.birthdate;
    await this.fill(this.words.mobile, this.mobile);
    await this.fill(this.words.day, day ?? ownDay);
    await this.fill(this.words.month, month);
    await this.fill(this.words.year, year);
    await this.fill("NUMEN", numen ?? this.voter.numen);
    if (code) await this.fill(this.words.code, code);
    await this.hands.check(this.page.getByLabel(this.words.request));
  }

  async run() {
    await this.lookAround();
    await this.recover();
    await this.signIn();
    await this.issue();
    await this.leave();
  }

  async lookAround() {
    await this.go("/");
    await this.look("home");
    await this.follow(this.words.help);
    for (const path of about) {
      await this.go(path);
      await this.look(path.slice(1).replace("/", " "));
    }
    await this.go("/rien-ici");
    await this.look("not found", "not-found");
  }

  async recover() {
    const { page, voter, words } = this;
    await this.go("/connexion");
    await this.look("sign-in");
    await this.press(words.continue);
    await this.look("sign-in without address", "form-invalid");
    await this.follow(words.forgotten);
    await this.look("recovery");
    await this.fill(words.email, "camille");
    await this.press(words.continue);
    await this.look("recovery with half an address", "form-invalid");
    await this.fill(words.email, "élodie.martin@ac-lyon.fr");
    await this.press(words.continue);
    await this.look("recovery with an accent", "form-invalid");
    await this.fill(words.email, ` mailto:${voter.email.toUpperCase()} `);
    await this.press(words.continue);
    await this.look("recovery to confirm");
    await this.press(words.send);
    await this.look("recovery sent", "reset-sent");

    const link = await this.message((all) => all.filter({ hasText: voter.email }).getByRole("link"));
    await this.hands.go(link);
    this.link = page.url();
    await this.look("new password");
    await this.fill(words.newPassword, "azertyB");
    if (this.script) await this.tryPassword();
    await this.fill(words.again, "azerti");
    await this.press(words.save);
    await this.look("weak password", "password-refused");
    check(`${this.name}: a password is not sent back`, (await page.getByLabel(words.newPassword).inputValue()) === "");
    await this.fill(words.newPassword, password);
    await this.fill(words.again, password);
    await this.press(words.save);
    await this.look("password changed", "password-changed");
    await this.go(this.link);
    await this.look("link used", "link-expired");
  }

  /** What script adds to a password: it can be shown, and tells what it meets while it is typed. */
  async tryPassword() {
    const { page, words } = this;
    const met = page.getByText(words.met);
    check(`${this.name}: two criteria are met`, (await met.count()) === 2, await page.locator("#criteria").innerText());
    const kind = () => page.getByLabel(words.newPassword).getAttribute("type");
    await this.hands.press(page.getByRole("button", { name: words.show }).first());
    check(`${this.name}: a password can be shown`, (await kind()) === "text");
    await this.look("password shown");
    await this.hands.press(page.getByRole("button", { name: words.hide }));
    check(`${this.name}: and hidden`, (await kind()) === "password");
  }

  async signIn() {
    const { page, voter, words } = this;
    await this.go("/connexion");
    await this.fill(words.email, voter.email);
    await this.press(words.continue);
    await this.look("password");
    await this.fill(words.password, "Lampadaire78", { exact: true });
    await this.press(words.signIn);
    await this.look("wrong password", "sign-in-refused");
    await this.fill(words.password, password, { exact: true });
    await this.press(words.signIn);
    check(`${this.name}: in the voter's space`, new URL(page.url()).pathname === "/electeur", page.url());
    await this.look("space");
  }

  async issue() {
    const { page, voter, words } = this;
    await this.follow(words.ask);
    await this.look("identifier");
    await this.press(words.submit);
    await this.look("identifier empty", "form-invalid");
    await this.fillIdentity({ numen: `${voter.numen.slice(0, 12)}!` });
    await this.press(words.submit);
    await this.look("identifier malformed", "form-invalid");
    check(`${this.name}: what was typed stays`, (await page.getByLabel(words.month).inputValue()) === voter.birthdate[1]);
    await this.fillIdentity({ day: voter.birthdate[0] === "01" ? "2" : "1" });
    await this.press(words.submit);
    await this.look("identity refused", "identity-refused");
    await this.press(words.another);
    check(`${this.name}: another code keeps the rest`, (await page.getByLabel("NUMEN").inputValue()) === voter.numen);
    await this.look("another code");
    if (this.script) await this.comeBack();
    if (this.script) await this.listenToCode();
    // As copied from a letter: in groups, in lower case.
    const numen = voter.numen.toLowerCase().replace(/(...)(?=.)/g, "$1 ");
    await this.fillIdentity({ numen, code: this.keyboard ? "" : captcha });
    if (this.keyboard) {
      // Nothing seen, nothing heard: the browser answers.
      await this.hands.press(page.getByRole("button", { name: words.prove }));
      await page.getByText(words.proved).waitFor({ timeout: 60_000 });
      await this.look("proved");
    }
    const submit = page.locator("main").getByRole("button", { name: words.submit }).last();
    await (this.keyboard ? this.hands.go(submit) : submit.dblclick());
    await page.waitForURL("**/suivi*");
    await this.look("issued", "issued");
    // The page brings the news by itself.
    await page.getByText(words.handedOver).waitFor();
    await this.look("handed over", "issued");
    const mobile = this.mobile.replaceAll(" ", "").slice(1);
    const sms = await this.message((all) =>
      all.filter({ hasText: mobile }).filter({ hasText: /[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}/ }));
    check(`${this.name}: an SMS with the identifier`, (await sms.count()) === 1);
  }

  /** The back button after a refused form leads to the form as it was filled, not to the browser's question. */
  async comeBack() {
    await this.go("/aide");
    await this.page.goBack();
    await this.page.getByLabel(this.words.mobile).waitFor({ timeout: 5000 });
    check(`${this.name}: back to the form`, new URL(this.page.url()).pathname === "/electeur/identifiant");
    check(`${this.name}: as it was filled`, (await this.page.getByLabel("NUMEN").inputValue()) === this.voter.numen);
  }

  /** The recording is one that the browser plays. */
  async listenToCode() {
    const seconds = await this.page.locator("audio").evaluate((audio) => new Promise((resolve) => {
      audio.addEventListener("loadedmetadata", () => resolve(audio.duration));
      audio.addEventListener("error", () => resolve(0));
      audio.load();
      audio.preload = "metadata";
    }));
    check(`${this.name}: a recording of some seconds`, seconds > 4 && seconds < 12, String(seconds));
  }

  async leave() {
    const { page, words, voter } = this;
    if (this.script) await this.waitForTheEnd();
    // Two tabs; the form of the first is sent after the second has signed out.
    await this.go("/electeur/identifiant");
    await this.fillIdentity({});
    const second = await this.context.newPage();
    await second.goto(new URL("/electeur", origin).href);
    await second.getByRole("button", { name: words.signOut }).click();
    await second.waitForLoadState();
    await this.look("signed out", undefined, second);
    await second.close();
    await this.press(words.submit);
    await this.look("sent after sign-out", "signed-out");

    const disavow = await this.message((all) =>
      all.filter({ hasText: voter.email }).getByRole("link", { name: /pas-moi/ }));
    await this.hands.go(disavow);
    await this.look("not me");
    await this.press(words.notMe);
    await this.look("frozen", "frozen");
  }

  /** The bar that announces the end hides nothing that has the focus. */
  async tabUnderTheBar(page) {
    await page.getByLabel(this.words.mobile).focus();
    for (let tabs = 0; tabs < 12; tabs += 1) {
      await page.keyboard.press("Tab");
      const hidden = await page.evaluate(() => {
        const bar = document.querySelector("form.stay");
        const has = document.activeElement;
        return !bar.contains(has) && has.getBoundingClientRect().top > bar.getBoundingClientRect().top;
      });
      check(`${this.name}: nothing is focused under the bar`, !hidden, String(tabs));
    }
  }

  /** The end of a session is announced, and put off without leaving the page. */
  async waitForTheEnd() {
    const page = await this.context.newPage();
    await page.clock.install();
    await page.goto(new URL("/electeur/identifiant", origin).href);
    await page.getByLabel("NUMEN").fill("12E");
    await page.clock.fastForward("26:00");
    await page.getByText(this.words.ending).waitFor({ timeout: 5000 });
    const seen = await page.locator("form.stay").evaluate((form) => {
      scrollTo(0, 0);
      const { top, bottom } = form.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
    check(`${this.name}: the end is seen from the top of the form`, seen);
    await this.look("session ending", undefined, page);
    if (this.keyboard) await this.tabUnderTheBar(page);
    await page.getByRole("button", { name: this.words.extend }).click();
    await page.getByText(this.words.ending).waitFor({ state: "hidden", timeout: 5000 });
    check(`${this.name}: what was typed stays after extending`, (await page.getByLabel("NUMEN").inputValue()) === "12E");
    await page.close();
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--disable-gpu"] });
const narrow = { width: 320, height: 640 };
const ways = [
  ["wide-with-script", { viewport: { width: 1280, height: 900 } },
    { script: true, language: "fr", voter: voters[0], mobile: "06 12 34 56 78" }],
  ["narrow-without-script", { viewport: narrow, javaScriptEnabled: false },
    { script: false, language: "fr", voter: voters[5], mobile: "0690 00 12 35" }],
  ["english-by-keyboard", { viewport: narrow, locale: "en-GB" },
    { script: true, keyboard: true, language: "en", voter: voters[7], mobile: "06 12 34 56 77" }],
  ["troubles", { viewport: { width: 640, height: 900 } },
    { script: true, language: "fr", voter: voters[9], mobile: "06 12 34 56 79", troubles: true }],
  ["troubles-in-english", { viewport: narrow, locale: "en-GB" },
    { script: true, language: "en", voter: voters[11], mobile: "06 12 34 56 81", troubles: true }],
];
try {
  for (const [at, [name, options, way]] of ways.entries()) {
    // Each from a network of their own: what one sends too often keeps no other.
    const extraHTTPHeaders = { "X-Real-IP": `192.0.2.${at + 1}` };
    const usual = { locale: "fr-FR", reducedMotion: "reduce", timezoneId: "Europe/Paris", extraHTTPHeaders };
    const context = await browser.newContext({ ...usual, ...options });
    const walk = new Walk(name, context, way);
    await walk.open();
    try {
      await (way.troubles ? meetTroubles(walk, `${folder}/guichet.sqlite`) : walk.run());
    } catch (error) {
      check(`${name}: to the end`, false, error.message);
      await walk.page.screenshot({ path: `build/screenshots/${name}/stopped.png`, fullPage: true });
    }
    await context.close();
  }
  await lookAtLetters(browser, `${folder}/outbox`, axe, check);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
