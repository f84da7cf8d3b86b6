/**
 * The ARIA combobox over a list that htmx fills:
 *   <div class="combo"><input role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="found"
 *      data-combobox hx-get="…" hx-trigger="input changed delay:150ms" hx-target="#found">
 *   <ul id="found" role="listbox" aria-label="…"></ul></div>
 * Options are <li role="option" id="…" data-value="7" data-text="Wei Chen">. Choosing one follows the link inside it, or
 * writes data-value to the field named by data-combobox-value="#id_customer" and data-text to the input, and sends
 * "combobox:choose" (detail: the option) from the input. Arrows move, Enter chooses, Escape closes.
 */
const bound = new WeakSet();

const options = (list) => [...list.querySelectorAll("[role=option]:not([aria-disabled=true])")];

function point(input, list, option) {
  options(list).forEach((each) => each.setAttribute("aria-selected", String(each === option)));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function show(input, list, open) {
  input.setAttribute("aria-expanded", String(open));
  list.hidden = !open;
  if (!open) point(input, list, null);
}

function choose(input, list, option) {
  show(input, list, false);
  const link = option.querySelector("a[href]");
  if (link) return link.click();
  const target = input.dataset.comboboxValue && document.querySelector(input.dataset.comboboxValue);
  if (target) {
    target.value = option.dataset.value ?? "";
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (option.dataset.text !== undefined) input.value = option.dataset.text;
  input.dispatchEvent(new CustomEvent("combobox:choose", { bubbles: true, detail: { option } }));
}

function onKey(event, input, list) {
  const all = options(list);
  const open = input.getAttribute("aria-expanded") === "true";
  const at = all.findIndex((option) => option.id === input.getAttribute("aria-activedescendant"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!all.length) return;
    if (!open) show(input, list, true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(input, list, all[(at < 0 && step < 0 ? all.length - 1 : at + step + all.length) % all.length]);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing && open && all.length) {
    choose(input, list, all[Math.max(at, 0)]);
  } else if (event.key === "Escape" && open) show(input, list, false);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function bindComboboxes(root) {
  for (const input of root.querySelectorAll("[data-combobox]")) {
    const list = document.getElementById(input.getAttribute("aria-controls"));
    if (!list || bound.has(input)) continue;
    bound.add(input);
    input.setAttribute("autocomplete", "off");
    input.addEventListener("keydown", (event) => onKey(event, input, list));
    input.addEventListener("input", () => {
      const target = input.dataset.comboboxValue && document.querySelector(input.dataset.comboboxValue);
      if (target) target.value = "";
    });
    list.addEventListener("htmx:afterSwap", () => {
      const found = options(list);
      show(input, list, list.childElementCount > 0 && document.activeElement === input);
      if (found.length && input.dataset.comboboxFirst !== undefined) point(input, list, found[0]);
    });
    list.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("a[href]")) event.preventDefault(); // the input keeps the focus
    });
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && !event.target.closest("a[href]")) choose(input, list, option);
    });
    input.addEventListener("blur", () => setTimeout(() => list.contains(document.activeElement) || show(input, list, false)));
  }
}
