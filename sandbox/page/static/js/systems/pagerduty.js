// PagerDuty: the incidents, and one of them.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../time.js";
import { actButton, writeForm } from "./acting.js";
import { commentNode, fact } from "./jira.js";
import { masterDetail } from "./master.js";
import { plainText } from "./richtext.js";

const ACTOR = "ada";
const ORDER = { triggered: 0, acknowledged: 1, resolved: 2 };

export function pagerdutyPane() {
  return masterDetail({
    name: "pagerduty",
    title: "Incidents",
    actor: "Ada is on call. You act as Ada.",
    load: async () => (await get("/people/pagerduty/incidents")).sort((a, b) => ORDER[a.status] - ORDER[b.status] || b.number - a.number),
    idOf: (incident) => incident.id,
    row,
    detail,
    actionsKey: (incident) => incident.status,
    empty: "All quiet: nobody has been paged.",
  });
}

function row(incident) {
  return [
    h("span", { class: `bar ${incident.status}`, "aria-hidden": "true" }),
    h(
      "span",
      { class: "row-main" },
      h("span", { class: "card-title" }, incident.title),
      h("span", { class: "labels" }, h("span", { class: `lozenge pd-${incident.status}` }, incident.status), incident.priority ? h("span", { class: `label prio-${incident.priority}` }, incident.priority) : null, h("span", { class: "label" }, `${incident.urgency} urgency`)),
      h("span", { class: "quiet" }, `#${incident.number} · ${incident.service} · ${incident.assignees.join(", ") || "nobody assigned"} · ${moment(incident.created)}`),
    ),
  ];
}

function detail(incident) {
  const path = `/people/pagerduty/incidents/${incident.id}`;
  const act = (what) => () => post(`${path}/${what}`, { user: ACTOR });
  const open = incident.status !== "resolved";
  return {
    content: [
      h("p", { class: "eyebrow" }, `Incident #${incident.number} · ${incident.id}`),
      h("h2", { class: "detail-title" }, incident.title),
      h("p", {}, h("span", { class: `lozenge pd-${incident.status}` }, incident.status), " ", incident.priority ? h("span", { class: `label prio-${incident.priority}` }, incident.priority) : null),
      h(
        "dl",
        { class: "facts" },
        fact("Service", incident.service),
        fact("Urgency", incident.urgency),
        fact("Assigned to", incident.assignees.join(", ") || "nobody"),
        fact("Acknowledged by", incident.acknowledged_by ?? "nobody yet"),
        fact("Created", moment(incident.created)),
        fact("Key", h("code", {}, incident.incident_key ?? "none")),
      ),
      incident.details ? [h("h3", {}, "Details"), plainText(incident.details)] : null,
      h("h3", {}, `Notes (${incident.notes.length})`),
      incident.notes.length ? h("ol", { class: "comments" }, incident.notes.map((note) => commentNode(note.user, note.created, plainText(note.text)))) : h("p", { class: "quiet" }, "No notes."),
      h("h3", {}, "Timeline"),
      h("ol", { class: "timeline" }, incident.log.map((entry) => h("li", {}, h("time", {}, moment(entry.at)), h("span", {}, readable(entry))))),
    ],
    actions: [
      h("div", { class: "buttons", role: "group", "aria-label": "Respond" }, incident.status === "triggered" ? actButton("Acknowledge", act("acknowledge"), "primary") : null, open ? actButton("Resolve", act("resolve")) : actButton("Reopen", act("reopen")), open ? actButton("Escalate", act("escalate")) : null),
      writeForm("Note as Ada", "Add note", (text) => post(`${path}/note`, { user: ACTOR, text })),
    ],
  };
}

function readable(entry) {
  const what = entry.type.replace(/_log_entry$/, "").replace(/_/g, " ");
  const words = what[0].toUpperCase() + what.slice(1);
  return entry.agent ? `${words} by ${entry.agent}` : words;
}
