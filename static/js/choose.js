/**
 * A box that ticks all others of its form:
 *   <form data-choices>  with  <input type="checkbox" data-choose-all>  and  <input type="checkbox" data-choice>…
 */
export function bindChoices(root) {
  for (const form of root.querySelectorAll("form[data-choices]")) {
    const all = form.querySelector("[data-choose-all]");
    const boxes = [...form.querySelectorAll("[data-choice]")];
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
    });
    form.addEventListener("change", (event) => event.target.matches("[data-choice]") && show());
    show();
  }
}
