/** On a phone a row of tabs is longer than the screen: brings the chosen one into sight, without moving the page. */
export function bindTabs(root) {
  root.querySelectorAll(".tabs > [aria-current]").forEach((chosen) => {
    const row = chosen.parentElement;
    const [outer, inner] = [row, chosen].map((each) => each.getBoundingClientRect());
    row.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  });
}
