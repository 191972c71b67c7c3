// Keys for those who like them (p, f, c choose an answer); everything works without this file.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !event.isTrusted) return;
  if (event.target instanceof Element && event.target.closest("input:not([type=radio]), textarea, select")) return;
  const choices = [...document.querySelectorAll(`input[type=radio][data-key="${CSS.escape(event.key)}"]`)];
  const open = choices.filter((choice) => choice.offsetParent !== null);
  const next = open.find((choice) => !document.querySelector(`input[name="${CSS.escape(choice.name)}"]:checked`)) || open[0];
  if (next) { next.checked = true; next.focus(); }
});

// Passkeys: the server says what to ask, the device answers, the answer goes with the form.
const supported = Boolean(window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON);
async function ask(path, form, run) {
  const body = new URLSearchParams({ form_token: form.elements.form_token.value });
  const answer = await fetch(path, { method: "POST", body });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const credential = await run(await answer.json(), form);
  form.elements.passkey.value = JSON.stringify(credential.toJSON());
}
function guard(form, path, run) {
  form.addEventListener("submit", (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    ask(path, form, run).then(() => form.requestSubmit(), (problem) => {
      const note = document.createElement("p");
      note.className = "problem";
      note.setAttribute("role", "alert");
      note.textContent = `The passkey was not used (${problem.name}). Try again.`;
      form.append(note);
    });
  });
}
const offer = document.getElementById("passkey-form");
if (offer && supported) {
  offer.hidden = false;
  guard(offer, "/passkey/options", async (asked, form) => {
    // A further passkey is registered with the help of one that is there.
    if (asked.proof) {
      const known = { publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.proof) };
      form.elements.proof.value = JSON.stringify((await navigator.credentials.get(known)).toJSON());
    }
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.create) });
  });
}
const signing = document.getElementById("sign-form");
if (signing && signing.dataset.passkey && supported) {
  guard(signing, signing.action.replace(/sign$/, "passkey"), (asked) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) }));
}
