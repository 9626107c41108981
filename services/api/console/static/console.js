// Live update: when the accounts have moved on, the marked parts of the page are fetched again.
// Everything works without this; it only spares the reader a reload.

const words = JSON.parse(document.body.dataset.liveWords);
const href = document.body.dataset.liveHref;
let token = document.body.dataset.liveToken;
let paused = false;
let missed = false;
let lost = false;
let source = null;
let again = null;
let silence = null;

// How long after a failure the page, or a stream that was refused, is asked for again.
const RETRY_MS = 15000;

// How long a stream may be away before that is said: the server ends each after a while.
const GRACE_MS = 8000;

// How long an open stream may say nothing: it ticks each ten seconds at least.
const SILENCE_MS = 25000;

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");

const button = document.createElement("button");
button.type = "button";
button.className = "plain";

const sign = document.createElement("span");
sign.className = "live";

const control = document.createElement("div");
control.className = "live-control";
control.append(sign, " ", button, status);

function show() {
  sign.classList.toggle("paused", paused);
  sign.classList.toggle("lost", lost);
  sign.textContent = lost ? words.lost : words.live;
  button.textContent = paused ? words.resume : words.pause;
}

// What is shown grows old from here on: that is said where it can be seen, and aloud.
function lose() {
  if (!lost) status.textContent = words.lost;
  lost = true;
  show();
  for (const shell of document.querySelectorAll("template[data-silent]")) {
    swap(shell.previousElementSibling, shell.content.cloneNode(true).firstElementChild);
  }
}

function find() {
  if (lost) status.textContent = words.live;
  lost = false;
  show();
}

function counterpart(active, other) {
  if (active.localName === "summary") return other.querySelector("summary");
  const target = active.getAttribute("href");
  return target && other.querySelector(`a[href="${CSS.escape(target)}"]`);
}

// Nobody loses the place where the keyboard is.
function swap(part, other) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const place = active && counterpart(active, other);
  if (active && !place) return;
  part.replaceWith(other);
  place?.focus({ preventScroll: true });
}

async function read() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    // The page to log in is no page of the accounts.
    if (answer.ok && !answer.redirected) return await answer.text();
  } catch {
    // Nobody answers.
  }
  return null;
}

// What moved is said aloud, whichever event of the stream came first; other times only if asked.
async function refresh(aloud = false) {
  const text = await read();
  if (text === null) {
    lose();
    clearTimeout(again);
    again = setTimeout(() => !document.hidden && !paused && refresh(aloud), RETRY_MS);
    return;
  }
  if (source?.readyState === EventSource.OPEN) find();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const moved = fresh.body.dataset.liveToken !== token;
  token = fresh.body.dataset.liveToken;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (other === null) continue;
    // Nobody loses what they have opened or closed either.
    if (part.querySelector("details[open] form")) continue;
    const own = part.querySelector("details");
    if (own) other.querySelector("details")?.toggleAttribute("open", own.open);
    swap(part, other);
  }
  if (aloud || moved) status.textContent = words.updated;
}

function stop() {
  clearTimeout(silence);
  source?.close();
  source = null;
}

function hear() {
  clearTimeout(silence);
  silence = setTimeout(lose, SILENCE_MS);
}

function listen() {
  stop();
  source = new EventSource(href);
  const own = source;
  hear();
  own.addEventListener("position", (event) => {
    hear();
    const moved = event.data !== token;
    if (paused && !lost) missed ||= moved;
    else if (moved || lost) refresh();
  });
  own.addEventListener("tick", () => {
    hear();
    const ages = document.querySelector("[data-ages]") !== null;
    if (lost || (ages && !paused)) refresh();
    else if (ages) missed = true;
  });
  own.addEventListener("error", () => {
    if (own !== source) return;
    if (own.readyState === EventSource.CLOSED) {
      // It was refused: who is logged in no more, or one page too many. Otherwise the browser asks.
      stop();
      lose();
      setTimeout(attend, RETRY_MS);
    } else {
      // A server that ended the stream alone answers, and one that is gone does not: unless the
      // stream is open again meanwhile.
      const cut = () => own === source && own.readyState !== EventSource.OPEN;
      read().then((text) => text === null && cut() && lose());
      setTimeout(() => cut() && lose(), GRACE_MS);
    }
  });
}

// A page that nobody looks at asks for nothing: the browser opens few connections to one place.
function attend() {
  if (document.hidden) stop();
  else if (source === null) listen();
}

button.addEventListener("click", () => {
  paused = !paused;
  show();
  if (!paused && missed) {
    missed = false;
    refresh(true);
  }
});

document.addEventListener("visibilitychange", attend);

show();
document.querySelector(".foot .wide").append(control);
attend();
