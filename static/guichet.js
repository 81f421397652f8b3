// Everything works without this script. With it: the first error is focused, a form is sent once, the back button asks
// no question, a password can be shown and tells which criteria it meets, the browser can answer the security code in its
// person's place, what changes by itself does so without a reload (a screen reader says the news only), and the end of the
// session is announced in time to extend it without losing what was typed.
"use strict";

// A page that answers a form is asked for like any other when one comes back to it.
history.replaceState(null, "", location.href);

const first = document.querySelector('main [role="alert"]');
if (first) first.focus();

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    // Stopped on a bad line, it may be sent again; the server decides on it once.
    setTimeout(() => delete form.dataset.sent, 30_000);
  });
}
// Back from another page by the browser's cache: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

for (const input of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? input.dataset.hide : input.dataset.show;
  };
  button.type = "button";
  button.className = "quiet reveal";
  button.setAttribute("aria-controls", input.id);
  // Two such buttons on one page are told apart by ear, too.
  button.setAttribute("aria-describedby", `${input.id}-label`);
  button.addEventListener("click", () => show(input.type === "password"));
  // A browser offers to keep what is sent as a password only.
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(button);
}

// The kinds of characters as the server tells them apart; what only the server knows (names, common passwords) it tells.
const kinds = {
  "criterion-lower": /\p{Lowercase}/u,
  "criterion-upper": /\p{Uppercase}/u,
  "criterion-digit": /[0-9]/,
  "criterion-symbol": /[^\p{Alphabetic}\p{N}]/u,
};
const criteria = document.getElementById("criteria");
if (criteria) {
  const input = document.getElementById("password");
  const items = [...criteria.querySelectorAll("[data-criterion]")].map((item) => {
    const mark = document.createElement("span");
    mark.className = "met";
    item.append(" ", mark);
    return { item, mark, ...item.dataset };
  }).filter(({ criterion }) => criterion === "criterion-length" || kinds[criterion]);
  const isMet = (password, { criterion, min, max }) => {
    const { length } = [...password];
    return criterion === "criterion-length" ? length >= min && length <= max : kinds[criterion].test(password);
  };
  const told = criteria.querySelector("[role=status]");
  input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} criteria`.trim());
  input.addEventListener("input", () => {
    const password = input.value.normalize("NFC");
    const met = items.filter((item) => isMet(password, item));
    for (const { item, mark } of items) {
      const is = met.some((one) => one.item === item);
      mark.textContent = is ? `✓ ${criteria.dataset.met}` : "";
      if (is) item.classList.remove("unmet");
    }
    const text = criteria.dataset.told.replace("{met}", met.length).replace("{all}", items.length);
    if (told.textContent !== text) told.textContent = text;
  });
}

// The security code without eye or ear: a number that makes a digest begin with so many zeros.
const prove = document.getElementById("prove");
if (prove && globalThis.Worker) {
  const told = document.getElementById("proof");
  const field = document.getElementById("captcha");
  const { name, bits, prover, working, done, failed } = prove.dataset;
  prove.hidden = false;
  prove.addEventListener("click", () => {
    prove.disabled = true;
    told.textContent = working;
    const crew = Array.from({ length: Math.min(navigator.hardwareConcurrency || 1, 4) }, () => new Worker(prover));
    const end = (text) => {
      for (const worker of crew) worker.terminate();
      told.textContent = text;
    };
    crew.forEach((worker, first) => {
      worker.addEventListener("message", ({ data }) => {
        field.value = `preuve ${data}`;
        end(done);
        field.focus();
      });
      worker.addEventListener("error", () => {
        prove.disabled = false;
        end(failed);
      });
      worker.postMessage({ name, bits: Number(bits), first, step: crew.length });
    });
  });
}

const main = document.querySelector("main");
const live = document.getElementById("live");
const askAgain = ({ refreshSeconds, refreshTo }) => {
  if (refreshTo) setTimeout(() => (live ? renew(refreshTo) : location.replace(refreshTo)), refreshSeconds * 1000);
};
const renew = async (address) => {
  try {
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = page.getElementById("live");
    if (!news) return location.replace(address);
    if (news.innerHTML !== live.innerHTML) live.replaceChildren(...news.childNodes);
    askAgain(page.querySelector("main").dataset);
  } catch {
    // The line is down for a moment.
    askAgain(main.dataset);
  }
};
askAgain(main.dataset);

const stay = document.querySelector("form.stay");
if (stay) {
  const status = stay.querySelector("p");
  const calm = status.textContent;
  const notice = 5 * 60;
  let ends = Date.now() + stay.dataset.sessionSeconds * 1000;
  const look = () => {
    const left = (ends - Date.now()) / 1000;
    stay.classList.toggle("soon", left < notice);
    const text = left <= 0 ? stay.dataset.ended : left < notice ? stay.dataset.warning : calm;
    if (status.textContent !== text) status.textContent = text;
  };
  stay.querySelector("button").hidden = false;
  setInterval(look, 5000);
  stay.addEventListener("submit", async (event) => {
    event.preventDefault();
    delete stay.dataset.sent;
    const answer = await fetch(stay.action, { method: "POST", body: new URLSearchParams() }).catch(() => null);
    const isOver = answer?.status === 401 || (answer && new URL(answer.url).pathname.startsWith("/connexion"));
    if (answer?.ok && !isOver) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("form.stay");
      ends = Date.now() + fresh.dataset.sessionSeconds * 1000;
      status.textContent = fresh.querySelector("p").textContent;
      stay.classList.remove("soon");
    } else if (isOver) {
      ends = 0;
      look();
    } else {
      status.textContent = stay.dataset.unreachable;
    }
  });
}
