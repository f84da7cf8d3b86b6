/**
 * Keyboard shortcuts, declared in the page:
 *   data-key="c"                 on a link, button, radio or field: the key follows, presses or focuses it
 *   data-key="Ctrl+Enter"        on a form's main button; without one the form itself is submitted
 *   <table class="list" data-keys>  j and k move between rows (focus goes to the row's first link, so that Enter
 *                                opens it), x ticks the row's checkbox, other keys look for data-row-key in the row
 * Single keys do nothing while one types, and can be switched off on a device (WCAG 2.1.4).
 */
const OFF = "amends.keys.off";

const typing = (element) =>
  element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function use(element) {
  if (element.matches("input:not([type=radio], [type=checkbox]), textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
    if (element.matches("input")) element.focus();
  }
}

function submitHere(event) {
  const form = event.target.closest("form");
  if (!form || form.method !== "post") return;
  event.preventDefault();
  const button = form.querySelector('[data-key="Ctrl+Enter"]');
  form.requestSubmit(button?.matches("button, input") ? button : undefined);
}

function inList(event) {
  const table = document.querySelector("table.list[data-keys]");
  if (!table) return false;
  const rows = [...table.tBodies[0].rows].filter((row) => row.querySelector("a"));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "j" || event.key === "k") {
    const row = rows[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
    row?.querySelector("a").focus();
    row?.scrollIntoView({ block: "nearest" });
    return Boolean(row);
  }
  if (at < 0) return false;
  const row = rows[at];
  if (event.key === "x") {
    row.querySelector("input[type=checkbox]")?.click();
    return true;
  }
  const target = row.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  target?.click();
  return Boolean(target);
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submitHere(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (event.key.length !== 1 || typing(event.target) || isOff() || document.querySelector("dialog:modal")) return;
  const target = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].find(visible);
  if (target) use(target);
  else if (!inList(event)) return;
  event.preventDefault();
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  const box = document.querySelector("[data-keys-switch]");
  if (!box) return;
  box.checked = !isOff();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      box.checked = true;
    }
  });
}
