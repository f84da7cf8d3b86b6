/** Sends a form once: a second click or Ctrl-Enter while the answer is on its way does nothing. */
export function startOnce() {
  let sending = new WeakSet();
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    if (sending.has(event.target)) event.preventDefault();
    sending.add(event.target);
  });
  // On a page that the browser kept and shows again, a form may be sent again.
  window.addEventListener("pageshow", () => (sending = new WeakSet()));
}
