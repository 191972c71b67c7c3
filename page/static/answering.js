// The item's page: keys, words saved as they are typed, the lease renewed while somebody reads, marked words as evidence.
// Every answer can be given without this file.
"use strict";
const panel = document.getElementById("answer");
const form = document.querySelector("form.answering");
const reason = document.getElementById("reason");
const loadedAt = performance.now();
const SETTLED_MS = 400; // keys that were still being typed for the page before decide nothing here
const SAVE_MS = 700;
const BEAT_MS = 60_000;

// ---- Keys ----
const KEYS = "retrospan.keys";
const keysBox = document.getElementById("keys-on");
if (keysBox) {
  keysBox.checked = localStorage.getItem(KEYS) !== "off";
  keysBox.addEventListener("change", () => localStorage.setItem(KEYS, keysBox.checked ? "on" : "off"));
}
const isWriting = (target) =>
  target instanceof Element && target.closest("input:not([type=radio], [type=checkbox]), textarea, select");
const isShown = (element) => element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;

function choose(key) {
  const choices = [...document.querySelectorAll(`input[type=radio][data-key="${CSS.escape(key)}"]`)].filter(isShown);
  const unanswered = (choice) => !document.querySelector(`input[name="${CSS.escape(choice.name)}"]:checked`);
  const here = document.activeElement?.closest?.("fieldset");
  const choice = choices.find(unanswered) || choices.find((one) => here?.contains(one)) || choices[0];
  if (!choice) return false;
  choice.checked = true;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  choice.focus({ preventScroll: true });
  const after = choices.find(unanswered);
  (after || choice).closest("fieldset").scrollIntoView({ block: "nearest" });
  const wrong = form.querySelector("input[type=radio]:checked:not([value=pass])");
  if (!after && wrong && reason && isShown(reason) && !reason.value) reason.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey && event.isTrusted && form?.contains(event.target)) {
    event.preventDefault();
    return form.requestSubmit();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !event.isTrusted || event.repeat) return;
  if (localStorage.getItem(KEYS) === "off" || isWriting(event.target)) return;
  if (performance.now() - loadedAt < SETTLED_MS) return;
  if (event.key === "q" && quote()) return event.preventDefault();
  if ("pfc".includes(event.key) && form && choose(event.key)) return event.preventDefault();
  const found = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found instanceof HTMLInputElement) found.focus();
  else found.click();
});

// ---- Saving, and the lease ----
let dirty = false;
let active = false;
let leaving = false;
let timer = 0;
const trouble = document.getElementById("trouble");
function tell(words) {
  if (!trouble) return;
  trouble.hidden = !words;
  trouble.textContent = words;
}
function body(typed) {
  const fields = form ? new URLSearchParams(new FormData(form)) : new URLSearchParams();
  fields.set("form_token", panel.dataset.token);
  fields.set("claim", panel.dataset.claim);
  if (typed) fields.set("typed", "yes");
  return fields;
}
async function save() {
  const typed = dirty;
  dirty = false;
  try {
    const answer = await fetch(`/item/${panel.dataset.item}/save`, {
      method: "POST", body: body(typed), keepalive: true, headers: { Accept: "application/json" },
    });
    if (answer.status === 401) {
      dirty = typed || dirty;
      return tell("You were signed out. Press “Keep” and sign in: what you typed goes along.");
    }
    const told = await answer.json().catch(() => ({ problem: "" }));
    if (!answer.ok) return tell(told.problem || "This could not be saved.");
    tell("");
    const until = new Date(told.until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const note = document.getElementById("saved");
    if (note) note.textContent = `${typed ? "What you typed is saved. " : ""}This is yours until ${until}, and longer while you are at it.`;
  } catch {
    dirty = typed || dirty;
    tell("The page cannot be reached just now. What you typed stays here, and is saved when it is back.");
  }
}
if (panel?.dataset.item) {
  form?.addEventListener("input", () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_MS);
  });
  form?.addEventListener("change", () => form.dispatchEvent(new Event("input")));
  for (const kind of ["keydown", "pointerdown", "scroll", "wheel", "touchmove"]) {
    document.addEventListener(kind, () => { active = true; }, { passive: true, capture: true });
  }
  setInterval(() => {
    if (active || dirty) save();
    active = false;
  }, BEAT_MS);
  document.addEventListener("submit", () => { leaving = true; });
  addEventListener("pagehide", () => {
    if (dirty && !leaving) navigator.sendBeacon(`/item/${panel.dataset.item}/save`, body(true));
    if (!leaving) navigator.sendBeacon(`/item/${panel.dataset.item}/leave`, body(false));
  });
}

// ---- Marked words ----
let marked = "";
document.addEventListener("selectionchange", () => {
  const chosen = getSelection();
  const turn = chosen.anchorNode?.parentElement?.closest("[data-turn]");
  const words = chosen.toString().trim().replace(/\s+/g, " ");
  if (turn && words) marked = `“${words.slice(0, 1000)}” (turn ${turn.dataset.turn})`;
});
function quote() {
  if (!reason || !marked) return false;
  reason.closest("details")?.setAttribute("open", "");
  reason.value = reason.value ? `${reason.value}\n${marked}` : marked;
  marked = "";
  reason.dispatchEvent(new Event("input", { bubbles: true }));
  reason.focus();
  return true;
}
function fromAgent() {
  const said = [...document.querySelectorAll("article.agent")];
  const turn = said.filter((one) => one.classList.contains("look")).pop() || said.pop();
  const expected = document.getElementById("expected");
  if (!turn || !expected || expected.value) return expected?.focus();
  const parts = [...turn.querySelectorAll("div.piece")].map((part) => part.innerText.trim());
  expected.value = parts.join("\n\n").slice(0, expected.maxLength);
  expected.dispatchEvent(new Event("input", { bubbles: true }));
  expected.focus();
}
function unfold() {
  const pieces = [...document.querySelectorAll(".story details")];
  const open = pieces.some((piece) => !piece.open);
  for (const piece of pieces) piece.open = open;
}

// ---- One criterion at a time where there is little room ----
const stepping = document.querySelector(".stepping");
const questions = form ? [...form.querySelectorAll("fieldset")] : [];
let at = 0;
function show(place, focus) {
  at = Math.min(Math.max(place, 0), questions.length);
  questions.forEach((one, number) => one.classList.toggle("now", number === at));
  form.classList.toggle("last", at === questions.length);
  stepping.querySelector("[data-act=back]").hidden = at === 0;
  stepping.querySelector("[data-act=on]").hidden = at === questions.length;
  if (focus) (questions[at]?.querySelector("input:checked, input") || form.querySelector("#severity")).focus();
}
if (questions.length > 1 && stepping) {
  const narrow = matchMedia("(max-width: 50rem)");
  const apply = () => {
    form.classList.toggle("stepwise", narrow.matches);
    stepping.hidden = !narrow.matches;
  };
  narrow.addEventListener("change", apply);
  apply();
  const wrong = questions.findIndex((one) => one.getAttribute("aria-invalid"));
  const open = questions.findIndex((one) => !one.querySelector("input:checked"));
  show(wrong >= 0 ? wrong : open >= 0 ? open : questions.length, false);
  form.addEventListener("click", (event) => {
    const byHand = event.target instanceof HTMLInputElement && event.target.type === "radio" && event.detail > 0;
    if (byHand && narrow.matches) setTimeout(() => show(at + 1, true), 150);
  });
}

const waits = document.querySelector("details.waits");
if (waits && matchMedia("(max-width: 75rem)").matches) waits.open = false;
const acts = { quote, unfold, "from-agent": fromAgent, back: () => show(at - 1, true), on: () => show(at + 1, true) };
document.addEventListener("click", (event) => {
  const act = event.target instanceof Element ? event.target.closest("[data-act]")?.dataset.act : undefined;
  if (act && acts[act]) acts[act]();
});
const button = document.querySelector(".to-answer");
if (button && panel && window.IntersectionObserver) {
  new IntersectionObserver(([seen]) => button.classList.toggle("there", seen.isIntersecting)).observe(panel);
}
