/**
 * Switches the theme at once and keeps the choice in the background. The stylesheet alone makes "auto" right
 * from the first paint (color-scheme and light-dark()), so nothing here has to run before the page shows.
 */
export function startTheme() {
  const form = document.querySelector("[data-theme-form]");
  form?.addEventListener("submit", async (event) => {
    const chosen = event.submitter;
    if (chosen?.name !== "theme") return;
    event.preventDefault();
    const body = new FormData(form, chosen);
    const before = document.documentElement.dataset.bsTheme;
    show(form, chosen.value);
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) show(form, before);
  });
}

function show(form, theme) {
  document.documentElement.dataset.bsTheme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme === "auto" ? "light dark" : theme;
  for (const button of form.elements) {
    if (button.name === "theme") button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
