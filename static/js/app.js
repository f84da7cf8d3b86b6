/** Starts the page's behaviour. Everything is bound by data attributes, also on what htmx brings in later. */
import { bindCase } from "./case.js";
import { bindChoices } from "./choose.js";
import { bindClocks } from "./clock.js";
import { bindComboboxes } from "./combobox.js";
import { bindDrafts } from "./draft.js";
import { startKeys } from "./keys.js";
import { bindLog } from "./log.js";
import { startMenus } from "./menus.js";
import { bindPrint } from "./print.js";
import { bindTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { startOnce } from "./once.js";
import { bindMessages, showError } from "./toast.js";

function bind(root) {
  bindCase(root);
  bindChoices(root);
  bindClocks(root);
  bindComboboxes(root);
  bindDrafts(root);
  bindLog(root);
  bindMessages(root);
  bindPrint(root);
  bindTabs(root);
  root.querySelector("[data-focus]")?.focus();
  // Charts bring a large library along: only pages that have one pay for it.
  if (root.querySelector("[data-chart]")) {
    import("./charts.js").then(({ bindCharts }) => bindCharts(root));
  }
}

bind(document);
startKeys();
startMenus();
startOnce();
startTheme();

document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt === document.body) return;
  bind(detail.elt.parentElement ?? detail.elt);
  // A part that was asked for with a key or a click is there to be written in.
  if (detail.elt.matches("[data-focus-in]")) detail.elt.querySelector("textarea, select, input:not([type=hidden])")?.focus();
});
document.addEventListener("htmx:responseError", () => showError(document.body.dataset.error));
document.addEventListener("htmx:sendError", () => showError(document.body.dataset.offline));
