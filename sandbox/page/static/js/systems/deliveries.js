// Deliveries: what was sent to Tierline's gateway, and what it answered.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { clock } from "../time.js";

const SHOWN = 200;

export function deliveriesPane() {
  const body = h("tbody");
  const filter = h("select", { class: "select", "aria-label": "System", on: { change: () => refresh() } }, [["", "All systems"], ["slack", "Slack"], ["jira", "Jira"], ["github", "GitHub"], ["pagerduty", "PagerDuty"]].map(([value, text]) => h("option", { value }, text)));
  const root = h(
    "section",
    { class: "single" },
    h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, "Deliveries"), h("p", { class: "channel-topic" }, "Signed requests to Tierline's gateway, newest first.")), filter),
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Deliveries" },
      h("table", { class: "log" }, h("thead", {}, h("tr", {}, ["Time", "System", "Event", "To", "Answer", "Took", "Attempt", "Id"].map((name) => h("th", { scope: "col" }, name)))), body),
    ),
  );
  let shape = null;

  async function refresh() {
    const query = filter.value ? `?system=${filter.value}` : "";
    const entries = (await get(`/sandbox/deliveries${query}`)).slice(-SHOWN).reverse();
    const newShape = JSON.stringify([entries.length, entries[0], filter.value]);
    if (newShape === shape) return;
    shape = newShape;
    fill(body, entries.length ? entries.map(line) : h("tr", {}, h("td", { colspan: 8, class: "empty" }, "Nothing has been sent yet.")));
  }

  return { root, refresh, show() {} };
}

function line(entry) {
  const good = entry.status !== null && entry.status < 300;
  const answer = entry.status ?? entry.error ?? "no answer";
  const path = entry.url.replace(/^https?:\/\/[^/]+/, "");
  return h(
    "tr",
    { class: good ? "" : "failed" },
    h("td", {}, clock(entry.at, true)),
    h("td", {}, entry.system),
    h("td", {}, entry.event),
    h("td", {}, h("code", {}, path)),
    h("td", {}, h("span", { class: `lozenge ${good ? "done" : "bad"}` }, answer)),
    h("td", {}, `${Math.round(entry.seconds * 1000)} ms`),
    h("td", {}, entry.attempt ? `retry ${entry.attempt}` : "first"),
    h("td", { class: "quiet mono" }, entry.id),
  );
}
