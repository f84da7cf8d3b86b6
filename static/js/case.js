/** The case page: scripts go into the text where the cursor is; filters are sent as one chooses. */
export function bindCase(root) {
  for (const button of root.querySelectorAll("[data-insert]")) {
    if (button.dataset.insertBound) continue;
    button.dataset.insertBound = "1";
    button.addEventListener("click", () => {
      const field = document.querySelector(button.dataset.into);
      if (!field) return;
      field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
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
