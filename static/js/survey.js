/**
 * Shows how far one has come: in form[data-survey], each [data-question] with a checked answer fills the bar, and
 * [data-progress-text="{done} of {all} answered"] says it. Tapping a chosen answer takes it back: all but one are optional.
 */
for (const form of document.querySelectorAll("form[data-survey]")) {
  const questions = [...form.querySelectorAll("[data-question]")];
  const bar = form.querySelector(".bar .fill");
  const text = form.querySelector("[data-progress-text]");

  const show = () => {
    const done = questions.filter((question) => question.querySelector("input:checked")).length;
    bar.setAttribute("width", `${Math.round((100 * done) / questions.length)}%`);
    text.textContent = text.dataset.progressText.replace("{done}", done).replace("{all}", questions.length);
    text.hidden = false;
  };

  let chosenBefore = null;
  form.addEventListener("pointerdown", (event) => {
    const input = event.target.closest("label")?.querySelector("input[type=radio]");
    chosenBefore = input?.checked ? input : null;
  });
  form.addEventListener("click", (event) => {
    if (event.target !== chosenBefore || event.target.required) return;
    event.target.checked = false;
    chosenBefore = null;
    show();
  });
  form.addEventListener("change", show);
  show();
}
