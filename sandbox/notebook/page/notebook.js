// The page: the list of notes, the open note, and its run as it happens.

import * as api from "./api.js";
import { element } from "./dom.js";
import { ParagraphView } from "./paragraph.js";

const RUNNING_INTERVAL = 400;
const IDLE_INTERVAL = 2500;
const at = (id) => document.getElementById(id);

let open = null;
let views = new Map();
let seen = "";
let timer = 0;

async function guard(work) {
  try {
    at("fault").hidden = true;
    return await work();
  } catch (fault) {
    at("fault").textContent = fault.message;
    at("fault").hidden = false;
    at("fault").scrollIntoView({ block: "nearest" });
    return undefined;
  }
}

// Asks for a text, or with no `value` for a yes; null when cancelled.
function ask(question, value = null) {
  const dialog = at("ask");
  at("question").textContent = question;
  at("answer").hidden = value === null;
  at("answer").value = value ?? "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "ok" ? (value === null ? true : at("answer").value.trim()) : null);
  });
}

async function showList() {
  const listed = await api.notes();
  const folders = new Map();
  for (const note of listed) {
    const folder = note.path.slice(1, note.path.lastIndexOf("/")) || "";
    folders.set(folder, [...(folders.get(folder) ?? []), note]);
  }
  at("list").replaceChildren(...[...folders].sort(([a], [b]) => a.localeCompare(b)).flatMap(([folder, notes]) => [
    ...(folder ? [element("li", { className: "group", textContent: folder })] : []),
    ...notes.map((note) => element("li", {}, element("a", {
      href: `#${note.id}`, textContent: note.path.slice(note.path.lastIndexOf("/") + 1), title: note.path,
      ...(note.id === open ? { "aria-current": "page" } : {}),
    }))),
  ]));
}

async function show(focus) {
  if (!open) return;
  // Asked first: whatever happens after it will be seen to differ at the next look.
  const before = JSON.stringify((await api.job(open)).paragraphs);
  const note = await api.note(open);
  if (note.id !== open) return;
  seen = before;
  const path = note.path;
  at("folder").textContent = path.slice(1, path.lastIndexOf("/")).replaceAll("/", " / ");
  at("name").textContent = path.slice(path.lastIndexOf("/") + 1);
  document.title = `${at("name").textContent} – EMR Sandbox`;
  const next = new Map();
  for (const paragraph of note.paragraphs) {
    const view = views.get(paragraph.id);
    if (view) view.update(paragraph);
    next.set(paragraph.id, view ?? new ParagraphView(open, paragraph, { guard, changed: show, place, confirm: ask }));
  }
  views = next;
  const wanted = [...views.values()].map((view) => view.element);
  if (wanted.some((part, index) => at("paragraphs").children[index] !== part) || wanted.length !== at("paragraphs").children.length) {
    at("paragraphs").replaceChildren(...wanted);
    for (const view of views.values()) view.fit();
  }
  showState(note);
  for (const id of ["bar", "add"]) at(id).hidden = false;
  at("empty").hidden = true;
  if (focus) views.get(focus)?.text.focus();
  watch(note.info?.isRunning);
}

const place = (id) => [...views.keys()].indexOf(id);

function showState(note) {
  const running = Boolean(note.info?.isRunning);
  at("run").hidden = running;
  at("stop").hidden = !running;
  const counts = {};
  for (const { status } of note.paragraphs) counts[status] = (counts[status] ?? 0) + 1;
  const told = Object.entries(counts).map(([status, count]) => `${count} ${status}`).join(", ");
  at("state").textContent = running ? `Running: ${told}` : told;
  at("state").dataset.running = String(running);
}

function watch(running) {
  clearTimeout(timer);
  timer = setTimeout(look, running ? RUNNING_INTERVAL : IDLE_INTERVAL);
}

// A run may have been started elsewhere; the whole note is fetched only when something happened.
async function look() {
  if (!open) return;
  await guardQuietly(async () => {
    const job = await api.job(open);
    if (job.isRunning || JSON.stringify(job.paragraphs) !== seen) await show();
    else watch(false);
  });
}

async function guardQuietly(work) {
  try {
    await work();
  } catch (fault) {
    at("state").textContent = fault.message;
    watch(false);
  }
}

async function select() {
  const wanted = location.hash.slice(1);
  if (wanted !== open) {
    open = wanted || null;
    views = new Map();
    at("paragraphs").replaceChildren();
    for (const id of ["bar", "add"]) at(id).hidden = true;
    at("empty").hidden = Boolean(open);
  }
  await guard(async () => { await showList(); await show(); });
}

async function saveAll() {
  for (const view of views.values()) await view.save();
}

const click = (id, work) => { at(id).onclick = () => guard(work); };

click("new", async () => {
  const path = await ask("Path of the new note, such as /course/first", "/");
  if (path) location.hash = await api.create(path);
});
at("import").onclick = () => at("file").click();
at("file").onchange = () => guard(async () => {
  const [file] = at("file").files;
  at("file").value = "";
  let note;
  try {
    note = JSON.parse(await file.text());
  } catch {
    throw new Error(`${file.name} is not a Zeppelin note: it is not JSON`);
  }
  location.hash = await api.importNote(note);
});
click("run", async () => { await saveAll(); await api.runAll(open); await show(); });
click("stop", () => api.stopAll(open));
click("restart", async () => {
  await api.restart();
  at("state").textContent = "The interpreter was ended; the next paragraph starts a new one.";
});
click("add", async () => { await saveAll(); await show(await api.add(open)); });
click("rename", async () => {
  const path = await ask("Path of the note", (await api.note(open)).path);
  if (path) { await api.rename(open, path); await showList(); await show(); }
});
click("export", async () => {
  const note = await api.exported(open);
  const file = new Blob([JSON.stringify(note, null, 2)], { type: "application/json" });
  const link = element("a", { href: URL.createObjectURL(file), download: `${note.name}_${note.id}.zpln` });
  link.click();
  URL.revokeObjectURL(link.href);
});
click("delete", async () => {
  if (!await ask("Delete this note for good?")) return;
  await api.remove(open);
  location.hash = "";
});
window.onhashchange = select;

await guard(async () => {
  const { application } = await api.version();
  at("application").textContent = application ?? "";
});
await select();
