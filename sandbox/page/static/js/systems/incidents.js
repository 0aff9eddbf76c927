// PagerDuty's incidents, and one of them with what a person can do to it.

import { get, post } from "../api.js";
import { h, link } from "../dom.js";
import { moment } from "../time.js";
import { actButton, pickForm, writeForm } from "./acting.js";
import { commentNode, fact } from "./jira.js";
import { masterDetail } from "./master.js";
import { plainText } from "./richtext.js";

const ACTOR = "ada";
const ORDER = { triggered: 0, acknowledged: 1, resolved: 2 };
const PRIORITIES = ["P1", "P2", "P3", "P4"].map((name) => [name, name]);
const WILL = { escalate: "escalates", unacknowledge: "is triggered again", resolve: "is resolved" };

export function incidentsView() {
  let account = { people: [], policies: [] };
  return masterDetail({
    name: "pagerduty",
    title: "Incidents",
    actor: "You act as Ada.",
    load: async () => {
      const [incidents, now] = await Promise.all([get("/people/pagerduty/incidents"), get("/sandbox/pagerduty/on-call")]);
      account = now;
      return incidents.sort((a, b) => ORDER[a.status] - ORDER[b.status] || b.number - a.number);
    },
    idOf: (incident) => incident.id,
    row,
    detail: (incident) => detail(incident, account),
    actionsKey: (incident) => [incident.status, incident.urgency, incident.level, incident.responders],
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

function detail(incident, account) {
  const path = `/people/pagerduty/incidents/${incident.id}`;
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
        fact("Escalation", incident.level ? `${incident.escalation_policy}, level ${incident.level} of ${incident.levels}` : "assigned by name"),
        fact("Acknowledged by", incident.acknowledged_by ?? "nobody yet"),
        fact("By itself", incident.pending.map((next) => `${WILL[next.action]} ${moment(next.at)}`).join("; ") || "nothing"),
        fact("Conference", incident.conference_url ? link(incident.conference_url) : "none"),
        fact("Created", moment(incident.created)),
        fact("Key", h("code", {}, incident.incident_key ?? "none")),
      ),
      incident.details ? [h("h3", {}, "Details"), plainText(incident.details)] : null,
      incident.responders.length ? [h("h3", {}, "Responders"), h("ul", {}, incident.responders.map((each) => h("li", {}, `${each.user}: ${each.state}`)))] : null,
      comments("Status updates", incident.status_updates),
      comments("Notes", incident.notes),
      h("h3", {}, "Timeline"),
      h("ol", { class: "timeline" }, incident.log.map((entry) => h("li", {}, h("time", {}, moment(entry.at)), h("span", {}, readable(entry))))),
    ],
    actions: actions(incident, account, (what, body = {}) => post(`${path}/${what}`, { user: ACTOR, ...body })),
  };
}

function comments(title, entries) {
  const list = h("ol", { class: "comments" }, entries.map((entry) => commentNode(entry.user, entry.created, plainText(entry.text))));
  return [h("h3", {}, `${title} (${entries.length})`), entries.length ? list : h("p", { class: "quiet" }, `No ${title.toLowerCase()}.`)];
}

function actions(incident, account, act) {
  const open = incident.status !== "resolved";
  const button = (label, what, kind) => actButton(label, () => act(what), kind);
  const people = account.people.map((person) => [person.handle, person.name]);
  const policies = account.policies.map((policy) => [policy.id, policy.name]);
  const urgency = incident.urgency === "high" ? "low" : "high";
  const asked = incident.responders.filter((each) => each.state === "pending");
  return [
    h(
      "div",
      { class: "buttons", role: "group", "aria-label": "Respond" },
      incident.status === "triggered" ? button("Acknowledge", "acknowledge", "primary") : null,
      incident.status === "acknowledged" ? button("Trigger again", "unacknowledge") : null,
      open ? button("Resolve", "resolve") : button("Reopen", "reopen"),
      open && incident.level < incident.levels ? button("Escalate", "escalate") : null,
      open ? actButton("Snooze 30 min", () => act("snooze", { minutes: 30 })) : null,
      open ? actButton(`Make it ${urgency} urgency`, () => act("urgency", { urgency })) : null,
      button("Run a workflow", "workflow"),
    ),
    asked.length ? h("div", { class: "buttons", role: "group", "aria-label": "Answer a request" }, asked.map((each) => [h("span", { class: "quiet" }, `${each.user} was asked to help:`), actButton(`${each.user} accepts`, () => act("reply", { user: each.handle, accept: true })), actButton(`${each.user} declines`, () => act("reply", { user: each.handle, accept: false }))])) : null,
    h(
      "div",
      { class: "picks" },
      open ? pickForm("Person to reassign to", people, "Reassign", (to) => act("reassign", { to })) : null,
      open ? pickForm("Escalation policy to delegate to", policies, "Delegate", (policy) => act("delegate", { policy })) : null,
      open ? pickForm("Person to ask for help", people, "Ask for help", (to) => act("responder", { to })) : null,
      pickForm("New priority", PRIORITIES, "Set priority", (priority) => act("priority", { priority })),
    ),
    writeForm("Note as Ada", "Add note", (text) => act("note", { text })),
    writeForm("Status update for those who wait", "Publish", (message) => act("status_update", { message }), 2),
    writeForm("Address of the conference bridge", "Set bridge", (url) => act("conference_bridge", { url }), 1),
  ];
}

function readable(entry) {
  const what = entry.type.replace(/_log_entry$/, "").replace(/_/g, " ");
  const words = what[0].toUpperCase() + what.slice(1);
  const to = entry.users.length ? ` (${entry.users.join(", ")})` : "";
  return entry.agent ? `${words} by ${entry.agent}${to}` : `${words}${to}`;
}
