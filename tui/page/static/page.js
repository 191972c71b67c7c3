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
