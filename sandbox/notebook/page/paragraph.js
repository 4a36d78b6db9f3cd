// One paragraph: its text, its forms, its results, and what can be done with it.

import * as api from "./api.js";
import { button, element } from "./dom.js";
import { formsView } from "./forms.js";
import { resultView } from "./results.js";

const LANGUAGES = { md: "Markdown", sh: "Shell", sql: "SQL", pyspark: "PySpark", python: "Python", spark: "Scala" };

export function language(text) {
  const name = /^\s*%([\w.]+)/.exec(text)?.[1] ?? "spark";
  return LANGUAGES[name.split(".").at(-1)] ?? name;
}

export class ParagraphView {
  // `actions`: guard(work) tells faults, changed() reloads the note, place(id) is the paragraph's place.
  constructor(note, paragraph, actions) {
    this.note = note;
    this.id = paragraph.id;
    this.actions = actions;
    this.params = {};
    this.shown = {};
    this.build();
    this.update(paragraph);
  }

  build() {
    const act = (work) => () => this.actions.guard(work);
    this.kind = element("span", { className: "kind" });
    this.title = element("span", { className: "title" });
    this.status = element("span", { className: "status" });
    this.runButton = button("Run", act(() => this.run()), { className: "run" });
    this.stopButton = button("Stop", act(() => api.stop(this.note, this.id)), { hidden: true });
    this.editButton = button("Edit", () => this.edit(true));
    const small = (text, label, work) => button(text, act(work), { className: "small", title: label, "aria-label": label });
    const tools = element("div", { className: "tools" }, this.status, this.runButton, this.stopButton, this.editButton,
      small("↑", "Move up", () => this.move(-1)), small("↓", "Move down", () => this.move(1)),
      small("+", "Add a paragraph below", () => this.insert()), small("×", "Delete the paragraph", () => this.drop()));
    this.text = element("textarea", {
      rows: 1, spellcheck: false, "aria-label": "Text of the paragraph",
      oninput: () => { this.dirty = true; this.fit(); this.kind.textContent = language(this.text.value); },
      onchange: act(() => this.save()), onkeydown: (event) => this.key(event),
    });
    this.forms = element("div");
    this.progress = element("progress", { max: 100, hidden: true, "aria-label": "Progress of the paragraph" });
    this.results = element("div", { className: "results" });
    this.foot = element("div", { className: "foot" });
    this.element = element("section", { className: "paragraph" },
      element("div", { className: "head" }, this.kind, this.title, tools),
      this.text, this.forms, this.progress, this.results, this.foot);
    this.element.dataset.id = this.id;
    // Rendered Markdown is a text to read; a double click brings its source.
    this.results.ondblclick = () => { if (this.quiet) this.edit(true); };
  }

  update(paragraph) {
    this.paragraph = paragraph;
    const running = ["PENDING", "RUNNING"].includes(paragraph.status);
    if (!this.dirty && document.activeElement !== this.text) this.text.value = paragraph.text ?? "";
    this.kind.textContent = language(this.text.value);
    this.title.textContent = paragraph.title ?? "";
    this.status.textContent = paragraph.status;
    this.element.dataset.status = paragraph.status;
    this.element.setAttribute("aria-label", `${paragraph.title || this.kind.textContent} paragraph, ${paragraph.status}`);
    this.runButton.hidden = running;
    this.stopButton.hidden = !running;
    this.progress.hidden = paragraph.status !== "RUNNING";
    if (paragraph.progress > 0) this.progress.value = paragraph.progress;
    else this.progress.removeAttribute("value");
    this.once("forms", paragraph.settings, () => this.showForms(paragraph.settings));
    this.once("results", [paragraph.results, paragraph.status], () => this.showResults(paragraph));
    this.once("foot", [paragraph.dateStarted, paragraph.dateFinished, paragraph.runtimeInfos, paragraph.status], () => this.showFoot(paragraph));
    this.quiet = this.kind.textContent === "Markdown" && paragraph.status === "FINISHED" && !this.editing;
    this.text.hidden = this.quiet;
    this.editButton.hidden = !this.quiet;
    this.fit();
  }

  // Draws a part only when what it shows has changed.
  once(part, value, draw) {
    const key = JSON.stringify(value ?? null);
    if (this.shown[part] === key) return;
    this.shown[part] = key;
    draw();
  }

  showForms({ forms = {}, params = {} } = {}) {
    this.params = params;
    const view = formsView(forms, params, (values) => {
      this.params = values;
      this.actions.guard(() => this.run());
    });
    this.forms.replaceChildren(...(view ? [view] : []));
  }

  showResults({ results, status }) {
    const failed = status === "ERROR";
    const graphs = this.paragraph.config?.results ?? {};
    const keep = (index) => (graph) => this.actions.guard(async () => {
      const all = { ...(this.paragraph.config?.results ?? {}), [index]: { graph } };
      this.paragraph.config = { ...this.paragraph.config, results: all };
      await api.configure(this.note, this.id, { results: all });
    });
    this.results.replaceChildren(...(results?.msg ?? []).map((message, index) =>
      resultView(message, failed, graphs[index]?.graph, keep(index))));
  }

  showFoot({ status, dateStarted, dateFinished, runtimeInfos }) {
    const jobs = (runtimeInfos?.jobUrl?.values ?? []).map(({ jobUrl }, index) =>
      element("a", { href: jobUrl, target: "_blank", rel: "noopener", textContent: `job ${index + 1}` }));
    const parts = [];
    if (status === "RUNNING") parts.push(`Running since ${dateStarted}`);
    else if (dateFinished && dateStarted) parts.push(`${took(dateStarted, dateFinished)} · ${dateFinished}`);
    this.foot.replaceChildren(...parts, ...(jobs.length ? [" · Spark: ", ...jobs.flatMap((link, index) => index ? [", ", link] : [link])] : []));
  }

  async run() {
    await this.save();
    this.editing = false;
    await api.run(this.note, this.id, this.params);
    await this.actions.changed();
  }

  async save() {
    if (!this.dirty) return;
    await api.save(this.note, this.id, { text: this.text.value });
    this.dirty = false;
  }

  edit(on) {
    this.editing = on;
    this.update(this.paragraph);
    if (on) this.text.focus();
  }

  async move(by) {
    await api.move(this.note, this.id, Math.max(0, this.actions.place(this.id) + by));
    await this.actions.changed();
  }

  async insert() {
    await this.save();
    const made = await api.add(this.note, this.actions.place(this.id) + 1);
    await this.actions.changed(made);
  }

  async drop() {
    if (!await this.actions.confirm("Delete this paragraph?")) return;
    await api.drop(this.note, this.id);
    await this.actions.changed();
  }

  key(event) {
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.actions.guard(() => this.run());
    }
    if (event.key === "Escape") { this.text.blur(); if (this.editing) this.edit(false); }
  }

  fit() {
    if (this.text.hidden) return;
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(600, this.text.scrollHeight + 2)}px`;
  }
}

function took(started, finished) {
  const seconds = Math.round((Date.parse(finished) - Date.parse(started)) / 1000);
  if (!Number.isFinite(seconds)) return "Ran";
  return seconds < 1 ? "Took less than a second" : `Took ${seconds} s`;
}
