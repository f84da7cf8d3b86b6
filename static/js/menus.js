/** Menus are <details class="menu"> and work alone; this closes them on Escape and on a click elsewhere. */
export function startMenus() {
  const others = (inside) => [...document.querySelectorAll("details.menu[open]")].filter((menu) => !menu.contains(inside));
  document.addEventListener("click", ({ target }) => others(target).forEach((menu) => (menu.open = false)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]");
    others(menu).forEach((other) => (other.open = false));
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
