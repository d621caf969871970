"use strict";

// Everything shown here is text: values come from traffic, so nothing is ever put in as markup.
const COUNTS = ["interactions", "played", "unused", "recorded", "missed", "repeated", "out_of_order", "not_recorded", "not_stored"];
const ALWAYS = new Set(["interactions", "played", "unused", "recorded", "missed"]);

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

function fill(id, children) {
  const place = document.getElementById(id);
  place.replaceChildren(...(children.length ? children : [element(place.tagName === "TABLE" ? "caption" : "li", "none", "none")]));
}

function pairs(record) {
  return Object.entries(record).flatMap(([key, value]) => [element("dt", key), element("dd", value)]);
}

function row(cells, kind) {
  const made = element("tr");
  made.append(...cells.map((cell) => element(kind || "td", cell)));
  return made;
}

function count(name, verdict) {
  const made = element("div");
  const bad = name === "missed" && verdict[name] > 0;
  made.append(element("dt", name.replaceAll("_", " ")), element("dd", verdict[name], bad ? "bad" : ""));
  return made;
}

function miss(one) {
  const made = element("article");
  made.append(element("strong", `${one.request} (${one.reason})`), element("pre", one.message));
  for (const near of one.nearest) {
    if (!near.differences || !near.differences.length) continue;
    const table = element("table");
    table.append(row([`interaction ${near.index}`, "recorded", "received"], "th"));
    table.append(...near.differences.map((d) => row([d.field, d.recorded ?? "(nothing)", d.received ?? "(nothing)"])));
    made.append(table);
  }
  return made;
}

async function read(path) {
  const answer = await fetch(`/_fcproxy/${path}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

function state(text, className) {
  const place = document.getElementById("state");
  place.textContent = text;
  place.className = className;
}

async function show() {
  const [health, verdict] = await Promise.all([read("health"), read("verdict")]);
  document.getElementById("version").textContent = health.version;
  const { version, status, ...deck } = health;
  fill("deck", pairs({ ...deck, "upstream connections": verdict.upstream_connections }));
  fill("counts", COUNTS.filter((name) => ALWAYS.has(name) || verdict[name] > 0).map((name) => count(name, verdict)));
  document.getElementById("notes").replaceChildren(...verdict.notes.concat(verdict.disabled_rules.map((rule) => `rule off: ${rule}`)).map((text) => element("li", text)));
  fill("misses", verdict.misses.map(miss));
  fill("unused", verdict.unused_interactions.map((text) => element("li", text)));
  fill("redactions", Object.entries(verdict.redactions).map((pair) => row(pair)));
  state(verdict.missed ? `${verdict.missed} missed` : "no miss", verdict.missed ? "bad" : "good");
}

async function routes() {
  const { routes: list } = await read("");
  fill("routes", list.map((one) => row([one.method, one.path, one.does])));
}

async function follow() {
  try {
    if (document.getElementById("follow").checked) await show();
  } catch (error) {
    state(`the proxy does not answer (${error.message})`, "bad");
  }
  setTimeout(follow, 1500);
}

routes().catch(() => {});
follow();
