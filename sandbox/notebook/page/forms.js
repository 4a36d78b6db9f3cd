// The forms that a paragraph asks for; a change is told with all the values.

import { element } from "./dom.js";

export function formsView(forms, params, changed) {
  const values = {};
  const views = Object.values(forms).map((form) => {
    values[form.name] = params[form.name] ?? form.defaultValue;
    const set = (value) => { values[form.name] = value; changed({ ...values }); };
    const label = form.displayName || form.name;
    switch (form.type) {
      case "Select": return element("label", {}, label, select(form, values[form.name], set));
      case "CheckBox": return boxes(form, label, values[form.name], set);
      default: {
        const input = element("input", { type: "text", value: values[form.name] ?? "", onchange: () => set(input.value) });
        return element("label", {}, label, input);
      }
    }
  });
  return views.length ? element("div", { className: "forms" }, ...views) : null;
}

function select(form, chosen, set) {
  const made = element("select", { onchange: () => set(form.options[made.selectedIndex].value) },
    ...form.options.map((option) => element("option", { textContent: option.displayName || option.value, selected: option.value === chosen })));
  return made;
}

function boxes(form, label, chosen, set) {
  const inputs = form.options.map((option) => element("input", { type: "checkbox", checked: (chosen ?? []).includes(option.value) }));
  const tell = () => set(form.options.filter((_, index) => inputs[index].checked).map((option) => option.value));
  for (const input of inputs) input.onchange = tell;
  return element("fieldset", {}, element("legend", { textContent: label }),
    ...form.options.map((option, index) => element("label", {}, inputs[index], option.displayName || String(option.value))));
}
