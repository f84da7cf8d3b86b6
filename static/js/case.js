/** The case page: scripts go into the text where the cursor is, with their first [blank] chosen; filters are sent as one chooses. */
export function bindCase(root) {
  for (const button of root.querySelectorAll("[data-insert]")) {
    if (button.dataset.insertBound) continue;
    button.dataset.insertBound = "1";
    button.addEventListener("click", () => {
      const field = document.querySelector(button.dataset.into);
      if (!field) return;
      const text = button.dataset.insert;
      const start = field.selectionStart;
      field.setRangeText(text, start, field.selectionEnd, "end");
      const blank = /\[[^\]\n]+\]/.exec(text);
      if (blank) field.setSelectionRange(start + blank.index, start + blank.index + blank[0].length);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      button.closest("details")?.removeAttribute("open");
      field.focus();
    });
  }
  for (const form of root.querySelectorAll("form[data-auto-submit]")) {
    form.querySelectorAll("[data-auto-hide]").forEach((button) => (button.hidden = true));
    form.addEventListener("change", () => form.requestSubmit());
  }
}
