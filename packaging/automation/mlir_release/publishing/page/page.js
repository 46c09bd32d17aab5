// What the page can do besides being read: copy commands, and search the list of releases.
"use strict";

const spoken = document.getElementById("status");

function mark(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Not allowed here, or a page that did not come over TLS; the reader's own keys still copy.
    mark(code);
    spoken.textContent = "Not copied; the command is selected, copy it with the keyboard.";
    return;
  }
  spoken.textContent = "Copied.";
  button.textContent = "Copied";
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = "Copy";
    button.classList.remove("done");
    spoken.textContent = "";
  }, 2000);
}

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

const form = document.querySelector(".search");

// A row is found by what it says, and by the whole hash of its commit, which only its link has.
function entry(row) {
  const commit = row.lastElementChild.firstElementChild.href.split("/").pop();
  return { row, text: `${row.textContent} ${commit}`.toLowerCase() };
}

// All words must be in a row; of a URL its last part, so that a commit's can be pasted.
function words(query) {
  const parts = query.toLowerCase().split(/\s+/).filter(Boolean);
  return parts.map((part) => (part.includes("://") ? part.replace(/\/+$/, "").split("/").pop() : part));
}

// What is shown of a long list until somebody asks for all: browsers take their time over thousands of rows.
const FIRST = 100;

function counted(found, shown, total) {
  const number = (it) => it.toLocaleString("en");
  const what = `${number(found)} of ${number(total)} releases`;
  return shown < found ? `${what}, the newest ${number(shown)} are shown` : what;
}

function searchable(body) {
  const input = document.getElementById("query");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const all = document.getElementById("all");
  const entries = Array.from(body.rows, entry);
  // A link to a row must find it.
  const pointed = location.hash.slice(1);
  let limit = FIRST;

  function search() {
    const wanted = words(input.value);
    let found = 0;
    let shown = 0;
    for (const { row, text } of entries) {
      const matches = wanted.every((word) => text.includes(word));
      const visible = matches && (shown < limit || row.id === pointed);
      found += matches;
      shown += visible;
      if (row.hidden === visible) {
        row.hidden = !visible;
      }
    }
    nothing.hidden = found > 0;
    all.hidden = shown === found;
    count.textContent = counted(found, shown, entries.length);
  }

  function remember() {
    const address = new URL(location.href);
    address.search = input.value.trim() ? new URLSearchParams({ q: input.value }) : "";
    history.replaceState(null, "", address);
  }

  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", () => {
    limit = FIRST;
    search();
  });
  // Not at each key: browsers allow only so many changes of the address.
  input.addEventListener("change", remember);
  all.addEventListener("click", () => {
    limit = Infinity;
    search();
    input.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember();
  });
  form.hidden = false;
  search();
}

if (form) {
  searchable(document.querySelector(".releases").tBodies[0]);
}
