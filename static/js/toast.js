/** Messages above the page: good news leaves by itself unless one points at it, everything else waits. */
const STAYS_FOR = 8000;

export function bindMessages(root) {
  for (const message of root.querySelectorAll("[data-message]")) {
    if (message.dataset.bound) continue;
    message.dataset.bound = "1";
    message.querySelector("[data-dismiss]")?.addEventListener("click", () => message.remove());
    if (message.matches(".success, .info")) leaveLater(message);
  }
}

function leaveLater(message) {
  const timer = setInterval(() => {
    if (message.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    message.remove();
  }, STAYS_FOR);
}

/** Shows a sentence the page brought along; there is no text in scripts. */
export function showError(text) {
  const box = document.getElementById("messages");
  const template = box?.querySelector("[data-message-template]");
  if (!text || !template) return;
  const copy = template.content.cloneNode(true);
  copy.querySelector("[data-message-text]").textContent = text;
  box.append(copy);
  bindMessages(box);
}
