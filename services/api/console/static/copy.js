// Buttons that put an id, a hash or a command into the clipboard. Without this the text stands there.

const words = JSON.parse(document.body.dataset.copyWords);

// How long a button says that it was done.
const SAID_MS = 2000;

function command(path) {
  // The key is a variable of the shell: none is ever written into a page.
  return `curl -H "Authorization: Bearer $KEY" '${location.origin}${path}'`;
}

function add(part) {
  const isCommand = part.dataset.curl !== undefined;
  const name = isCommand ? words.curl : words.copy;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain copy";
  button.textContent = name;
  if (!isCommand) button.setAttribute("aria-label", `${name} ${part.dataset.copy}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(isCommand ? command(part.dataset.curl) : part.dataset.copy);
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = name), SAID_MS);
  });
  part.after(" ", button);
  part.dataset.copyReady = "";
}

function addAll() {
  for (const part of document.querySelectorAll("[data-copy], [data-curl]")) {
    if (part.dataset.copyReady === undefined) add(part);
  }
}

// The clipboard is there over https, and on this machine.
if (navigator.clipboard) {
  addAll();
  // A live update puts new parts in the place of others.
  new MutationObserver(addAll).observe(document.querySelector("main"), {
    childList: true,
    subtree: true,
  });
}
