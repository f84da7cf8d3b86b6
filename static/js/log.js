/**
 * The log form: a chosen customer brings language and contact along; "new customer" opens its fields with what was
 * typed; suggestions are chosen only in fields that nobody has touched.
 */
const touched = new WeakSet();

function setRadio(form, name, value) {
  const radio = form.querySelector(`input[type=radio][name="${name}"][value="${CSS.escape(value)}"]`);
  if (radio) radio.checked = true;
}

function applySuggestion(form, box) {
  const { failureType, defect, severity } = box.dataset;
  for (const [name, value] of Object.entries({ failure_type: failureType, defect, severity })) {
    const field = form.elements[name];
    if (!value || !field || touched.has(form.querySelector(`[name="${name}"]`))) continue;
    if (field instanceof RadioNodeList) setRadio(form, name, value);
    else field.value = value;
  }
}

function takeNewCustomer(form, text) {
  const fields = form.querySelector("[data-new-customer]");
  fields.open = true;
  const kind = text.includes("@") ? "new_email" : /\d{5}/.test(text.replace(/\D/g, "")) && !/[^\d\s+()-]/.test(text) ? "new_phone" : "new_name";
  form.elements[kind].value = text;
  form.elements[kind === "new_name" ? "new_phone" : "new_name"].focus();
}

function onChoose(form, option) {
  if (option.dataset.new !== undefined) return takeNewCustomer(form, option.dataset.new);
  form.querySelector("[data-new-customer]").open = false;
  if (option.dataset.language) form.elements.language.value = option.dataset.language;
  if (option.dataset.contact) form.elements.preferred_contact.value = option.dataset.contact;
  form.elements.channel.focus();
}

export function bindLog(root) {
  for (const form of root.querySelectorAll("form[data-log]")) {
    if (form.dataset.logBound) continue;
    form.dataset.logBound = "1";
    form.addEventListener("combobox:choose", ({ detail }) => onChoose(form, detail.option));
    form.addEventListener("change", ({ target, isTrusted }) => {
      if (isTrusted && target.name) touched.add(form.querySelector(`[name="${CSS.escape(target.name)}"]`));
    });
    document.addEventListener("htmx:afterSwap", () => {
      const box = form.querySelector("[data-suggestion]");
      if (box) applySuggestion(form, box);
    });
  }
}
