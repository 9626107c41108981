// Live update: when the accounts have moved on, the marked parts of the page are fetched again.
// Everything works without this; it only spares the reader a reload.

const words = JSON.parse(document.body.dataset.liveWords);
const href = document.body.dataset.liveHref;
let token = document.body.dataset.liveToken;
let paused = false;
let missed = false;
let source = null;

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");

const button = document.createElement("button");
button.type = "button";
button.className = "plain";

const sign = document.createElement("span");
sign.className = "live";
sign.textContent = words.live;

const control = document.createElement("div");
control.className = "live-control";
control.append(sign, " ", button, status);

function show() {
  sign.classList.toggle("paused", paused);
  button.textContent = paused ? words.resume : words.pause;
}

function counterpart(active, other) {
  if (active.localName === "summary") return other.querySelector("summary");
  const target = active.getAttribute("href");
  return target && other.querySelector(`a[href="${CSS.escape(target)}"]`);
}

async function refresh(aloud) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  token = fresh.body.dataset.liveToken;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (other === null) continue;
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const place = active && counterpart(active, other);
    // Nobody loses the place where the keyboard is, nor what they have opened.
    if (active && !place) continue;
    const open = part.querySelector("details")?.open;
    if (open) other.querySelector("details")?.setAttribute("open", "");
    part.replaceWith(other);
    place?.focus({ preventScroll: true });
  }
  if (aloud) status.textContent = words.updated;
}

function listen() {
  source = new EventSource(href);
  source.addEventListener("position", (told) => {
    if (told.data === token) return;
    if (paused) missed = true;
    else refresh(true);
  });
  source.addEventListener("tick", () => {
    if (!paused && document.querySelector("[data-ages]")) refresh(false);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) status.textContent = words.lost;
  });
}

button.addEventListener("click", () => {
  paused = !paused;
  show();
  if (!paused && missed) {
    missed = false;
    refresh(true);
  }
});

// A page that nobody looks at asks for nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source.close();
  else listen();
});

show();
document.querySelector(".foot .wide").append(control);
listen();
