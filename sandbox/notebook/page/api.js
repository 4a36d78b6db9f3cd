// Zeppelin's REST API, as the engine speaks it.

export class Fault extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export async function call(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(`/api${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Fault("The note engine does not answer: is its cluster still running?", 0);
  }
  let document = {};
  try {
    document = await response.json();
  } catch {
    throw new Fault(`The note engine answered ${response.status} without a document`, response.status);
  }
  if (!response.ok) throw new Fault(document.message ?? `${method} ${path}: ${response.status}`, response.status);
  return document.body ?? document;
}

export const notes = () => call("GET", "/notebook");
export const note = (id) => call("GET", `/notebook/${id}`);
export const job = (id) => call("GET", `/notebook/job/${id}`);
export const version = () => call("GET", "/version");
export const create = (path) => call("POST", "/notebook", { notePath: path, paragraphs: [{ text: "%md\n" }] });
export const importNote = (document) => call("POST", "/notebook/import", document);
export const exported = (id) => call("GET", `/notebook/export/${id}`);
export const rename = (id, path) => call("PUT", `/notebook/${id}/rename`, { name: path });
export const remove = (id) => call("DELETE", `/notebook/${id}`);
export const runAll = (id) => call("POST", `/notebook/job/${id}`, { params: {} });
export const stopAll = (id) => call("DELETE", `/notebook/job/${id}`);
export const restart = () => call("PUT", "/interpreter/setting/restart/spark");
export const add = (id, index) => call("POST", `/notebook/${id}/paragraph`, { text: "%spark.pyspark\n", index });

const one = (id, paragraph) => `/notebook/${id}/paragraph/${paragraph}`;
export const save = (id, paragraph, changes) => call("PUT", one(id, paragraph), changes);
export const configure = (id, paragraph, config) => call("PUT", `${one(id, paragraph)}/config`, config);
export const drop = (id, paragraph) => call("DELETE", one(id, paragraph));
export const move = (id, paragraph, index) => call("POST", `${one(id, paragraph)}/move/${index}`);
export const run = (id, paragraph, params) => call("POST", `/notebook/job/${id}/${paragraph}`, { params });
export const stop = (id, paragraph) => call("DELETE", `/notebook/job/${id}/${paragraph}`);
