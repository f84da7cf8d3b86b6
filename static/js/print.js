// Buttons with data-print print the page; without scripts they stay hidden, and the browser's own menu does it.

export function bindPrint(root = document) {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
