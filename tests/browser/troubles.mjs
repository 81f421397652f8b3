// The pages that nobody hopes to see, met on purpose: no cookies, no images, a session that ended, an SMS that is late, too
// many tries, a crowd. What only time brings is brought by the database.
import { execFileSync } from "node:child_process";

const password = "Lampadaire77";
const change = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as db: db.execute(sys.argv[2])";

export async function meetTroubles(walk, database) {
  const { page, context, voter, words } = walk;
  const long = "'2026-01-01 00:00:00+00:00'";
  const bring = (statement) => execFileSync("python3", ["-c", change, database, statement]);
  const begin = async () => {
    await walk.go("/connexion");
    await walk.fill(words.email, voter.email);
    await walk.press(words.continue);
  };
  const signIn = async (tried) => {
    await begin();
    await walk.fill(words.password, tried, { exact: true });
    await walk.press(words.signIn);
  };

  await begin();
  await context.clearCookies();
  await page.reload();
  await walk.look("cookies refused", "cookies-refused");

  await walk.go("/mot-de-passe/oublie");
  await walk.fill(words.email, voter.email);
  await walk.press(words.continue);
  await walk.press(words.send);
  await walk.hands.go(await walk.message((all) => all.filter({ hasText: voter.email }).getByRole("link")));
  await walk.fill(words.newPassword, password);
  await walk.fill(words.again, password);
  await walk.press(words.save);
  await signIn(password);

  await page.route("**/*.png", (route) => route.abort());
  await walk.go("/electeur/identifiant");
  await walk.look("identifier without images");
  await page.unroute("**/*.png");

  await walk.fillIdentity({});
  bring(`UPDATE session SET seen_at = ${long}`);
  await walk.press(words.submit);
  await walk.look("session over and form kept", "signed-out");
  await signIn(password);
  walk.check("the form is back", (await page.getByLabel("NUMEN").inputValue()) === voter.numen, page.url());
  await walk.look("form restored");
  await walk.fill(words.code, "ABCDE");
  await walk.press(words.submit);
  await page.getByText(words.handedOver).waitFor();
  bring(`UPDATE voting_identifier SET requested_at = ${long}`);
  await page.reload();
  await walk.look("late", "issued");
  await walk.go("/electeur");
  await walk.look("space with an SMS");

  for (let tries = 0; tries < 3; tries += 1) {
    await walk.go("/electeur/identifiant");
    await walk.fillIdentity({ day: voter.birthdate[0] === "01" ? "2" : "1" });
    await walk.press(words.submit);
  }
  await walk.look("locked", "locked");

  await context.clearCookies();
  for (let tries = 0; tries < 6; tries += 1) await signIn("Lampadaire78");
  await walk.look("too many tries", "throttled");

  // More forms than one network may send in a minute. A sign-in waits for its turn; other forms are told to.
  const flood = async () => {
    const address = new URL("/deconnexion", page.url()).href;
    const post = () => context.request.post(address, { maxRedirects: 0 });
    for (let forms = 0; forms < 400; forms += 10) await Promise.all(Array.from({ length: 10 }, post));
  };
  await begin();
  await flood();
  await walk.fill(words.password, password, { exact: true });
  // Five more are let in each second: the flood goes on and takes them.
  const within = async (press) => {
    const going = flood();
    await page.waitForTimeout(300);
    await press();
    await going;
  };
  await within(() => walk.press(words.signIn));
  walk.check("a crowd waits", await page.getByText(words.crowd).count(), page.url());
  await walk.look("a crowd", "throttled");
  await walk.go("/mot-de-passe/oublie");
  await walk.fill(words.email, voter.email);
  await flood();
  await within(() => walk.press(words.continue));
  await walk.look("too many forms", "throttled");
}
