/**
 * Keeps what one has typed. <form data-draft="log-7"> is kept in this browser as one types and brought back when
 * the form is opened empty; [data-draft-status] inside it says so (data-kept and data-restored hold the words, with
 * {time}), [data-draft-discard] throws it away. A sent draft is forgotten once a page says that it is saved: with a
 * message of success, or with [data-draft-done="log-7"]; refused, or sent when the session had ended, it stays.
 * Signing out (form[data-draft-clear]) forgets every draft. Secrets, files and hidden fields are never kept.
 */
const PREFIX = "amends.draft.";
const SENT = "amends.sent";
const KEEP_FOR = 24 * 3600 * 1000;

const store = {
  read(key) {
    try {
      const draft = JSON.parse(localStorage.getItem(PREFIX + key));
      return draft && Date.now() - draft.at < KEEP_FOR ? draft : null;
    } catch {
      return null;
    }
  },
  write(key, fields) {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), fields }));
      return true;
    } catch {
      return false; // storage is full or forbidden: then the form simply has no draft
    }
  },
  remove(key) {
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      /* nothing was kept either */
    }
  },
  get sent() {
    try {
      return sessionStorage.getItem(SENT);
    } catch {
      return "";
    }
  },
  set sent(key) {
    try {
      sessionStorage.setItem(SENT, key);
    } catch {
      /* then nothing was kept either */
    }
  },
  clear() {
    try {
      Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => localStorage.removeItem(key));
    } catch {
      /* nothing was kept either */
    }
  },
};

const kept = (form) =>
  [...form.elements].filter((field) => field.name && !field.matches("[type=hidden]:not([data-keep]), [type=password], [type=file], button, [data-no-draft]"));

function collect(form) {
  const values = {};
  for (const field of kept(form)) {
    if (field.matches("[type=radio], [type=checkbox]")) {
      values[field.name] ??= [];
      if (field.checked) values[field.name].push(field.value);
    } else if (field.multiple) values[field.name] = [...field.selectedOptions].map((option) => option.value);
    else values[field.name] = [field.value];
  }
  return values;
}

function restore(form, values) {
  for (const field of kept(form)) {
    const value = values[field.name];
    if (!value) continue;
    if (field.matches("[type=radio], [type=checkbox]")) field.checked = value.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
    else field.value = value[0];
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function say(form, word, at) {
  const status = form.querySelector("[data-draft-status]");
  const pattern = status?.dataset[word];
  if (!pattern) return;
  const time = new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  status.textContent = pattern.replace("{time}", time);
}

function bindForm(form) {
  const key = form.dataset.draft;
  const untouched = JSON.stringify(collect(form));
  const draft = store.read(key);
  // After a refused save the server's answer holds what was typed; the draft must not overwrite it.
  if (draft && !form.querySelector("[aria-invalid=true], .error-summary")) {
    restore(form, draft.fields);
    say(form, "restored", draft.at);
  }
  let timer;
  const keep = () => {
    const values = collect(form);
    if (JSON.stringify(values) === untouched) store.remove(key);
    else if (store.write(key, values)) say(form, "kept", Date.now());
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
  window.addEventListener("pagehide", () => timer && keep());
  form.addEventListener("submit", () => (store.sent = key));
  form.querySelector("[data-draft-discard]")?.addEventListener("click", () => {
    clearTimeout(timer);
    store.remove(key);
    restore(form, JSON.parse(untouched));
    const status = form.querySelector("[data-draft-status]");
    if (status) status.textContent = "";
  });
}

/** Forgets the draft of the form that was sent last, if this page says that it has been saved. */
function forgetSent() {
  const key = store.sent;
  if (!key) return;
  const saved = document.querySelector("#messages :is(.success, .info)");
  if (saved) store.remove(key);
  if (saved || document.querySelector(".error-summary, [aria-invalid=true]")) store.sent = "";
}

export function bindDrafts(root) {
  forgetSent();
  root.querySelectorAll("[data-draft-done]").forEach((element) => store.remove(element.dataset.draftDone));
  root.querySelectorAll("form[data-draft-clear]").forEach((form) => form.addEventListener("submit", () => store.clear()));
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (form.dataset.draftBound) continue;
    form.dataset.draftBound = "1";
    bindForm(form);
  }
}
